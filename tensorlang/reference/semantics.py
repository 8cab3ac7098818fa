"""What each operator does to values of each type, as NumPy arrays.

Integers wrap; division and remainder round as Python's and give 0 for a divisor of 0; the smallest integer over -1
wraps; shift counts are masked; float to integer truncates and saturates, NaN giving 0; min and max propagate NaN.
Functions such as exp are computed in float64 and rounded once. bfloat16 is held as its bits in uint16; conversions to
it go through float32 and round to nearest even.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tensorlang.dtypes import DType, Kind
from tensorlang.ir.expr import BinaryOp, CompareOp, UnaryOp

Array: TypeAlias = npt.NDArray[Any]
"""A NumPy array or scalar of the exact element type."""

_BFLOAT16_QUIET_NAN = np.uint16(0x7FC0)


def constant(value: int | float | bool, dtype: DType) -> Array:
    """`value` as a scalar of type `dtype`."""
    if dtype.kind is Kind.BFLOAT:
        return _to_bfloat16(np.asarray(value, np.float32))
    return np.asarray(value, dtype.numpy)


def binary(op: BinaryOp, dtype: DType, a: Array, b: Array) -> Array:
    """``a op b``, all of type `dtype`."""
    if op in (BinaryOp.FLOOR_DIV, BinaryOp.MOD) and dtype.is_integer:
        return _divide(op, dtype, a, b)
    if op in (BinaryOp.SHL, BinaryOp.SHR):
        count = b & dtype.numpy.type(dtype.bits - 1)
        result: Array = np.left_shift(a, count) if op is BinaryOp.SHL else np.right_shift(a, count)
        return result
    if op is BinaryOp.POW:
        return _power(np.asarray(a, np.float64), np.asarray(b, np.float64)).astype(dtype.numpy)
    return _BINARY[op](a, b)


def _divide(op: BinaryOp, dtype: DType, a: Array, b: Array) -> Array:
    """Floor division or remainder; the divisors on which hardware faults, 0 and -1, are answered without dividing."""
    one = dtype.numpy.type(1)
    is_zero = b == 0
    is_minus_one = b == -1 if dtype.minimum < 0 else np.zeros_like(is_zero)
    divisor = np.where(is_zero | is_minus_one, one, b)
    zero = np.zeros_like(a)
    if op is BinaryOp.MOD:
        return np.where(is_zero | is_minus_one, zero, np.remainder(a, divisor))
    return np.where(is_zero, zero, np.where(is_minus_one, zero - a, np.floor_divide(a, divisor)))


def _power(a: Array, b: Array) -> Array:
    """C99's pow; NumPy's takes the square root for an exponent of 0.5, which differs for -0 and -inf."""
    is_root = b == 0.5
    return np.power(np.where(is_root & ((a == 0) | np.isinf(a)), np.abs(a), a), b)


def compare(op: CompareOp, a: Array, b: Array) -> Array:
    """``a op b`` as bool."""
    return _COMPARE[op](a, b)


def unary(op: UnaryOp, a: Array) -> Array:
    """``op(a)``, in the type of `a`."""
    if op in _WIDE:
        return _WIDE[op](np.asarray(a, np.float64)).astype(a.dtype)
    return _UNARY[op](a)


def select(condition: Array, if_true: Array, if_false: Array) -> Array:
    """`if_true` where `condition`, else `if_false`."""
    return np.where(condition, if_true, if_false)


def cast(source: DType, target: DType, value: Array) -> Array:
    """`value` of type `source` as type `target`."""
    if source == target:
        return value
    value = np.asarray(value)
    if source.kind is Kind.BFLOAT:
        value = (value.astype(np.uint32) << np.uint32(16)).view(np.float32)
        source = DType(Kind.FLOAT, 32)
    if target.kind is Kind.BFLOAT:
        return _to_bfloat16(value.astype(np.float32))
    if target.is_bool:
        return np.not_equal(value, 0)
    if source.is_float and target.is_integer:
        return _saturate(value, target)
    return value.astype(target.numpy)


def _to_bfloat16(value: Array) -> Array:
    bits = value.view(np.uint32)
    odd = (bits >> np.uint32(16)) & np.uint32(1)
    rounded = ((bits + np.uint32(0x7FFF) + odd) >> np.uint32(16)).astype(np.uint16)
    return np.where(np.isnan(value), _BFLOAT16_QUIET_NAN, rounded)


def _saturate(value: Array, target: DType) -> Array:
    wide = np.trunc(value.astype(np.float64))
    low, high = float(target.minimum), float(target.maximum + 1)  # powers of two, exact
    is_inside = (wide >= low) & (wide < high)
    result = np.where(is_inside, wide, 0.0).astype(target.numpy)
    result = np.where(wide >= high, target.numpy.type(target.maximum), result)
    return np.where(wide < low, target.numpy.type(target.minimum), result)


def _erf(value: Array) -> Array:
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(value), np.float64)


_BINARY: dict[BinaryOp, Callable[[Array, Array], Array]] = {
    BinaryOp.ADD: np.add,
    BinaryOp.SUB: np.subtract,
    BinaryOp.MUL: np.multiply,
    BinaryOp.TRUE_DIV: np.true_divide,
    BinaryOp.FLOOR_DIV: np.floor_divide,
    BinaryOp.MOD: np.remainder,
    BinaryOp.MIN: np.minimum,
    BinaryOp.MAX: np.maximum,
    BinaryOp.AND: np.logical_and,
    BinaryOp.OR: np.logical_or,
    BinaryOp.BIT_AND: np.bitwise_and,
    BinaryOp.BIT_OR: np.bitwise_or,
    BinaryOp.BIT_XOR: np.bitwise_xor,
}
_COMPARE: dict[CompareOp, Callable[[Array, Array], Array]] = {
    CompareOp.EQ: np.equal,
    CompareOp.NE: np.not_equal,
    CompareOp.LT: np.less,
    CompareOp.LE: np.less_equal,
    CompareOp.GT: np.greater,
    CompareOp.GE: np.greater_equal,
}
_WIDE: dict[UnaryOp, Callable[[Array], Array]] = {
    UnaryOp.EXP: np.exp,
    UnaryOp.LOG: np.log,
    UnaryOp.SQRT: np.sqrt,
    UnaryOp.TANH: np.tanh,
    UnaryOp.ERF: _erf,
    UnaryOp.SIN: np.sin,
    UnaryOp.COS: np.cos,
}
_UNARY: dict[UnaryOp, Callable[[Array], Array]] = {
    UnaryOp.NEG: np.negative,
    UnaryOp.NOT: np.logical_not,
    UnaryOp.BIT_NOT: np.invert,
    UnaryOp.ABS: np.absolute,
    UnaryOp.FLOOR: np.floor,
    UnaryOp.ROUND: np.rint,
}
