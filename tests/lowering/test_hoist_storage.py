"""Allocations move out of loops, and as one piece for each worker out of parallel ones."""

from __future__ import annotations

import pytest

import tensorlang as tl
from tensorlang.ir.stmt import Allocate, For, LoopKind, Stmt
from tensorlang.ir.visitor import substatements
from tensorlang.validation import check_kernel

i, j = tl.vars("i j")


def program(kind: str) -> tuple[tl.Func, tl.Schedule]:
    """g computed at the innermost loop of tiles of f, whose rows of tiles are of `kind`."""
    x = tl.Input("x", (16, 33), tl.float32)
    f, g = tl.Func("f"), tl.Func("g")
    g[i, j] = x[i, j] * 2.0
    f[i, j] = g[i, j] + g[i, j + 1]
    s = tl.Schedule(f)
    s[f].split("j", "jo", "ji", 8)
    if kind == "parallel":
        s[f].parallel("i")
    s[g].compute_at(f, "jo")
    return f, s


def loops_around_the_allocation(stmt: Stmt, buffer: str, loops: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    if isinstance(stmt, Allocate) and stmt.buffer == buffer:
        return loops
    if isinstance(stmt, For):
        loops = (*loops, stmt.var.split(".", 2)[-1] + ("" if stmt.kind is LoopKind.SERIAL else f" {stmt.kind}"))
    for below in substatements(stmt):
        found = loops_around_the_allocation(below, buffer, loops)
        if found is not None:
            return found
    return None


@pytest.mark.parametrize(
    ("kind", "level", "expected", "remark"),
    [
        ("serial", None, ("i", "jo"), ""),
        ("serial", "jo", ("i", "jo"), " (allocated at f, jo)"),
        ("serial", "i", ("i",), " (allocated at f, i)"),
        ("serial", "root", (), " (allocated at root)"),
        ("parallel", "i", ("i parallel",), " (allocated at f, i)"),
        ("parallel", "root", ("i parallel",), " (allocated at root)"),
    ],
)
def test_where_memory_is_allocated(kind: str, level: str | None, expected: tuple[str, ...], remark: str) -> None:
    f, s = program(kind)
    if level == "root":
        s["g"].hoist_storage_root()
    elif level is not None:
        s["g"].hoist_storage(f, level)
    kernel = tl.compile(f, s)
    assert loops_around_the_allocation(kernel.module.main.body, "g") == expected
    assert f"store g[1, 9] in heap{remark}:" in tl.loop_nest(f, s)
    assert kernel.scratch_bytes(threads=2) == (2 if kind == "parallel" else 1) * 64
    assert check_kernel(kernel, threads=2).ok


def test_what_slides_may_be_allocated_further_out() -> None:
    f, g = tl.Func("f"), tl.Func("g")
    g[i, j] = i + j
    f[i, j] = g[i, j] + g[i + 1, j]
    s = tl.Schedule(f)
    s[f].split("i", "io", "ii", 4)
    s[g].compute_at(f, "ii").store_at(f, "io").hoist_storage_root()
    kernel = tl.compile(f, s, shape=(10, 16))
    assert loops_around_the_allocation(kernel.module.main.body, "g") == ()
    remark = "slides over ii; i is folded to 2; allocated at root"
    assert f"store g[2, 16] in heap ({remark}):" in tl.loop_nest(f, s, shape=(10, 16))
    assert f"kept        g: {remark}" in tl.explain(kernel).splitlines()
    assert check_kernel(kernel).ok


def test_a_parallel_loop_leaves_the_memory_of_other_nests_alone() -> None:
    f, s = program("serial")
    other = tl.Func("other")
    other[i] = i * 3
    s = tl.Schedule([f, other], s.directives)
    s["g"].hoist_storage_root()
    s["other"].parallel("i")
    kernel = tl.compile([f, other], s, shape={"f": (16, 32), "other": (5,)})
    assert loops_around_the_allocation(kernel.module.main.body, "g") == ()
    assert check_kernel(kernel, threads=2).ok
