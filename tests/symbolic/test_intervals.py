"""Bounds of index expressions, those that data in narrow integer types give among them."""

from __future__ import annotations

import pytest

from tensorlang.dtypes import DType, int8, int16, int32, int64
from tensorlang.ir.expr import Binary, BinaryOp, Call, Cast, Compare, CompareOp, Const, Expr, Select, index
from tensorlang.symbolic.facts import Facts
from tensorlang.symbolic.intervals import infer_interval


def limits(expr: Expr) -> tuple[Expr | None, Expr | None]:
    found = infer_interval(expr, {}, Facts())
    return found.lo, found.hi


@pytest.mark.parametrize("kind", [int8, int16, int32, int64], ids=str)
def test_clamped_data_of_any_integer_type_is_bounded(kind: DType) -> None:
    data = Call("x", (), kind)
    clamped = Binary(BinaryOp.MIN, Binary(BinaryOp.MAX, data, Const(3, kind)), Const(7, kind))
    assert limits(clamped if kind == int64 else Cast(int64, clamped)) == (index(3), index(7))


def test_a_choice_of_narrow_data_is_bounded_by_both() -> None:
    data = Call("x", (), int32)
    low = Binary(BinaryOp.MIN, Binary(BinaryOp.MAX, data, Const(3, int32)), Const(7, int32))
    chosen = Select(Compare(CompareOp.LT, data, Const(5, int32)), low, Const(12, int32))
    assert limits(Cast(int64, chosen)) == (index(3), index(12))


def test_narrow_arithmetic_may_wrap_and_has_the_bounds_of_its_type() -> None:
    data = Call("x", (), int8)
    clamped = Binary(BinaryOp.MAX, data, Const(100, int8))
    assert limits(Cast(int64, Binary(BinaryOp.ADD, clamped, Const(1, int8)))) == (index(-128), index(127))
    assert limits(Cast(int64, Call("x", (), int32))) == (None, None)
