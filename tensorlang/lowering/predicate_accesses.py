"""Give loads and stores the predicates that tails put on them.

In: flat code with Predicated. Out: the same without: the condition is a predicate of each load, or of each store, that
it is about.
Order: first of the passes over flat code, which know predicates of accesses only.
Refuses: nothing.
"""

from __future__ import annotations

from dataclasses import replace

from tensorlang.ir.expr import Binary, BinaryOp, Expr, Load
from tensorlang.ir.stmt import Accumulate, Predicated, Stmt, Store
from tensorlang.ir.visitor import map_children, map_exprs, map_substatements


def predicate_accesses(stmt: Stmt) -> Stmt:
    """`stmt` without Predicated."""
    changed = map_substatements(stmt, predicate_accesses)
    if not isinstance(changed, Predicated):
        return changed
    body = _predicate_loads(changed.body, changed.condition) if changed.loads else changed.body
    return _predicate_stores(body, changed.condition) if changed.stores else body


def _predicate_loads(stmt: Stmt, condition: Expr) -> Stmt:
    def change(expr: Expr) -> Expr:
        changed = map_children(expr, change)
        return replace(changed, predicate=_both(changed.predicate, condition)) if isinstance(changed, Load) else changed

    return map_substatements(map_exprs(stmt, change), lambda s: _predicate_loads(s, condition))


def _predicate_stores(stmt: Stmt, condition: Expr) -> Stmt:
    if isinstance(stmt, Store | Accumulate):
        return replace(stmt, predicate=_both(stmt.predicate, condition))
    return map_substatements(stmt, lambda s: _predicate_stores(s, condition))


def _both(a: Expr | None, b: Expr) -> Expr:
    return b if a is None else Binary(BinaryOp.AND, a, b)
