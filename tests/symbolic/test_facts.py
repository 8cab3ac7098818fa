"""What is inferred of expressions, also where the facts contradict each other because nothing runs there."""

from __future__ import annotations

from tensorlang.dtypes import int64
from tensorlang.ir.expr import Binary, BinaryOp, Const, Variable
from tensorlang.symbolic.facts import Facts, Limits

_X = Variable("x", int64)
_QUOTIENT = Binary(BinaryOp.FLOOR_DIV, Const(7, int64), _X)


def test_a_quotient_by_a_divisor_between_two_positive_numbers() -> None:
    assert Facts({"x": Limits(2, 3)}).of(_QUOTIENT) == Limits(2, 3)


def test_a_quotient_by_a_divisor_that_is_above_0_and_at_most_0_has_some_limits() -> None:
    assert Facts({"x": Limits(3, 0)}).of(_QUOTIENT) == Limits(2, 2)
