"""Operators of the IR, scalar and vector, against NumPy and Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tensorlang.dtypes import DType, bool_, float32, float64, int8, int32, int64, uint8
from tensorlang.errors import InternalError
from tensorlang.ir.expr import Binary, BinaryOp, Compare, CompareOp, Const, Select, Unary, UnaryOp
from tests.codegen.nests import apply

NAN, INF = float("nan"), float("inf")
LANES = pytest.mark.parametrize("lanes", [1, 8])


def floats(dtype: DType) -> tuple[Any, Any]:
    values = [0.0, -0.0, 1.5, -2.5, 3.0, 1e30, -INF, INF, NAN, 7.0, -7.0, 0.3]
    pairs = np.array([(a, b) for a in values for b in values], dtype.numpy)
    return pairs[:, 0].copy(), pairs[:, 1].copy()


def integers(dtype: DType) -> tuple[Any, Any]:
    values = {dtype.minimum, dtype.maximum, 0, 1, 2, 3, 5, 7, 64, 100}
    if dtype.minimum:
        values |= {-1, -2, -7, -100}
    ordered = sorted(values)[:12] if len(values) > 12 else sorted(values)
    ordered = (ordered * 2)[:12]
    pairs = np.array([(a, b) for a in ordered for b in ordered], dtype.numpy)
    return pairs[:, 0].copy(), pairs[:, 1].copy()


def wrap(value: int, dtype: DType) -> int:
    value &= (1 << dtype.bits) - 1
    return value - (1 << dtype.bits) if dtype.minimum and value >> (dtype.bits - 1) else value


@LANES
@pytest.mark.parametrize("dtype", [float32, float64])
@pytest.mark.parametrize("op", ["+", "-", "*", "/", "min", "max", "//", "%"])
def test_float_operators(op: str, dtype: DType, lanes: int) -> None:
    a, b = floats(dtype)
    got = apply(lambda x, y: Binary(BinaryOp(op), x, y), dtype, lanes, a, b, types=[dtype, dtype])
    numpy_op: Any = {
        "+": np.add,
        "-": np.subtract,
        "*": np.multiply,
        "/": np.true_divide,
        "min": np.minimum,
        "max": np.maximum,
        "//": np.floor_divide,
        "%": np.mod,
    }[op]
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(got, numpy_op(a, b))


@pytest.mark.parametrize("op", ["min", "max"])
@pytest.mark.parametrize("literal_first", [False, True])
def test_extreme_with_a_literal_propagates_nan(op: str, literal_first: bool) -> None:
    a, _ = floats(float32)
    zero = Const(0.0, float32.with_lanes(8))
    got = apply(
        lambda x: Binary(BinaryOp(op), *((zero, x) if literal_first else (x, zero))), float32, 8, a, types=[float32]
    )
    np.testing.assert_array_equal(got, (np.minimum if op == "min" else np.maximum)(a, np.float32(0)))


@LANES
@pytest.mark.parametrize("dtype", [int8, uint8, int32, int64])
@pytest.mark.parametrize("op", ["+", "-", "*", "//", "%", "min", "max", "&", "|", "^", "<<", ">>"])
def test_integer_operators(op: str, dtype: DType, lanes: int) -> None:
    a, b = integers(dtype)
    got = apply(lambda x, y: Binary(BinaryOp(op), x, y), dtype, lanes, a, b, types=[dtype, dtype])
    shift = dtype.bits - 1
    meaning: Any = {
        "+": lambda x, y: x + y,
        "-": lambda x, y: x - y,
        "*": lambda x, y: x * y,
        "//": lambda x, y: x // y if y else 0,
        "%": lambda x, y: x % y if y else 0,
        "min": min,
        "max": max,
        "&": lambda x, y: x & y,
        "|": lambda x, y: x | y,
        "^": lambda x, y: x ^ y,
        "<<": lambda x, y: x << (y & shift),
        ">>": lambda x, y: x >> (y & shift),
    }[op]
    assert got.tolist() == [wrap(meaning(int(x), int(y)), dtype) for x, y in zip(a, b, strict=True)]


@pytest.mark.parametrize("divisor", [1, 4, 7, -1, -3, 0])
@pytest.mark.parametrize("op", ["//", "%"])
@pytest.mark.parametrize("dtype", [int32, int64])
def test_division_by_a_literal(divisor: int, op: str, dtype: DType) -> None:
    a, _ = integers(dtype)
    literal = Const(divisor, dtype.with_lanes(8))
    got = apply(lambda x: Binary(BinaryOp(op), x, literal), dtype, 8, a, types=[dtype])
    exact = [(x // divisor if op == "//" else x % divisor) if divisor else 0 for x in a.tolist()]
    assert got.tolist() == [wrap(x, dtype) for x in exact]


@LANES
@pytest.mark.parametrize("dtype", [float32, int8, uint8])
@pytest.mark.parametrize("op", list(CompareOp))
def test_comparisons(op: CompareOp, dtype: DType, lanes: int) -> None:
    a, b = floats(dtype) if dtype.is_float else integers(dtype)
    got = apply(lambda x, y: Compare(op, x, y), bool_, lanes, a, b, types=[dtype, dtype])
    meaning = {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}
    np.testing.assert_array_equal(got, meaning[op.value])


@LANES
def test_logic_and_select(lanes: int) -> None:
    a = np.array([False, True] * 8)
    b = np.array([False, False, True, True] * 4)
    for op, expected in ((BinaryOp.AND, a & b), (BinaryOp.OR, a | b)):
        got = apply(lambda x, y, op=op: Binary(op, x, y), bool_, lanes, a, b, types=[bool_, bool_])
        np.testing.assert_array_equal(got, expected)
    chosen = apply(lambda x, y: Select(x, y, Unary(UnaryOp.NOT, y)), bool_, lanes, a, b, types=[bool_, bool_])
    np.testing.assert_array_equal(chosen, np.where(a, b, ~b))


@LANES
@pytest.mark.parametrize("op", ["-", "abs", "sqrt", "floor", "round"])
def test_float_unary_operators(op: str, lanes: int) -> None:
    x = np.array(
        [0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5, 4.0, 1e20, INF, -INF, NAN, 0.49999997, -2.7, 2.7, 9.0], np.float32
    )
    got = apply(lambda v: Unary(UnaryOp(op), v), float32, lanes, x, types=[float32])
    numpy_op: Any = {"-": np.negative, "abs": np.abs, "sqrt": np.sqrt, "floor": np.floor, "round": np.rint}[op]
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(got, numpy_op(x))


@LANES
@pytest.mark.parametrize("dtype", [int8, uint8, int64])
def test_integer_unary_operators(dtype: DType, lanes: int) -> None:
    x, _ = integers(dtype)
    for op, meaning in ((UnaryOp.NEG, lambda v: -v), (UnaryOp.ABS, abs), (UnaryOp.BIT_NOT, lambda v: ~v)):
        got = apply(lambda v, op=op: Unary(op, v), dtype, lanes, x, types=[dtype])
        assert got.tolist() == [wrap(meaning(int(v)), dtype) for v in x]


def test_an_operator_that_a_type_has_not_is_our_defect() -> None:
    x = np.zeros(8, np.int32)
    with pytest.raises(InternalError) as caught:
        apply(lambda v: Unary(UnaryOp.EXP, v), int32, 8, x, types=[int32])
    assert "code generation: operator 'exp' on int32" in str(caught.value)
