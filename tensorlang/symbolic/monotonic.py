"""Which way an index expression moves as one of its variables grows, and bounds of it that move more simply."""

from __future__ import annotations

from enum import Enum

from tensorlang.dtypes import int64
from tensorlang.ir.expr import Binary, BinaryOp, Const, Expr, Select, Variable, index
from tensorlang.ir.visitor import free_variables, walk
from tensorlang.symbolic.linear import Linear, is_index, linearize, to_expr


class Direction(Enum):
    """How a value moves: not at all, never down, never up, or in no known way."""

    CONSTANT = 0
    UP = 1
    DOWN = -1
    UNKNOWN = None

    def scaled(self, factor: int) -> Direction:
        """The direction of ``factor * value``."""
        if self is Direction.UNKNOWN or factor > 0:
            return self
        return Direction.CONSTANT if factor == 0 else Direction(-self.value)

    def joined(self, other: Direction) -> Direction:
        """The direction of a sum, a minimum or a maximum of two values."""
        if self is other or other is Direction.CONSTANT:
            return self
        return other if self is Direction.CONSTANT else Direction.UNKNOWN


def infer_direction(expr: Expr, var: str) -> Direction:
    """How the scalar int64 `expr` moves as `var` grows and all other variables stay."""
    if var not in free_variables(expr):
        return Direction.CONSTANT
    result = Direction.CONSTANT
    for atom, coefficient in linearize(expr).terms:
        result = result.joined(_of_atom(atom, var).scaled(coefficient))
    return result


def _of_atom(atom: Expr, var: str) -> Direction:
    match atom:
        case Variable(name, kind) if kind == int64:
            return Direction.UP if name == var else Direction.CONSTANT
        case Binary(BinaryOp.MIN | BinaryOp.MAX, a, b) if is_index(a):
            return infer_direction(a, var).joined(infer_direction(b, var))
        case Binary(BinaryOp.FLOOR_DIV, a, Const(divisor, _)) if int(divisor) > 0:
            return infer_direction(a, var)
        case Select(condition, a, b) if is_index(a) and var not in free_variables(condition):
            return infer_direction(a, var).joined(infer_direction(b, var))
    return Direction.UNKNOWN if var in free_variables(atom) else Direction.CONSTANT


def outermost(expr: Expr, op: BinaryOp) -> Expr:
    """`expr`, a scalar int64, or its lower bound (upper, if `op` is max) without the selects that it moves with."""
    form = linearize(expr)
    if not any(isinstance(node, Select) for node in walk(expr)):
        return expr
    result = Linear((), form.constant)
    for atom, coefficient in form.terms:
        result = result.plus(linearize(_outermost_atom(atom, op if coefficient > 0 else _OPPOSITE[op])), coefficient)
    return to_expr(result)


_OPPOSITE = {BinaryOp.MIN: BinaryOp.MAX, BinaryOp.MAX: BinaryOp.MIN}


def _outermost_atom(atom: Expr, op: BinaryOp) -> Expr:
    match atom:
        case Select(_, a, b) if is_index(a):
            return Binary(op, outermost(a, op), outermost(b, op))
        case Binary(BinaryOp.MIN | BinaryOp.MAX as inner, a, b) if is_index(a):
            return Binary(inner, outermost(a, op), outermost(b, op))
        case Binary(BinaryOp.FLOOR_DIV, a, Const(divisor, _)) if int(divisor) > 0:
            return Binary(BinaryOp.FLOOR_DIV, outermost(a, op), index(int(divisor)))
    return atom
