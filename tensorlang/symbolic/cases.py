"""Conditions and choices taken apart into cases, in each of which everything is a conjunction of inequalities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TypeAlias

from tensorlang.ir.expr import Binary, BinaryOp, Compare, CompareOp, Const, Expr, Select, Unary, UnaryOp, index
from tensorlang.ir.visitor import map_children, walk
from tensorlang.symbolic.linear import is_index

Case: TypeAlias = tuple[Expr, ...]
"""Index expressions that are all at least 0."""

# Conditions and choices that would make more cases than this are taken as possible both ways.
_MOST_CASES = 16

_NEGATED = {
    CompareOp.EQ: CompareOp.NE,
    CompareOp.NE: CompareOp.EQ,
    CompareOp.LT: CompareOp.GE,
    CompareOp.GE: CompareOp.LT,
    CompareOp.LE: CompareOp.GT,
    CompareOp.GT: CompareOp.LE,
}
_ANYTHING: list[Case] = [()]


def cases_of(conditions: Sequence[Expr]) -> list[Case]:
    """Cases of which at least one holds wherever all conditions do; none where they never do."""
    cases = _ANYTHING
    for condition in conditions:
        cases = _both(cases, _cases(condition, negated=False))
    return cases


def choices_of(expr: Expr) -> Iterator[tuple[Case, Expr]]:
    """`expr` with each select of indices replaced by a side of it, and the cases in which it is that one."""
    pending: list[tuple[list[Case], Expr]] = [(_ANYTHING, expr)]
    while pending:
        cases, current = pending.pop()
        select = next((n for n in walk(current) if isinstance(n, Select) and is_index(n)), None)
        if select is None or len(pending) >= _MOST_CASES:
            yield from ((case, current) for case in cases)
            continue
        for side, negated in ((select.if_true, False), (select.if_false, True)):
            there = _both(cases, _cases(select.condition, negated=negated))
            pending.append((there, _replaced(current, select, side)))


def negation(condition: Expr) -> Expr:
    """The condition that holds where `condition` does not."""
    return Unary(UnaryOp.NOT, condition)


def _cases(condition: Expr, *, negated: bool) -> list[Case]:
    match condition:
        case Const(value, _):
            return _ANYTHING if bool(value) != negated else []
        case Unary(UnaryOp.NOT, value):
            return _cases(value, negated=not negated)
        case Binary(BinaryOp.AND | BinaryOp.OR as op, a, b):
            x, y = _cases(a, negated=negated), _cases(b, negated=negated)
            return _both(x, y) if (op is BinaryOp.AND) != negated else _either(x, y)
        case Compare(op, a, b) if is_index(a):
            return _of_comparison(_NEGATED[op] if negated else op, a, b)
    return _ANYTHING


def _of_comparison(op: CompareOp, a: Expr, b: Expr) -> list[Case]:
    less, more = _minus(b, a), _minus(a, b)
    match op:
        case CompareOp.LT:
            return [(_minus(less, index(1)),)]
        case CompareOp.LE:
            return [(less,)]
        case CompareOp.GT:
            return [(_minus(more, index(1)),)]
        case CompareOp.GE:
            return [(more,)]
        case CompareOp.EQ:
            return [(less, more)]
    return [(_minus(less, index(1)),), (_minus(more, index(1)),)]


def _both(x: list[Case], y: list[Case]) -> list[Case]:
    if len(x) * len(y) > _MOST_CASES:
        return x
    return [(*a, *b) for a, b in product(x, y)]


def _either(x: list[Case], y: list[Case]) -> list[Case]:
    return [*x, *y] if len(x) + len(y) <= _MOST_CASES else _ANYTHING


def _minus(a: Expr, b: Expr) -> Expr:
    return Binary(BinaryOp.SUB, a, b)


def _replaced(expr: Expr, old: Expr, new: Expr) -> Expr:
    return new if expr == old else map_children(expr, lambda child: _replaced(child, old, new))
