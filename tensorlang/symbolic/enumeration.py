"""The largest value of an index over few values of its variables, found by trying them all.

Limits treat a min, a max and a quotient that stand in an expression several times as far as they can be taken apart;
what is left is exact here, as all variables have the same values everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tensorlang.ir.expr import Binary, BinaryOp, Compare, CompareOp, Const, Expr, Select, Unary, UnaryOp, Variable
from tensorlang.ir.visitor import free_variables
from tensorlang.symbolic.facts import Facts

_MOST_POINTS = 4096

_Values: TypeAlias = npt.NDArray[np.int64]
_BINARY: Mapping[BinaryOp | CompareOp, Callable[[_Values, _Values], _Values]] = {
    BinaryOp.ADD: np.add,
    BinaryOp.SUB: np.subtract,
    BinaryOp.MUL: np.multiply,
    BinaryOp.MIN: np.minimum,
    BinaryOp.MAX: np.maximum,
    BinaryOp.FLOOR_DIV: np.floor_divide,
    BinaryOp.MOD: np.mod,
    CompareOp.EQ: np.equal,
    CompareOp.NE: np.not_equal,
    CompareOp.LT: np.less,
    CompareOp.LE: np.less_equal,
    CompareOp.GT: np.greater,
    CompareOp.GE: np.greater_equal,
}


def find_largest(expr: Expr, facts: Facts) -> int | None:
    """The largest value of `expr` within the limits of its variables; None if these are too many values."""
    sides: dict[str, range] = {}
    for name in sorted(free_variables(expr)):
        limits = facts.of(Variable(name))
        if limits.lo is None or limits.hi is None or limits.hi < limits.lo:
            return None
        sides[name] = range(limits.lo, limits.hi + 1)
    if prod(map(len, sides.values())) > _MOST_POINTS:
        return None
    grid = np.meshgrid(*(np.array(side, np.int64) for side in sides.values()), indexing="ij", sparse=True)
    values = _evaluate(expr, dict(zip(sides, grid, strict=True)))
    return None if values is None else int(values.max())


def _evaluate(expr: Expr, names: Mapping[str, _Values]) -> _Values | None:
    """The values of an index or a condition over arrays of its variables; None if it has other operators."""
    match expr:
        case Const(value, _):
            return np.array(int(value), np.int64)
        case Variable(name, _):
            return names[name]
        case Unary(UnaryOp.NEG, a):
            inner = _evaluate(a, names)
            return None if inner is None else -inner
        case Select(condition, a, b):
            parts = [_evaluate(part, names) for part in (condition, a, b)]
            chosen, x, y = parts
            return None if chosen is None or x is None or y is None else np.where(chosen, x, y)
        case Binary(op, a, b) | Compare(op, a, b) if op in _BINARY:
            x, y = _evaluate(a, names), _evaluate(b, names)
            is_division = op in (BinaryOp.FLOOR_DIV, BinaryOp.MOD)
            if x is None or y is None or (is_division and not y.all()):
                return None
            return _BINARY[op](x, y)
    return None
