"""Operators at the edges of their types."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import pytest

from tensorlang import dtypes as t
from tensorlang.ir.expr import BinaryOp, UnaryOp
from tensorlang.reference import semantics

SIGNED = [t.int8, t.int16, t.int32, t.int64]
UNSIGNED = [t.uint8, t.uint16, t.uint32, t.uint64]


@pytest.fixture(autouse=True)
def silence_numpy() -> Any:
    """As in `evaluate`, which computes at the edges on purpose."""
    with np.errstate(all="ignore"):
        yield


def of(dtype: t.DType, *values: float) -> Any:
    return np.array(values, dtype.numpy)


def binary(op: BinaryOp, dtype: t.DType, a: Any, b: Any) -> list[Any]:
    result = semantics.binary(op, dtype, a, b)
    assert result.dtype == dtype.numpy
    values: list[Any] = result.tolist()
    return values


@pytest.mark.parametrize("dtype", SIGNED + UNSIGNED, ids=str)
def test_arithmetic_wraps(dtype: t.DType) -> None:
    low, high, one = of(dtype, dtype.minimum), of(dtype, dtype.maximum), of(dtype, 1)
    assert binary(BinaryOp.ADD, dtype, high, one) == low.tolist()
    assert binary(BinaryOp.SUB, dtype, low, one) == high.tolist()
    assert binary(BinaryOp.MUL, dtype, high, of(dtype, 2)) == [-2 if dtype.minimum else int(dtype.maximum) - 1]


@pytest.mark.parametrize("dtype", SIGNED + UNSIGNED, ids=str)
def test_division_by_zero_gives_zero(dtype: t.DType) -> None:
    a = of(dtype, dtype.minimum, dtype.maximum, 0)
    for op in (BinaryOp.FLOOR_DIV, BinaryOp.MOD):
        assert binary(op, dtype, a, of(dtype, 0, 0, 0)) == [0, 0, 0]


@pytest.mark.parametrize("dtype", SIGNED, ids=str)
def test_smallest_over_minus_one_wraps(dtype: t.DType) -> None:
    a, minus_one = of(dtype, dtype.minimum, 7), of(dtype, -1, -1)
    assert binary(BinaryOp.FLOOR_DIV, dtype, a, minus_one) == [dtype.minimum, -7]
    assert binary(BinaryOp.MOD, dtype, a, minus_one) == [0, 0]
    assert semantics.unary(UnaryOp.ABS, a).tolist() == [dtype.minimum, 7]
    assert semantics.unary(UnaryOp.NEG, a).tolist() == [dtype.minimum, -7]


@pytest.mark.parametrize("dtype", SIGNED, ids=str)
def test_division_rounds_as_pythons(dtype: t.DType) -> None:
    a, b = of(dtype, 7, -7, 7, -7), of(dtype, 2, 2, -2, -2)
    assert binary(BinaryOp.FLOOR_DIV, dtype, a, b) == [3, -4, -4, 3]
    assert binary(BinaryOp.MOD, dtype, a, b) == [1, 1, -1, -1]


@pytest.mark.parametrize("dtype", SIGNED + UNSIGNED, ids=str)
def test_shift_counts_are_masked(dtype: t.DType) -> None:
    count = of(dtype, dtype.bits, dtype.bits + 1)
    assert binary(BinaryOp.SHL, dtype, of(dtype, 3, 3), count) == [3, 6]
    assert binary(BinaryOp.SHR, dtype, of(dtype, 6, 6), count) == [6, 3]


def test_negative_shift_count_is_masked_and_shift_keeps_the_sign() -> None:
    assert binary(BinaryOp.SHL, t.int32, of(t.int32, 1), of(t.int32, -31)) == [2]
    assert binary(BinaryOp.SHR, t.int32, of(t.int32, -8), of(t.int32, 1)) == [-4]


@pytest.mark.parametrize("dtype", [t.float32, t.float64], ids=str)
def test_min_and_max_propagate_nan(dtype: t.DType) -> None:
    a, b = of(dtype, math.nan, 1, 2), of(dtype, 1, math.nan, 3)
    for op, last in ((BinaryOp.MIN, 2.0), (BinaryOp.MAX, 3.0)):
        result = semantics.binary(op, dtype, a, b)
        assert np.isnan(result[:2]).all() and result[2] == last


@pytest.mark.parametrize("source", [t.float32, t.float64, t.float16], ids=str)
@pytest.mark.parametrize("target", SIGNED + UNSIGNED, ids=str)
def test_float_to_integer_truncates_and_saturates(source: t.DType, target: t.DType) -> None:
    low, high = int(target.minimum), int(target.maximum)
    largest_float = {16: 65504.0, 32: 2.0**128 - 2.0**104, 64: sys.float_info.max}[source.bits]
    values = of(source, math.nan, math.inf, -math.inf, -0.9, 2.9, largest_float)
    largest = min(high, int(largest_float))
    assert semantics.cast(source, target, values).tolist() == [0, high, low, 0, 2, largest]
    assert semantics.cast(source, target, of(source, -2.9)).tolist() == [max(low, -2)]


def test_float_just_inside_the_integer_range() -> None:
    edge = np.nextafter(np.float64(2**63), 0)
    assert semantics.cast(t.float64, t.int64, of(t.float64, edge, -(2.0**63), 2.0**63)).tolist() == [
        int(edge),
        -(2**63),
        2**63 - 1,
    ]


def test_integer_casts_wrap_and_bool_is_not_zero() -> None:
    assert semantics.cast(t.int32, t.int8, of(t.int32, 300, -129)).tolist() == [44, 127]
    assert semantics.cast(t.int8, t.uint32, of(t.int8, -1)).tolist() == [2**32 - 1]
    assert semantics.cast(t.float32, t.bool_, of(t.float32, 0.5, 0, math.nan)).tolist() == [True, False, True]
    assert semantics.cast(t.bool_, t.float32, np.array([True, False])).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("value", "bits"),
    [
        (1.0, 0x3F80),
        (1.00390625, 0x3F80),  # halfway between 0x3F80 and 0x3F81: to even
        (1.01171875, 0x3F82),  # halfway between 0x3F81 and 0x3F82: to even
        (1.00391, 0x3F81),
        (-0.0, 0x8000),
        (3.4e38, 0x7F80),
        (math.inf, 0x7F80),
        (-math.inf, 0xFF80),
        (math.nan, 0x7FC0),
    ],
)
def test_bfloat16_rounds_to_nearest_even(value: float, bits: int) -> None:
    assert semantics.cast(t.float32, t.bfloat16, of(t.float32, value)).tolist() == [bits]
    assert semantics.constant(value, t.bfloat16).tolist() == bits


def test_bfloat16_widens_exactly() -> None:
    bits = np.arange(0x7F80, dtype=np.uint16)
    wide = semantics.cast(t.bfloat16, t.float32, bits)
    np.testing.assert_array_equal(semantics.cast(t.float32, t.bfloat16, wide), bits)
    assert semantics.cast(t.bfloat16, t.int32, np.array([0x40A0], np.uint16)).tolist() == [5]


def test_functions_round_once() -> None:
    x = np.linspace(0.1, 5, 50, dtype=np.float32)
    for op, function in (
        (UnaryOp.EXP, np.exp),
        (UnaryOp.LOG, np.log),
        (UnaryOp.TANH, np.tanh),
        (UnaryOp.SQRT, np.sqrt),
        (UnaryOp.SIN, np.sin),
        (UnaryOp.COS, np.cos),
    ):
        result = semantics.unary(op, x)
        assert result.dtype == np.float32
        np.testing.assert_array_equal(result, function(x.astype(np.float64)).astype(np.float32))
    power = semantics.binary(BinaryOp.POW, t.float32, x, x[::-1])
    np.testing.assert_array_equal(power, (x.astype(np.float64) ** x[::-1].astype(np.float64)).astype(np.float32))
    np.testing.assert_allclose(semantics.unary(UnaryOp.ERF, x), [math.erf(v) for v in x], rtol=6e-8)


def test_a_power_of_a_half_is_not_numpys_square_root() -> None:
    root = semantics.binary(BinaryOp.POW, t.float64, of(t.float64, -0.0, -math.inf, 9.0), of(t.float64, 0.5))
    assert root.tolist() == [0.0, math.inf, 3.0]
    assert not np.signbit(root).any()


def test_round_takes_halves_to_even() -> None:
    assert semantics.unary(UnaryOp.ROUND, of(t.float32, 0.5, 1.5, -2.5, 2.6)).tolist() == [0, 2, -2, 3]
    assert semantics.unary(UnaryOp.FLOOR, of(t.float32, -0.5, 1.5)).tolist() == [-1, 1]
