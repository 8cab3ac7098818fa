"""Regions that start and end at multiples."""

from __future__ import annotations

from tensorlang.ir.expr import Binary, BinaryOp, Expr, index
from tensorlang.ir.stmt import Range
from tensorlang.schedule.resolved import Alignment
from tensorlang.symbolic.facts import Facts
from tensorlang.symbolic.simplify import simplify


def aligned(side: Range, to: Alignment, facts: Facts) -> Range:
    """The smallest range that holds `side` and is aligned."""
    offset = Binary(BinaryOp.SUB, side.min, index(to.remainder))
    rounds = Binary(BinaryOp.FLOOR_DIV, offset, index(to.modulus))
    start = Binary(BinaryOp.MUL, rounds, index(to.modulus))
    first = simplify(Binary(BinaryOp.ADD, start, index(to.remainder)), facts)
    length = Binary(BinaryOp.SUB, Binary(BinaryOp.ADD, side.min, side.extent), first)
    return Range(first, simplify(_rounded_up(length, to.modulus), facts))


def _rounded_up(extent: Expr, modulus: int) -> Expr:
    more = Binary(BinaryOp.ADD, extent, index(modulus - 1))
    return Binary(BinaryOp.MUL, Binary(BinaryOp.FLOOR_DIV, more, index(modulus)), index(modulus))
