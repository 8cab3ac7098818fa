"""Loops parts of whose bodies start later than the loop: ``if i >= k: let i.from1 = max(i - k, 0): rest``.

Where a producer has to get ahead of the rest of a body, iterations are put in front of the loop, and the rest counts
from the first of its own. The name is never negative, so that what is inferred from it stays where the first iteration
of the rest is; the condition then says nothing more of regions.
"""

from __future__ import annotations

from tensorlang.ir.expr import Binary, BinaryOp, Compare, CompareOp, Expr, Variable, index
from tensorlang.ir.stmt import IfThenElse, LetStmt, Stmt
from tensorlang.symbolic.facts import Facts, Limits
from tensorlang.symbolic.linear import is_index
from tensorlang.symbolic.simplify import difference


def starting(var: str, count: int, name: str, rest: Stmt) -> IfThenElse:
    """`rest`, in terms of `name`, from iteration `count` of loop `var` on."""
    begun = Compare(CompareOp.GE, Variable(var), index(count))
    return IfThenElse(begun, LetStmt(name, clamped(var, count), rest))


def clamped(var: str, count: int) -> Expr:
    """``max(var - count, 0)``."""
    return Binary(BinaryOp.MAX, Binary(BinaryOp.SUB, Variable(var), index(count)), index(0))


def is_start(stmt: IfThenElse) -> bool:
    """Whether a condition is that of a start."""
    if not isinstance(stmt.then, LetStmt) or stmt.otherwise is not None:
        return False
    start = first_iteration(stmt.condition)
    return start is not None and stmt.then.value == clamped(*start)


def first_iteration(condition: Expr) -> tuple[str, int] | None:
    """The loop and the iteration from which on a condition holds, if it is ``loop >= number``."""
    if not isinstance(condition, Compare) or condition.op is not CompareOp.GE or not is_index(condition.a):
        return None
    form = difference(condition.a, condition.b)
    match form.terms:
        case ((Variable(name, _), 1),):
            return name, -form.constant
    return None


def where(condition: Expr, facts: Facts) -> Facts:
    """`facts` and that a condition holds, as far as it is about the first iteration of a loop."""
    start = first_iteration(condition)
    if start is None:
        return facts
    known = facts.limits.get(start[0], Limits())
    return facts.with_limits(start[0], known.intersect(Limits(start[1], None)))
