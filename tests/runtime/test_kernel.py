"""Calling a kernel: arguments by place and name, outputs, states, threads; and every refusal, word for word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

from tensorlang.codegen import host_target
from tensorlang.dtypes import bfloat16, float16, float32
from tensorlang.errors import LanguageError, TargetError
from tensorlang.ir.expr import Binary, BinaryOp, Const, Load
from tensorlang.ir.module import Function, Module, Role
from tensorlang.ir.stmt import Store
from tensorlang.runtime import Kernel, compile_module
from tests.codegen.nests import block, buffer, kernel, loop, output, var

SIZE = 6


def load(name: str) -> Load:
    return Load(name, var("i"), None, float32)


def vector(name: str, role: Role = Role.INPUT, constant: bool = False) -> Any:
    return buffer(name, (2, 3), float32, role, constant)


def each(name: str, value: Any) -> Any:
    return loop("i", SIZE, Store(name, var("i"), value))


@pytest.fixture(scope="module")
def sums() -> Kernel:
    """a + b and a - b."""
    body = block(
        each("sum", Binary(BinaryOp.ADD, load("a"), load("b"))),
        each("difference", Binary(BinaryOp.SUB, load("a"), load("b"))),
    )
    outputs = (vector("sum", Role.OUTPUT), vector("difference", Role.OUTPUT))
    return kernel(vector("a"), vector("b"), *outputs, body=body)


@pytest.fixture(scope="module")
def scaled() -> Kernel:
    """out = x * (2 w) + b; 2 w is prepared, w and b are weights, and b is read at every call."""
    twice = Binary(BinaryOp.ADD, load("w"), load("w"))
    prepare = Function(
        "prepare",
        (vector("w", constant=True), buffer("packed", (SIZE,), float32, Role.STATE)),
        each("packed", twice),
    )
    value = Binary(BinaryOp.ADD, Binary(BinaryOp.MUL, load("x"), load("packed")), load("b"))
    main = Function(
        "main",
        (
            vector("x"),
            vector("b", constant=True),
            vector("out", Role.OUTPUT),
            buffer("packed", (SIZE,), float32, Role.STATE),
        ),
        each("out", value),
    )
    return compile_module(Module(main, prepare), cache=False)


def arrays(count: int) -> list[Any]:
    return [np.arange(6, dtype=np.float32).reshape(2, 3) + 10 * n for n in range(count)]


def test_arguments_by_place_and_by_name(sums: Kernel) -> None:
    a, b = arrays(2)
    for got in (sums(a, b), sums(a, b=b), sums(b=b, a=a)):
        np.testing.assert_array_equal(got, [a + b, a - b])


def test_outputs_given_as_a_sequence_or_by_name(sums: Kernel) -> None:
    a, b = arrays(2)
    first, second = np.empty((2, 2, 3), np.float32)
    got = sums(a, b, out=(first, second))
    assert got[0] is first and got[1] is second
    np.testing.assert_array_equal(first, a + b)
    sums(a, b, out={"difference": first, "sum": second})
    np.testing.assert_array_equal(first, a - b)


def test_new_outputs_start_at_a_cache_line(sums: Kernel) -> None:
    assert all(out.ctypes.data % 64 == 0 for out in sums(*arrays(2)))


def test_read_only_inputs_are_welcome(sums: Kernel) -> None:
    a, b = arrays(2)
    a.flags.writeable = False
    np.testing.assert_array_equal(sums(a, b)[0], a + b)


def test_prepared_state_stands_for_weights(scaled: Kernel) -> None:
    w, b, x = arrays(3)
    expected = x * 2 * w + b
    np.testing.assert_array_equal(scaled(x, b, w), expected)
    state = scaled.prepare(w=w)
    np.testing.assert_array_equal(scaled(x, b, state=state), expected)
    with_bias = scaled.prepare(w=w, b=b)
    np.testing.assert_array_equal(scaled(x, state=with_bias), expected)
    assert state.size_bytes == scaled.state_bytes == 24
    assert state.addresses[0] % 64 == 0


def test_weights_may_be_prepared_by_place(scaled: Kernel) -> None:
    w, b, x = arrays(3)
    assert [p.name for p in scaled.inputs] == ["x", "b", "w"]
    np.testing.assert_array_equal(scaled(x, state=scaled.prepare(b, w)), x * 2 * w + b)


def test_bare_runs_on_the_arrays_it_was_given(scaled: Kernel) -> None:
    w, b, x = arrays(3)
    out = np.zeros((2, 3), np.float32)
    run = scaled.bare(x, b, out=out, state=scaled.prepare(w=w))
    x += 1
    run()
    np.testing.assert_array_equal(out, x * 2 * w + b)


@pytest.mark.parametrize("dtype", [float16, bfloat16])
def test_16_bit_floats(dtype: Any) -> None:
    value = Load("x", var("i"), None, dtype)
    copy = kernel(
        buffer("x", (4,), dtype), output("out", (4,), dtype), body=loop("i", 4, Store("out", var("i"), value))
    )
    x = np.array([1, 2, 3, 4]).astype(dtype.numpy)
    got = copy(x)
    assert got.dtype == dtype.numpy
    np.testing.assert_array_equal(got, x)
    with pytest.raises(LanguageError):
        copy(x.view(np.int16))


def test_what_a_kernel_tells_of_itself(sums: Kernel, scaled: Kernel) -> None:
    assert repr(sums) == (
        "<Kernel (a: float32[2, 3], b: float32[2, 3]) -> (sum: float32[2, 3], difference: float32[2, 3]) "
        f"for {host_target().name}>"
    )
    assert "define" in scaled.llvm() and "define" in scaled.llvm("prepare")
    assert "ret" in scaled.asm("prepare")
    assert sums.compile_s > 0 and sums.workspace_bytes == 0 and not sums.from_cache


REFUSALS: list[tuple[str, Callable[[Kernel, Any, Any], object], str]] = [
    ("missing", lambda k, a, b: k(a), "Input 'b' is missing.\n  legal here  kernel(a, b)"),
    (
        "too many",
        lambda k, a, b: k(a, b, a),
        "The kernel takes 2 arguments here, but 3 came by place.\n  legal here  kernel(a, b)",
    ),
    (
        "twice",
        lambda k, a, b: k(a, b, a=a),
        "Input 'a' is given twice, by place and by name.\n  legal here  kernel(a, b)",
    ),
    ("unknown", lambda k, a, b: k(a, c=b), "The kernel has no input 'c' here.\n  legal here  kernel(a, b)"),
    (
        "no array",
        lambda k, a, b: k(*[a, [1, 2]]),
        "input 'b' must be a NumPy array, but a list came.\n  rule        expected float32 (2, 3)",
    ),
    (
        "element type",
        lambda k, a, b: k(a, b.astype(float)),
        "input 'b' has the wrong element type: expected float32 (2, 3), but float64 (2, 3) came.",
    ),
    (
        "shape",
        lambda k, a, b: k(a, b.reshape(3, 2)),
        "input 'b' has the wrong shape: expected float32 (2, 3), but float32 (3, 2) came.",
    ),
    (
        "layout",
        lambda k, a, b: k(a, np.asfortranarray(b)),
        "input 'b' is not C-contiguous: float32 (2, 3) with strides (4, 8) came.\n"
        "  rule        kernels read and write dense arrays, last index contiguous\n"
        "  hint        pass np.ascontiguousarray(b)",
    ),
    (
        "alignment",
        lambda k, a, b: k(a, np.zeros(25, np.uint8)[1:].view(np.float32).reshape(2, 3)),
        "input 'b' is not aligned to its elements of 4 bytes.\n  hint        pass a copy",
    ),
    (
        "read-only output",
        lambda k, a, b: k(a, b, out=(np.broadcast_to(np.float32(0), (2, 3)).copy(), read_only())),
        "output 'difference' is read-only.\n  hint        pass a writeable array as out=",
    ),
    (
        "shared memory",
        lambda k, a, b: k(a, b, out=(np.empty_like(a), b)),
        "output 'difference' shares memory with another argument.\n"
        "  rule        a kernel may read inputs after it began to write outputs\n"
        "  hint        pass another array as out=",
    ),
    ("number of outputs", lambda k, a, b: k(a, b, out=a), "out= holds 1 arrays, but the kernel has 2 outputs."),
    (
        "names of outputs",
        lambda k, a, b: k(a, b, out={"sum": a}),
        "out= names ['sum'], but the outputs are ['difference', 'sum'].",
    ),
    ("function", lambda k, a, b: k.llvm("prepare"), "The kernel has no function 'prepare'.\n  legal here  main"),
    (
        "threads",
        lambda k, a, b: k(a, b, threads=0),
        f"threads=0 is not a number of threads.\n  legal here  1 to {numba.config.NUMBA_NUM_THREADS}\n"
        "  hint        set NUMBA_NUM_THREADS before the first import for more",
    ),
]


def read_only() -> Any:
    array = np.zeros((2, 3), np.float32)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(("call", "text"), [case[1:] for case in REFUSALS], ids=[case[0] for case in REFUSALS])
def test_refusals(sums: Kernel, call: Callable[[Kernel, Any, Any], object], text: str) -> None:
    with pytest.raises(LanguageError) as caught:
        call(sums, *arrays(2))
    assert str(caught.value) == text


def test_bare_refuses_what_a_call_refuses(sums: Kernel) -> None:
    a, b = arrays(2)
    with pytest.raises(LanguageError) as caught:
        sums.bare(a, b.astype(np.int32))
    assert str(caught.value).startswith("input 'b' has the wrong element type")


def test_a_state_of_another_kernel_is_refused(sums: Kernel, scaled: Kernel) -> None:
    with pytest.raises(LanguageError) as caught:
        sums(*arrays(2), state=scaled.prepare(w=arrays(1)[0]))
    assert str(caught.value) == (
        "The state was prepared by another kernel.\n  hint        pass what this kernel's prepare() gave"
    )


def test_a_target_that_this_process_does_not_compile_for_is_refused() -> None:
    host = host_target()
    other = host.__class__(**{**vars(host), "name": "avx9", "cpu_name": "future", "features": frozenset({"avx9"})})
    body = each("out", Const(0.0, float32))
    with pytest.raises(TargetError) as caught:
        compile_module(Module(Function("main", (vector("out", Role.OUTPUT),), body)), target=other)
    assert str(caught.value) == (
        f"This process compiles for {host.name} ({host.cpu_name}), not for avx9 (future).\n"
        "  rule        a kernel is loaded into the process that compiles it\n"
        "  hint        start Python with NUMBA_CPU_NAME and NUMBA_CPU_FEATURES set to the target wanted"
    )


def test_the_number_of_threads_may_be_a_numpy_integer(sums: Kernel) -> None:
    a, b = arrays(2)
    np.testing.assert_array_equal(sums(a, b, threads=np.int64(1))[0], a + b)
