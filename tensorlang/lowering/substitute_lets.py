"""Substitute let-bound names by their values.

In: a tree with LetStmt. Out: the same without, but for long bounds of loops, which stay named; conditions and indices
are then in terms of loops, and of such bounds, alone.
Order: after bounds inference, which needs the names to clip regions; before all passes that look at indices.
Refuses: nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tensorlang.ir.expr import Expr
from tensorlang.ir.stmt import LetStmt, Stmt
from tensorlang.ir.visitor import map_exprs, map_substatements, substitute


def substitute_lets(stmt: Stmt, keep: Collection[str] = frozenset(), values: Mapping[str, Expr] | None = None) -> Stmt:
    """`stmt` without LetStmt, but for the names to `keep`."""
    known = values or {}
    if isinstance(stmt, LetStmt) and stmt.name not in keep:
        return substitute_lets(stmt.body, keep, {**known, stmt.name: substitute(stmt.value, known)})
    changed = map_exprs(stmt, lambda e: substitute(e, known)) if known else stmt
    return map_substatements(changed, lambda s: substitute_lets(s, keep, known))
