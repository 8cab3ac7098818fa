"""Ends of loops: what conditions say of them, which may vary, and what is known where a loop is entered."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tensorlang.ir.expr import Binary, BinaryOp, Compare, CompareOp, Const, Expr, Variable, index
from tensorlang.ir.stmt import For, LetStmt, Stmt
from tensorlang.ir.visitor import free_variables, substatements, walk_stmts
from tensorlang.symbolic.facts import Facts
from tensorlang.symbolic.intervals import operands
from tensorlang.symbolic.linear import Linear, is_index, linearize

_MOST_TERMS = 6


def is_plain(end: Expr) -> bool:
    """True for an affine form of loops, one quotient in it, and the min or max of two forms or of a form and a number.

    What is outside of the rule could only be a bound that holds in few iterations, such as ``5*(i // 2) - 3*(i // 3)``.
    """
    op = end.op if isinstance(end, Binary) and end.op in (BinaryOp.MIN, BinaryOp.MAX) else BinaryOp.MIN
    forms = [part for part in operands(end, op) if not isinstance(part, Const)]
    return len(forms) <= 2 and all(_is_short(form, quotients=2 - len(forms)) for form in forms)


def _is_short(end: Expr, *, quotients: int) -> bool:
    """True for a sum of few terms, of which at most so many are quotients, the others loops."""
    form = linearize(end)
    others = [(term, c) for term, c in form.terms if not isinstance(term, Variable)]
    if len(form.terms) > _MOST_TERMS or len(others) > quotients:
        return False
    return all(abs(c) == 1 and isinstance(t, Binary) and t.op is BinaryOp.FLOOR_DIV for t, c in others)


def unclamped(extent: Expr) -> Expr:
    """The number of iterations of a loop that is entered: ``max(n, 0)`` is `n` there."""
    match extent:
        case Binary(BinaryOp.MAX, count, Const(value, _)) | Binary(BinaryOp.MAX, Const(value, _), count) if value == 0:
            return count
    return extent


def as_nonnegative(compare: Expr) -> Linear | None:
    """The form f with ``compare == (f >= 0)``, or None for == and !=, and what does not compare indices."""
    if not isinstance(compare, Compare) or not is_index(compare.a):
        return None
    gap = linearize(compare.b).plus(linearize(compare.a), -1)
    match compare.op:
        case CompareOp.LT:
            return gap.plus(Linear((), -1))
        case CompareOp.LE:
            return gap
        case CompareOp.GT:
            return gap.times(-1).plus(Linear((), -1))
        case CompareOp.GE:
            return gap.times(-1)
    return None


def facts_inside(stmt: Stmt, facts: Facts) -> Facts:
    """What is known in the statements directly below `stmt`."""
    match stmt:
        case For(var, extent, _, _):
            return facts.with_loop(var, extent)
        case LetStmt(name, value, _):
            return facts.with_let(name, value)
    return facts


def when_entered(loop: For, touches: Callable[[Stmt], bool], facts: Facts) -> tuple[Expr, ...] | None:
    """Conditions, decided outside `loop`, under which it comes to what `touches`; None if they are not known.

    Where a loop whose extent varies has no iterations, addresses in it may lie outside their buffer.
    """
    found = set(_entries(loop, touches, facts, ()))
    if len(found) != 1:
        return None
    conditions = found.pop()
    bound = {s.var if isinstance(s, For) else s.name for s in walk_stmts(loop) if isinstance(s, For | LetStmt)}
    return conditions if all(free_variables(condition).isdisjoint(bound) for condition in conditions) else None


def _entries(
    stmt: Stmt, touches: Callable[[Stmt], bool], facts: Facts, conditions: tuple[Expr, ...]
) -> Iterator[tuple[Expr, ...]]:
    """For each statement that `touches`, which loops around it have to have iterations, where they may have none."""
    if touches(stmt):
        yield conditions
    if isinstance(stmt, For) and not facts.proves_at_least(linearize(stmt.extent), 1):
        conditions = (*conditions, Compare(CompareOp.GT, stmt.extent, index(0)))
    inner = facts_inside(stmt, facts)
    for below in substatements(stmt):
        yield from _entries(below, touches, inner, conditions)
