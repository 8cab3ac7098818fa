"""Take the predicates off loads from register storage.

In: vector code in which guards have become predicates. Out: loads of a register buffer read all their lanes, if the
buffer has them.
Order: after unrolling, when register indices are constant; before accumulators are promoted.
Refuses: nothing. Lanes that a predicate excludes are never stored, so their values do not matter, and a masked load
would keep the buffer out of registers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tensorlang.ir.expr import Expr, Load, Ramp
from tensorlang.ir.stmt import Allocate, Memory, Stmt
from tensorlang.ir.visitor import map_children, map_exprs, map_substatements
from tensorlang.symbolic.facts import NOTHING_KNOWN


def unmask_registers(stmt: Stmt, sizes: Mapping[str, int] | None = None) -> Stmt:
    """`stmt` with unmasked loads of register storage."""
    known = sizes or {}
    if isinstance(stmt, Allocate) and stmt.memory is Memory.REGISTER:
        known = {**known, stmt.buffer: stmt.size}
    changed = map_exprs(stmt, lambda e: _unmask(e, known)) if known else stmt
    return map_substatements(changed, lambda s: unmask_registers(s, known))


def _unmask(expr: Expr, sizes: Mapping[str, int]) -> Expr:
    changed = map_children(expr, lambda e: _unmask(e, sizes))
    if isinstance(changed, Load) and changed.predicate is not None and _is_whole(changed, sizes.get(changed.buffer)):
        return replace(changed, predicate=None)
    return changed


def _is_whole(load: Load, size: int | None) -> bool:
    """True if all lanes of a load are elements of a buffer of `size`."""
    if size is None or not isinstance(load.index, Ramp):
        return False
    base, stride = (NOTHING_KNOWN.of(e) for e in (load.index.base, load.index.stride))
    if base.lo is None or base.lo != base.hi or stride.lo != 1:
        return False
    return base.lo >= 0 and base.lo + load.type.lanes <= size
