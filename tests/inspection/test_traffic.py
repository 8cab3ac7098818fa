"""Footprints against the lines that are really touched, and bytes moved by nests whose traffic is known."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensorlang as tl
from tensorlang.dtypes import int64
from tensorlang.inspection.footprints import LINE_BYTES, footprint_bytes, make_access
from tensorlang.inspection.traffic import estimate_traffic
from tensorlang.ir.expr import Binary, BinaryOp, Expr, Load, Ramp, Variable, index

LOOPS = ("i", "j", "k")


def affine(coefficients: tuple[int, ...], constant: int = 0) -> Expr:
    total: Expr = index(constant)
    for name, coefficient in zip(LOOPS, coefficients, strict=False):
        total = Binary(BinaryOp.ADD, total, Binary(BinaryOp.MUL, Variable(name), index(coefficient)))
    return total


def footprint(at: Expr, extents: tuple[int, ...], offsets: tuple[int, ...] = (0,)) -> int:
    access, offset = make_access("x", at, 4)
    return footprint_bytes(access, [offset + o for o in offsets], dict(zip(LOOPS, extents, strict=False)))


@pytest.mark.parametrize(
    ("coefficients", "extents", "elements"),
    [
        ((1,), (64,), 64),
        ((64, 1), (4, 64), 256),  # rows side by side
        ((1024, 1), (4, 64), 256),  # rows apart
        ((1024, 1024, 1), (4, 3, 64), 6 * 64),  # a sliding window of rows
        ((64, 32, 1), (8, 3, 32), (2 * 7 + 2 + 1) * 32),  # of stride 2 over columns of 32 channels
        ((0, 0, 1), (9, 9, 16), 16),
        ((1024, 1), (1, 16), 16),
    ],
)
def test_footprints_of_usual_accesses(coefficients: tuple[int, ...], extents: tuple[int, ...], elements: int) -> None:
    assert footprint(affine(coefficients), extents) == 4 * elements


def test_unrolled_copies_are_one_access() -> None:
    assert footprint(affine((64,)), (4,), (0, 16, 32, 48)) == 4 * 256
    assert footprint(affine((1024,)), (4,), (0, 0, 256)) == 4 * 2 * LINE_BYTES


def test_lanes_are_elements_and_a_broadcast_is_one() -> None:
    assert footprint(Ramp(affine((16,)), index(1), 16), (8,)) == 4 * 128
    assert footprint(Ramp(affine((0,)), index(100), 16), (8,)) == 16 * LINE_BYTES


def test_an_index_read_from_memory_may_be_anywhere() -> None:
    gathered = Load("at", Variable("i"), None, int64)
    assert footprint(gathered, (10,)) == 10 * LINE_BYTES


def test_a_quotient_has_fewer_values_and_a_minimum_as_many() -> None:
    tile = Binary(BinaryOp.FLOOR_DIV, Variable("i"), index(4))
    assert footprint(Binary(BinaryOp.MUL, tile, index(1024)), (16,)) == 4 * LINE_BYTES
    clipped = Binary(BinaryOp.MIN, Binary(BinaryOp.MUL, Variable("i"), index(16)), index(100))
    assert footprint(Ramp(clipped, index(1), 16), (7,)) == pytest.approx(4 * 116, abs=LINE_BYTES)


@given(
    st.tuples(*[st.sampled_from([0, 1, 16, 48, 256, 1000, 4096])] * 3),
    st.tuples(*[st.integers(1, 6)] * 3),
    st.lists(st.integers(0, 300), min_size=1, max_size=4, unique=True),
)
def test_no_line_is_missed_and_few_are_made_up(
    coefficients: tuple[int, ...], extents: tuple[int, ...], offsets: list[int]
) -> None:
    points = product(*map(range, extents))
    touched = {o + sum(c * v for c, v in zip(coefficients, p, strict=True)) for p in points for o in offsets}
    lines = len({4 * place // LINE_BYTES for place in touched})
    found = footprint(affine(coefficients), extents, tuple(offsets)) // LINE_BYTES
    assert lines / 2 <= found <= 4 * lines


def matmul_traffic(cache_bytes: int, order: tuple[str, ...]) -> float:
    n = 64
    a, b = tl.Input("A", (n, n), tl.float32), tl.Input("B", (n, n), tl.float32)
    i, j = tl.vars("i j")
    k, c = tl.RDom("k", n), tl.Func("C")
    c[i, j] += a[i, k] * b[k, j]
    s = tl.Schedule(c)
    s[c.update()].reorder(*order)
    return estimate_traffic(tl.compile(c, s).module.main, [cache_bytes])[0]


ARRAY = 4 * 64 * 64


def test_a_cache_that_holds_all_moves_each_array_once() -> None:
    moved = matmul_traffic(1 << 20, ("i", "j", "k"))
    assert moved == 4 * ARRAY  # C is written and read


def test_a_cache_that_holds_one_row_moves_the_other_matrix_for_every_row() -> None:
    # A row of A, one of C and all of B are touched in an iteration of i: B does not fit, a row does.
    moved = matmul_traffic(4096, ("i", "k", "j"))
    assert moved == pytest.approx(ARRAY + 64 * ARRAY + 2 * ARRAY + ARRAY, rel=0.01)


def test_traffic_never_falls_with_the_size_of_the_cache_and_is_the_footprint_at_last() -> None:
    sizes = [1 << n for n in range(8, 21)]
    moved = [matmul_traffic(size, ("i", "j", "k")) for size in sizes]
    assert moved == sorted(moved, reverse=True)
    assert moved[0] > 16 * moved[-1]


def test_what_is_kept_in_registers_moves_nothing() -> None:
    x = tl.Input("x", (64, 64), tl.float32)
    i, k = tl.Var("i"), tl.RDom("k", 64)
    total, out = tl.Func("total"), tl.Func("out")
    total[i] += x[i, k]
    out[i] = total[i]
    s = tl.Schedule(out)
    s[total].compute_at(out, "i").store_in("register")
    assert estimate_traffic(tl.compile(out, s).module.main, [1024])[0] == ARRAY + 4 * 64
