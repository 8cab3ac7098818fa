"""Mean values of index expressions over the loops around them: how often a condition holds, how long a loop runs."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from tensorlang.ir.expr import Binary, BinaryOp, Cast, Compare, CompareOp, Const, Expr, Select, Unary, UnaryOp, Variable
from tensorlang.ir.visitor import free_variables

#: More points than this are not tried; the answer is then that of the last iterations.
_MOST_POINTS = 1 << 16

_BINARY: Mapping[BinaryOp, Any] = {
    BinaryOp.ADD: np.add,
    BinaryOp.SUB: np.subtract,
    BinaryOp.MUL: np.multiply,
    BinaryOp.FLOOR_DIV: np.floor_divide,
    BinaryOp.MOD: np.mod,
    BinaryOp.MIN: np.minimum,
    BinaryOp.MAX: np.maximum,
    BinaryOp.AND: np.logical_and,
    BinaryOp.OR: np.logical_or,
}
_COMPARE: Mapping[CompareOp, Any] = {
    CompareOp.EQ: np.equal,
    CompareOp.NE: np.not_equal,
    CompareOp.LT: np.less,
    CompareOp.LE: np.less_equal,
    CompareOp.GT: np.greater,
    CompareOp.GE: np.greater_equal,
}


class _Unknown(Exception):
    """The value depends on more than loops."""


def mean(expr: Expr, extents: Mapping[str, int]) -> float | None:
    """Return the mean of a scalar index or condition over loops.

    Parameters
    ----------
    expr : Expr
        A condition counts 1 where it holds.
    extents : mapping of str to int
        Iterations of each loop around it.

    Returns
    -------
    float or None
        None if it depends on anything else, or on too many points to try.
    """
    names = sorted(free_variables(expr))
    if any(name not in extents for name in names) or prod(extents[name] for name in names) > _MOST_POINTS:
        return None
    grid = np.ogrid[tuple(slice(0, extents[name]) for name in names)] if names else []
    try:
        values = _value(expr, dict(zip(names, grid, strict=True)))
    except _Unknown:
        return None
    return float(np.mean(np.broadcast_to(values, np.broadcast_shapes(*(axis.shape for axis in grid)))))


def _value(expr: Expr, values: Mapping[str, Any]) -> Any:
    match expr:
        case Const(value, _):
            return value
        case Variable(name, _):
            return values[name]
        case Cast(_, inner):
            return _value(inner, values)
        case Unary(UnaryOp.NOT, a):
            return np.logical_not(_value(a, values))
        case Unary(UnaryOp.NEG, a):
            return np.negative(_value(a, values))
        case Binary(op, a, b) if op in _BINARY:
            return _BINARY[op](_value(a, values), _value(b, values))
        case Compare(op, a, b):
            return _COMPARE[op](_value(a, values), _value(b, values))
        case Select(condition, a, b):
            return np.where(_value(condition, values), _value(a, values), _value(b, values))
    raise _Unknown
