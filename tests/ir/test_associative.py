"""Identities leave every value as it is, and terms are combined as the algorithm says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from tensorlang.dtypes import ALL, DType, float32, int64
from tensorlang.ir.associative import IDENTITIES, combine, identity, rounded_product
from tensorlang.ir.expr import BinaryOp, Const, Unary, UnaryOp
from tensorlang.ir.printer import format_expr
from tensorlang.ir.visitor import rewrite
from tests.ir.parse import parse_expr

Array = npt.NDArray[np.generic]
NUMPY: dict[BinaryOp, Callable[[Array, Array], Array]] = {
    BinaryOp.ADD: np.add,
    BinaryOp.MUL: np.multiply,
    BinaryOp.MIN: np.minimum,
    BinaryOp.MAX: np.maximum,
    BinaryOp.AND: np.logical_and,
    BinaryOp.OR: np.logical_or,
    BinaryOp.BIT_AND: np.bitwise_and,
    BinaryOp.BIT_OR: np.bitwise_or,
    BinaryOp.BIT_XOR: np.bitwise_xor,
}
ZERO = Const(0.0, float32)
LOGICAL = {BinaryOp.AND, BinaryOp.OR}
BITWISE = {BinaryOp.BIT_AND, BinaryOp.BIT_OR, BinaryOp.BIT_XOR}


def is_defined(op: BinaryOp, kind: DType) -> bool:
    if op in LOGICAL:
        return kind.is_bool
    return not kind.is_storage_only and not (op in BITWISE and kind.is_float) and not kind.is_bool


def test_every_operator_is_tried() -> None:
    assert set(NUMPY) == set(IDENTITIES)


@pytest.mark.parametrize(("op", "kind"), [(op, kind) for op in IDENTITIES for kind in ALL if is_defined(op, kind)])
def test_an_identity_changes_nothing(op: BinaryOp, kind: DType) -> None:
    values = [0, 1, kind.minimum, kind.maximum, *([-0.0, float("nan"), 1.5] if kind.is_float else [])]
    array = np.array(values, kind.numpy)
    neutral = np.full_like(array, identity(op, kind).value)
    for result in (NUMPY[op](array, neutral), NUMPY[op](neutral, array)):
        assert result.dtype == array.dtype
        np.testing.assert_array_equal(result, array)
        if kind.is_float:
            np.testing.assert_array_equal(np.signbit(result), np.signbit(array))


def test_identities_fill_vectors() -> None:
    assert identity(BinaryOp.MIN, int64.with_lanes(4)).type == int64.with_lanes(4)


@pytest.mark.parametrize(
    ("op", "term", "expected"),
    [
        ("+", "x[k]", "t{0} + x{k}"),
        ("max", "x[k]", "max(t{0}, x{k})"),
        ("+", "fma(x[k], y[k], -0.0)", "fma(x{k}, y{k}, t{0})"),
        ("+", "fma(x[k], y[k], 0.0)", "t{0} + fma(x{k}, y{k}, 0.0)"),
        ("*", "fma(x[k], y[k], -0.0)", "t{0} * fma(x{k}, y{k}, -0.0)"),
        ("*", "select(k < 3, x[k], 1.0)", "select(k < 3, t{0} * x{k}, t{0})"),
        ("*", "select(k < 3, x[k], 0.0)", "t{0} * select(k < 3, x{k}, 0.0)"),
        ("+", "select(k < 3, fma(x[k], y[k], -0.0), -0.0)", "select(k < 3, fma(x{k}, y{k}, t{0}), t{0})"),
    ],
)
def test_combine(op: str, term: str, expected: str) -> None:
    # Python has no literal for -0.0, only its negation.
    node = rewrite(parse_expr(term), lambda e: Const(-0.0, float32) if e == Unary(UnaryOp.NEG, ZERO) else e)
    assert format_expr(combine(BinaryOp(op), parse_expr("t[0]"), node)) == expected


def test_a_product_is_rounded_once() -> None:
    product = rounded_product(parse_expr("x[k]"), parse_expr("y[k]"))
    assert product.c == identity(BinaryOp.ADD, float32)
