"""How far integer expressions may reach, from their types alone: which arithmetic may leave its type and wrap.

Loops, Vars and other names are taken for coordinates, whose sums and products by strides stay in 64 bits; data may have
every value of its type.
"""

from __future__ import annotations

from typing import TypeAlias

from tensorlang.dtypes import DType
from tensorlang.ir.expr import Binary, BinaryOp, Cast, Compare, Const, Expr, Select, Unary, UnaryOp, Variable

Reach: TypeAlias = tuple[int, int]
"""Least and greatest value, both included."""

_COORDINATE = 1 << 28
"""No coordinate is farther from 0 than this, so far as wrapping goes: times a stride, as far again, it fits 64 bits."""


def may_wrap(expr: Expr) -> bool:
    """Whether a sum, difference, product or negation of integers may have another value than on paper."""
    lo, hi = _unwrapped(expr)
    return lo < expr.type.minimum or hi > expr.type.maximum


def reach_of(expr: Expr) -> Reach:
    """The values that an integer or bool expression may have."""
    if not isinstance(expr, Binary):
        return _within(expr.type, _unwrapped(expr))
    try:
        return expr._reach
    except AttributeError:
        reach = _within(expr.type, _unwrapped(expr))
        object.__setattr__(expr, "_reach", reach)
        return reach


def _within(kind: DType, reach: Reach) -> Reach:
    """`reach` if it is in the type, else all of the type."""
    whole = int(kind.minimum), int(kind.maximum)
    return reach if whole[0] <= reach[0] and reach[1] <= whole[1] else whole


def _unwrapped(expr: Expr) -> Reach:
    """The values on paper of the outermost operator, for the values that its operands may have."""
    match expr:
        case Const(value, _):
            return int(value), int(value)
        case Variable(_, kind) if kind.is_integer and kind.bits == 64:
            return -_COORDINATE, _COORDINATE
        case Cast(kind, value) if not value.type.is_float:
            return _within(kind, reach_of(value))
        case Compare():
            return 0, 1
        case Select(_, a, b):
            (low, high), (other_low, other_high) = reach_of(a), reach_of(b)
            return min(low, other_low), max(high, other_high)
        case Unary(UnaryOp.NEG, value):
            low, high = reach_of(value)
            return -high, -low
        case Binary(op, a, b):
            return _of_binary(op, reach_of(a), reach_of(b), expr.type)
    return int(expr.type.minimum), int(expr.type.maximum)


def _of_binary(op: BinaryOp, a: Reach, b: Reach, kind: DType) -> Reach:
    match op:
        case BinaryOp.ADD:
            return a[0] + b[0], a[1] + b[1]
        case BinaryOp.SUB:
            return a[0] - b[1], a[1] - b[0]
        case BinaryOp.MUL:
            products = [x * y for x in a for y in b]
            return min(products), max(products)
        case BinaryOp.MIN:
            return min(a[0], b[0]), min(a[1], b[1])
        case BinaryOp.MAX:
            return max(a[0], b[0]), max(a[1], b[1])
        case BinaryOp.FLOOR_DIV:
            farthest = max(map(abs, a))
            return -farthest, farthest
        case BinaryOp.MOD:
            return min(b[0] + 1, 0), max(b[1] - 1, 0)
    return int(kind.minimum), int(kind.maximum)
