"""Write accumulation as a load, an operation and a store, where no two threads and no two lanes meet.

In: Accumulate statements. Out: only those that are atomic, or whose lanes may be one element, which code generation
takes lane by lane.
Order: after reductions are promoted, which looks for Accumulate; before accumulators are, which looks for loads and
stores.
Refuses: nothing.
"""

from __future__ import annotations

from tensorlang.ir.associative import combine
from tensorlang.ir.expr import Cast, Const, Expr, Load, Ramp
from tensorlang.ir.stmt import Accumulate, Stmt, Store
from tensorlang.ir.visitor import map_substatements


def lower_accumulates(stmt: Stmt) -> Stmt:
    """`stmt` with loads and stores in place of what accumulates without meeting."""
    if isinstance(stmt, Accumulate) and not stmt.atomic and _are_distinct(stmt.index):
        return _as_store(stmt)
    return map_substatements(stmt, lower_accumulates)


def _are_distinct(at: Expr) -> bool:
    """Whether no two lanes of an index are one element."""
    if at.type.lanes == 1:
        return True
    return isinstance(at, Ramp) and isinstance(at.stride, Const) and at.stride.value != 0


def _as_store(stmt: Accumulate) -> Store:
    kind = stmt.type.with_lanes(stmt.index.type.lanes)
    old: Expr = Load(stmt.buffer, stmt.index, stmt.predicate, kind)
    if stmt.value.type == kind:
        return Store(stmt.buffer, stmt.index, combine(stmt.op, old, stmt.value), stmt.predicate)
    total = combine(stmt.op, Cast(stmt.value.type, old), stmt.value)
    return Store(stmt.buffer, stmt.index, Cast(kind, total), stmt.predicate)
