"""Bounds short enough to reason about: an end that grew too long is replaced by a shorter one further out.

The bounds of a producer stand in those of what it reads, often several times, so that through a chain of producers
they could double at each. What stays below the limit is left exact.
"""

from __future__ import annotations

from tensorlang.ir.expr import Binary, BinaryOp, Const, Expr, Select, index
from tensorlang.ir.visitor import children
from tensorlang.symbolic.facts import Facts
from tensorlang.symbolic.linear import Linear, is_index, linearize, to_expr
from tensorlang.symbolic.simplify import simplify

# An end of this many nodes is still short.
_MOST_NODES = 32
_OPPOSITE = {BinaryOp.MIN: BinaryOp.MAX, BinaryOp.MAX: BinaryOp.MIN}


def loosen(end: Expr, side: BinaryOp, facts: Facts) -> Expr:
    """`end`, or a shorter bound that is at most (`side` is min) or at least (max) as large.

    Of ``max(a, b)``, either is a lower bound, and of ``min(a, b)`` either is an upper one. An end that is still too
    long becomes a number, if one is known.
    """
    if _is_short(end):
        return end
    shorter = simplify(_one_sided(end, side), facts)
    if _is_short(shorter):
        return shorter
    limits = facts.of(end)
    limit = limits.lo if side is BinaryOp.MIN else limits.hi
    return end if limit is None else index(limit)


def _is_short(expr: Expr) -> bool:
    pending, count = [expr], 0
    while pending and count <= _MOST_NODES:
        pending += children(pending.pop())
        count += 1
    return count <= _MOST_NODES


def _one_sided(expr: Expr, side: BinaryOp) -> Expr:
    """`expr` with one operand for each min or max of which each operand is a bound on `side`."""
    form = linearize(expr)
    result = Linear((), form.constant)
    for atom, c in form.terms:
        result = result.plus(linearize(_of_atom(atom, side if c > 0 else _OPPOSITE[side])), c)
    return to_expr(result)


def _of_atom(atom: Expr, side: BinaryOp) -> Expr:
    match atom:
        case Binary(BinaryOp.MIN | BinaryOp.MAX as op, a, b):
            if op is not side:
                return _one_sided(b if isinstance(a, Const) else a, side)
            return Binary(op, _one_sided(a, side), _one_sided(b, side))
        case Select(_, a, b) if is_index(a):
            return Binary(side, _one_sided(a, side), _one_sided(b, side))
        case Binary(BinaryOp.FLOOR_DIV, a, Const(value, _)) if int(value) > 0:
            return Binary(BinaryOp.FLOOR_DIV, _one_sided(a, side), index(int(value)))
    return atom
