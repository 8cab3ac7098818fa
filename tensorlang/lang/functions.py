"""Elementwise functions."""

from __future__ import annotations

from functools import reduce
from typing import overload

from tensorlang.dtypes import DType, parse_dtype
from tensorlang.errors import LanguageError, caller_location
from tensorlang.ir.expr import BinaryOp, UnaryOp
from tensorlang.lang.expr import Expr, ExprLike, apply, as_expr
from tensorlang.lang.promotion import binary_node, cast_node, pow_node, select_node, unary_node
from tensorlang.lang.tuples import Tuple, ValueLike, elements_of, value_count


@overload
def select(condition: ExprLike, if_true: ExprLike, if_false: ExprLike) -> Expr: ...
@overload
def select(condition: ExprLike, if_true: tuple[ExprLike, ...], if_false: ValueLike) -> Tuple: ...
@overload
def select(condition: ExprLike, if_true: ExprLike, if_false: tuple[ExprLike, ...]) -> Tuple: ...
def select(condition: ExprLike, if_true: ValueLike, if_false: ValueLike) -> Expr | Tuple:
    """`if_true` where the bool `condition` holds, else `if_false`; both are evaluated, as in ``np.where``.

    Of two tuples, as long as each other, it selects each element.

    Raises
    ------
    LanguageError
        If the condition is not bool, or a tuple meets a single value or a tuple of another length.
    """
    first, second = elements_of(if_true), elements_of(if_false)
    if len(first) != len(second):
        raise LanguageError(
            f"tl.select is given {value_count(len(first))} and {value_count(len(second))}.",
            asked=f"tl.select({condition!r}, {if_true!r}, {if_false!r})",
            where=caller_location(),
            rule="the two sides of a select have the same number of elements",
        )
    chosen = [apply(select_node, condition, a, b) for a, b in zip(first, second, strict=True)]
    return chosen[0] if len(chosen) == 1 else Tuple(*chosen)


def min(a: ExprLike, *others: ExprLike) -> Expr:
    """The elementwise minimum; NaN if any operand is, as ``np.minimum``."""
    return _reduce(BinaryOp.MIN, a, others)


def max(a: ExprLike, *others: ExprLike) -> Expr:
    """The elementwise maximum; NaN if any operand is, as ``np.maximum``."""
    return _reduce(BinaryOp.MAX, a, others)


def clamp(x: ExprLike, low: ExprLike, high: ExprLike) -> Expr:
    """``min(max(x, low), high)``, as ``np.clip``."""
    return min(max(x, low), high)


def abs(x: ExprLike) -> Expr:
    """The absolute value; that of the smallest integer of a type is itself, as in NumPy."""
    return _unary(UnaryOp.ABS, x)


def exp(x: ExprLike) -> Expr:
    """e to the power of `x`, within 1 ulp; integers of up to 16 bits give float32, wider ones float64."""
    return _unary(UnaryOp.EXP, x)


def log(x: ExprLike) -> Expr:
    """The natural logarithm, within 1 ulp: -inf at 0, NaN below; integers as in `exp`."""
    return _unary(UnaryOp.LOG, x)


def sqrt(x: ExprLike) -> Expr:
    """The square root, within 0.5 ulp: NaN below 0; integers as in `exp`."""
    return _unary(UnaryOp.SQRT, x)


def tanh(x: ExprLike) -> Expr:
    """The hyperbolic tangent, within 1.5 ulp; integers as in `exp`."""
    return _unary(UnaryOp.TANH, x)


def erf(x: ExprLike) -> Expr:
    """The error function, within 1.5 ulp; integers as in `exp`."""
    return _unary(UnaryOp.ERF, x)


def sin(x: ExprLike) -> Expr:
    """The sine of `x` [rad] of any size, within 0.6 ulp for float32 and 1 ulp for float64; NaN for infinities.

    Integers as in `exp`.
    """
    return _unary(UnaryOp.SIN, x)


def cos(x: ExprLike) -> Expr:
    """The cosine of `x` [rad] of any size, within 0.6 ulp for float32 and 1 ulp for float64; NaN for infinities.

    Integers as in `exp`.
    """
    return _unary(UnaryOp.COS, x)


def pow(x: ExprLike, y: ExprLike) -> Expr:
    """`x` to the power of `y`, within 0.6 ulp for float32 and 1 ulp for float64; also written ``x ** y``.

    Special cases are those of C99: ``pow(x, 0)`` and ``pow(1, y)`` are 1 even for NaN, a negative `x` to a power that
    is not whole gives NaN, to an odd one keeps its sign. Integers become floats as in `exp`. The literal exponents 2
    and 0.5 cost no more than a product and a square root.
    """
    return apply(pow_node, x, y)


def floor(x: ExprLike) -> Expr:
    """The largest whole number not above `x`, in the type of `x`."""
    return _unary(UnaryOp.FLOOR, x)


def round(x: ExprLike) -> Expr:
    """The nearest whole number, halves to even as ``np.round``, in the type of `x`."""
    return _unary(UnaryOp.ROUND, x)


def cast(dtype: DType | str | type, x: ExprLike) -> Expr:
    """`x` as another type: integers wrap, float to integer truncates and saturates, NaN gives 0.

    Raises
    ------
    LanguageError
        If `dtype` is not an element type.
    """
    target = parse_dtype(dtype)
    return apply(lambda a: cast_node(target, a), x)


def _unary(op: UnaryOp, x: ExprLike) -> Expr:
    return apply(lambda a: unary_node(op, a), x)


def _reduce(op: BinaryOp, first: ExprLike, others: tuple[ExprLike, ...]) -> Expr:
    return as_expr(reduce(lambda a, b: apply(lambda x, y: binary_node(op, x, y), a, b), others, first))
