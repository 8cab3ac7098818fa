"""Operations are counted as they are performed: copies, tails, guards and vectors included."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tensorlang as tl
from tensorlang.dtypes import bool_, float32
from tensorlang.inspection import count_operations, parallelism
from tensorlang.ir.expr import Binary, BinaryOp, Compare, CompareOp, Const, Expr, Fma, Load, index
from tensorlang.ir.stmt import IfThenElse, LetStmt, LoopKind, Store
from tests.codegen.nests import add, block, buffer, kernel, loop, mul, output, ramp, var


def _pair() -> tuple[tl.Func, tl.Func]:
    """g at i reads f at i and i + 1; one operation each. The input is as long as 13 vectors of 8."""
    x = tl.Input("x", (104,), tl.float32)
    i = tl.Var("i")
    f, g = tl.Func("f"), tl.Func("g")
    f[i] = x[i] * 2
    g[i] = f[i] + f[i + 1]
    return f, g


def _inline(s: tl.Schedule, f: tl.Func, g: tl.Func) -> None: ...


def _root(s: tl.Schedule, f: tl.Func, g: tl.Func) -> None:
    s[f].compute_root()


def _in_tiles(s: tl.Schedule, f: tl.Func, g: tl.Func) -> None:
    s[g].split("i", "io", "ii", 10)
    s[f].compute_at(g, "io")


def _in_guarded_tiles(s: tl.Schedule, f: tl.Func, g: tl.Func) -> None:
    s[g].split("i", "io", "ii", 8, "guard_with_if")
    s[f].compute_root()


def _in_rounded_vectors(s: tl.Schedule, f: tl.Func, g: tl.Func) -> None:
    s[g].vectorize("i", 8, "shift_inwards")
    s[f].compute_root().vectorize("i", 8, "round_up")


@pytest.mark.parametrize(
    ("order", "operations"),
    [
        (_inline, 300),
        (_root, 101 + 100),
        (_in_tiles, 10 * 11 + 100),
        (_in_guarded_tiles, 101 + 100),
        (_in_rounded_vectors, 8 * 13 + 8 * 13),
    ],
)
def test_work_of_schedules(order: Callable[[tl.Schedule, tl.Func, tl.Func], None], operations: int) -> None:
    f, g = _pair()
    s = tl.Schedule(g)
    order(s, f, g)
    assert count_operations(tl.compile(g, s, shape=(100,))) == operations


def _load(at: Expr) -> Expr:
    return Load("x", at, None, float32)


def _more(value: Expr) -> Expr:
    return Binary(BinaryOp.ADD, value, Const(1.0, float32))


def _count(body: object) -> int:
    return count_operations(kernel(buffer("x", (64,), float32), output("out", (64,), float32), body=body))  # type: ignore[arg-type]


def test_arithmetic_on_indices_is_free() -> None:
    place = add(mul(var("i"), 2), 1)
    assert _count(loop("i", 8, Store("out", place, _load(place)))) == 0


def test_a_part_that_is_used_twice_is_computed_once() -> None:
    twice = Binary(BinaryOp.MUL, _more(_load(var("i"))), _more(_load(var("i"))))
    assert _count(loop("i", 8, Store("out", var("i"), twice))) == 16


def test_stores_next_to_each_other_share_what_they_read_until_it_is_stored_to() -> None:
    shared = _more(_load(var("i")))
    twice = [Store("out", add(mul(var("i"), 2), n), Binary(BinaryOp.MUL, shared, shared)) for n in (0, 1)]
    assert _count(loop("i", 8, block(*twice))) == 8 * (1 + 1)
    own = _more(Load("out", var("i"), None, float32))
    assert _count(loop("i", 8, block(Store("out", var("i"), own), Store("out", var("i"), own)))) == 8 * (1 + 1)


def _rows(order: Callable[[tl.Schedule, tl.Func, tl.Func], None]) -> float:
    x = tl.Input("x", (31, 8), tl.float32)
    i, j = tl.vars("i j")
    f, g = tl.Func("f"), tl.Func("g")
    f[i, j] = x[i, j] * 2
    g[i, j] = f[i, j] + f[i + 1, j]
    s = tl.Schedule(g)
    order(s, f, g)
    return parallelism(tl.compile(g, s, shape=(30, 8)))


def _tasks(s: tl.Schedule, f: tl.Func, g: tl.Func) -> None:
    s[g].parallel("i", 10).vectorize("j", 8)


def _one_of_two_stages(s: tl.Schedule, f: tl.Func, g: tl.Func) -> None:
    s[f].compute_root()
    s[g].parallel("i")


@pytest.mark.parametrize(
    ("order", "threads"),
    [(_inline, 1.0), (_tasks, 3.0), (_one_of_two_stages, (31 * 8 + 30 * 8) / (31 * 8 + 8))],
)
def test_parallelism_is_work_over_span(order: Callable[[tl.Schedule, tl.Func, tl.Func], None], threads: float) -> None:
    assert _rows(order) == threads


def test_a_parallel_triangle_takes_as_long_as_its_longest_row() -> None:
    row = loop("j", add(var("i"), 1), Store("out", var("j"), _more(_load(var("j")))))
    nest = kernel(buffer("x", (64,), float32), output("out", (64,), float32), body=loop("i", 8, row, LoopKind.PARALLEL))
    assert parallelism(nest) == (8 * 9 / 2) / 8


def test_a_kernel_without_arithmetic_has_no_parallelism() -> None:
    copy = loop("i", 8, Store("out", var("i"), _load(var("i"))), LoopKind.PARALLEL)
    assert parallelism(kernel(buffer("x", (64,), float32), output("out", (64,), float32), body=copy)) == 1.0


def test_each_lane_counts_and_a_multiply_add_counts_as_two() -> None:
    at = ramp(mul(var("i"), 8), 8)
    value = Load("x", at, None, float32.with_lanes(8))
    assert _count(loop("i", 4, Store("out", at, Fma(value, value, value)))) == 2 * 8 * 4


def test_conditions_and_extents_on_loops_are_followed() -> None:
    triangle = loop("j", add(var("i"), 1), Store("out", var("j"), _more(_load(var("j")))))
    assert _count(loop("i", 8, triangle)) == 8 * 9 // 2
    late = IfThenElse(Compare(CompareOp.GE, var("n"), index(5)), Store("out", var("i"), _more(_load(var("i")))))
    assert _count(loop("i", 8, LetStmt("n", add(var("i"), 1), late))) == 4


def test_of_branches_that_depend_on_data_the_larger_counts() -> None:
    value = _load(var("i"))
    positive = Compare(CompareOp.GT, value, Const(0.0, float32))
    both = IfThenElse(positive, Store("out", var("i"), _more(_more(value))), Store("out", var("i"), _more(value)))
    assert positive.type == bool_
    assert _count(loop("i", 8, block(both))) == 16
