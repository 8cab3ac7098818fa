"""Long bodies are emitted as functions of bounded size, which compute what one function would."""

from __future__ import annotations

import re

import numpy as np
import pytest
from llvmlite import ir as ll

import tensorlang as tl
from tensorlang.codegen.functions import FunctionEmitter
from tensorlang.codegen.parts import PART_STORES, Sizes
from tensorlang.codegen.target import host_target
from tensorlang.dtypes import float32
from tensorlang.ir.expr import Load, Ramp, index
from tensorlang.ir.module import Function
from tensorlang.ir.stmt import Allocate, LoopKind, Memory, Stmt, Store
from tensorlang.validation import check_kernel
from tests.codegen.nests import add, block, buffer, kernel, loop, mul, output, ramp, var

PARAMS = (buffer("x", (4096,), float32), output("out", (4096,), float32))


def copies(count: int, loop_name: str = "i", target: str = "out", source: str = "x") -> list[Stmt]:
    """``target[i * count + n] = source[i * count + n]`` for each n, written out."""
    places = [add(mul(var(loop_name), count), n) for n in range(count)]
    return [Store(target, place, Load(source, place, None, float32)) for place in places]


def emitted(body: Stmt) -> dict[str, str]:
    """The LLVM functions of a body, by the last words of their names: ``body.1``, ``part.2``, ..."""
    module = ll.Module()
    FunctionEmitter(module, Function("main", PARAMS, body), host_target()).emit()
    found = re.findall(r'^define internal void @"?tensorlang\.main\.([\w.]+)"?\(.*?^}', str(module), re.M | re.S)
    texts = re.split(r"^define ", str(module), flags=re.M)[1:]
    return dict(zip(found, texts, strict=True))


def stores(text: str) -> int:
    return len(re.findall(r"^ *store ", text, re.M))


@pytest.mark.parametrize("count", [PART_STORES - 1, PART_STORES])
def test_a_body_of_bounded_size_is_one_function(count: int) -> None:
    functions = emitted(loop("i", 8, block(*copies(count))))
    assert list(functions) == ["body.1", "entry.2"]
    assert stores(functions["body.1"]) == count


@pytest.mark.parametrize("count", [PART_STORES + 1, 4 * PART_STORES, 2000])
def test_no_function_of_a_long_body_is_long(count: int) -> None:
    functions = emitted(loop("i", 2, block(*copies(count))))
    sizes = {name: stores(text) for name, text in functions.items()}
    assert sum(sizes.values()) == count
    assert max(sizes.values()) <= PART_STORES
    assert len(functions) == 2 + count // PART_STORES + (count % PART_STORES > 20)


def test_neighbouring_loops_share_a_part() -> None:
    body = block(*(loop(f"i{n}", 10, block(*copies(10, f"i{n}"))) for n in range(40)))
    functions = emitted(body)
    sizes = [stores(text) for name, text in functions.items() if name.startswith("part")]
    assert sizes == [190, 190]
    assert stores(functions["body.1"]) == 20


def test_a_tile_in_registers_is_not_torn_apart() -> None:
    more = [Store("acc", index(0), Load("x", index(n), None, float32)) for n in range(2 * PART_STORES)]
    after = Store("out", index(0), Load("acc", index(0), None, float32))
    body = Allocate("acc", float32, 1, Memory.REGISTER, block(*more, after))
    assert [name.partition(".")[0] for name in emitted(body)] == ["body", "entry"]


@pytest.mark.parametrize("kind", [LoopKind.SERIAL, LoopKind.PARALLEL])
@pytest.mark.parametrize("memory", [Memory.HEAP, Memory.STACK])
def test_parts_know_the_memory_and_the_names_around_them(kind: LoopKind, memory: Memory) -> None:
    """Each turn copies through scratch memory outside the parts, and each part through some of its own."""
    count, turns = 300, 4
    there = copies(count, target="scratch")
    through = Allocate(
        "own",
        float32,
        16,
        memory,
        block(
            Store("own", ramp(0, 16), Load("scratch", ramp(mul(var("i"), count), 16), None, float32.with_lanes(16))),
            Store("scratch", ramp(mul(var("i"), count), 16), Load("own", ramp(0, 16), None, float32.with_lanes(16))),
        ),
    )
    back = copies(count, source="scratch")
    turn = block(*there, through, *back)
    body = Allocate("scratch", float32, count * turns, Memory.HEAP, loop("i", turns, turn, kind))
    run = kernel(buffer("x", (count * turns,), float32), output("out", (count * turns,), float32), body=body)
    x = np.arange(count * turns, dtype=np.float32)
    np.testing.assert_array_equal(run(x, threads=1), x)
    np.testing.assert_array_equal(run(x, threads=2), x)


def test_parallel_loops_inside_a_long_body_are_launched() -> None:
    count = PART_STORES // 2
    loops = [loop(f"i{n}", 3, block(*copies(count, f"i{n}")), LoopKind.PARALLEL) for n in range(4)]
    functions = emitted(block(*loops))
    assert sum(name.startswith("task") for name in functions) == 4
    assert sum(name.startswith("part") for name in functions) == 2


def test_a_mask_and_a_vector_index_go_into_a_part() -> None:
    lanes = 8
    wide = float32.with_lanes(lanes)
    place = [Ramp(add(mul(var("i"), 1600), n * lanes), index(1), lanes) for n in range(200)]
    body = loop("i", 2, block(*(Store("out", at, Load("x", at, None, wide)) for at in place)))
    run = kernel(buffer("x", (3200,), float32), output("out", (3200,), float32), body=body)
    x = np.arange(3200, dtype=np.float32)
    np.testing.assert_array_equal(run(x), x)


@pytest.mark.parametrize("unroll", [16, 48])
@pytest.mark.parametrize("task", ["i", "jo"])
def test_a_fused_pipeline_of_many_copies_agrees_with_the_oracle(unroll: int, task: str) -> None:
    x = tl.Input("x", (13, 403), tl.float32)
    i, j = tl.vars("i j")
    across, blur = tl.Func("across"), tl.Func("blur")
    across[i, j] = x[i, j] + x[i, j + 1] + x[i, j + 2]
    blur[i, j] = across[i, j] + across[i + 1, j] + across[i + 2, j]
    s = tl.Schedule(blur)
    s[blur].split("j", "jo", "ji", 4 * unroll).split("ji", "jt", "jv", 4).unroll("jt").parallel(task)
    s[across].compute_at(blur, "jt").unroll("i").unroll("j", 4)
    kernel = tl.compile(blur, s, cache=False)
    assert kernel.llvm().count("part") > 2
    assert check_kernel(kernel).ok


def test_sizes_count_stores_once_for_each_place() -> None:
    copy = block(*copies(5))
    tree = block(loop("i", 2, copy), loop("j", 2, copy))
    sizes = Sizes(tree)
    assert (sizes.of(tree), sizes.of(copy)) == (10, 5)
