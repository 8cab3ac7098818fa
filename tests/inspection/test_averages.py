"""Means of conditions and extents over the loops around them."""

from __future__ import annotations

import pytest

from tensorlang.dtypes import int64
from tensorlang.inspection.averages import mean
from tensorlang.ir.expr import Binary, BinaryOp, Compare, CompareOp, Expr, Load, Unary, UnaryOp, Variable, index

I, J = Variable("i"), Variable("j")


def binary(op: BinaryOp, a: Expr, b: Expr) -> Expr:
    return Binary(op, a, b)


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (index(7), 7.0),
        (binary(BinaryOp.ADD, I, index(1)), 2.5),
        (binary(BinaryOp.MIN, I, index(1)), 0.75),
        (binary(BinaryOp.FLOOR_DIV, J, index(2)), 1 / 3),
        (Compare(CompareOp.LT, binary(BinaryOp.ADD, binary(BinaryOp.MUL, I, index(3)), J), index(10)), 10 / 12),
        (Unary(UnaryOp.NOT, Compare(CompareOp.EQ, I, index(0))), 0.75),
        (Variable("k"), None),
        (Load("x", I, None, int64), None),
    ],
)
def test_means_over_four_and_three_iterations(expr: Expr, expected: float | None) -> None:
    assert mean(expr, {"i": 4, "j": 3}) == (None if expected is None else pytest.approx(expected))


def test_too_many_points_are_not_tried() -> None:
    assert mean(binary(BinaryOp.ADD, I, J), {"i": 1 << 10, "j": 1 << 10}) is None
