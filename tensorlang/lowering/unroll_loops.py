"""Replace unrolled loops by copies of their body.

In: a tree with unrolled loops. Out: the same without; a copy past a non-constant extent is guarded.
Order: after loop partitioning, so that guards are gone from the copies, and after vectorization, so that each body is
widened once.
Refuses: an extent with no constant bound, or more than `MAX_COPIES` copies.
"""

from __future__ import annotations

from tensorlang.errors import ScheduleError
from tensorlang.ir.expr import Compare, CompareOp, index
from tensorlang.ir.stmt import For, IfThenElse, LetStmt, LoopKind, Stmt
from tensorlang.ir.visitor import block, map_substatements, rewrite_exprs, substitute
from tensorlang.legality.loops import MAX_COPIES
from tensorlang.symbolic.facts import NOTHING_KNOWN, Facts


def unroll_loops(stmt: Stmt, facts: Facts = NOTHING_KNOWN) -> Stmt:
    """`stmt` without unrolled loops."""
    inner = facts.with_loop(stmt.var, stmt.extent) if isinstance(stmt, For) else facts
    if isinstance(stmt, LetStmt):
        inner = facts.with_let(stmt.name, stmt.value)
    changed = map_substatements(stmt, lambda s: unroll_loops(s, inner))
    if isinstance(changed, For) and changed.kind is LoopKind.UNROLLED:
        return _unroll(changed, facts)
    return changed


def _unroll(loop: For, facts: Facts) -> Stmt:
    bound = facts.of(loop.extent).hi
    name = loop.var.split(".", 2)[-1]
    if bound is None or bound > MAX_COPIES:
        raise ScheduleError(
            f"loop {name} cannot be unrolled: its extent is {'not bounded' if bound is None else bound}.",
            rule=f"unroll needs a constant extent of at most {MAX_COPIES}",
            legal=f'unroll("{name}", factor)',
            hint="split the loop and unroll the inner one",
        )
    copies: list[Stmt] = []
    for i in range(bound):
        copy = _copy(loop.body, loop.var, i)
        certain = (facts.of(loop.extent).lo or 0) > i
        copies.append(copy if certain else IfThenElse(Compare(CompareOp.LT, index(i), loop.extent), copy))
    return block(copies)


def _copy(body: Stmt, var: str, value: int) -> Stmt:
    return rewrite_exprs(body, lambda e: substitute(e, {var: index(value)}))
