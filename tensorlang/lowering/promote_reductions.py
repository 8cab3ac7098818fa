"""Gather what a loop accumulates in one element in registers, and accumulate it there once, after the loop.

In: straight-line vector code with Accumulate statements inside serial loops. Out: over the outermost serial loop in
which the element does not change, and where its buffer is only accumulated in by one operator, the terms are combined
in registers that begin with the identity. Terms that are vectors are combined lane by lane, and reduced to one after
the loop. Each of several copies of a statement, as unrolling makes them, has registers of its own, so that one need not
wait for the other.
Order: after vectorization, which makes vectors of terms, and after unrolling, which makes copies; before Accumulate
becomes loads and stores.
Refuses: nothing; what a parallel loop accumulates, or what depends on more than the loops outside, stays in memory.
Source: modulo variable expansion (Lam, PLDI 1988).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from tensorlang.dtypes import DType
from tensorlang.ir.associative import combine, identity
from tensorlang.ir.expr import Binary, BinaryOp, Expr, Load, Ramp, Unary, UnaryOp, VectorReduce, index
from tensorlang.ir.stmt import Accumulate, Allocate, For, IfThenElse, LoopKind, Memory, Stmt, Store
from tensorlang.ir.visitor import (
    block,
    conjunction,
    free_variables,
    map_substatements,
    substatements,
    walk,
    walk_exprs,
    walk_stmts,
)
from tensorlang.lowering.loop_ends import facts_inside, when_entered
from tensorlang.symbolic.facts import NOTHING_KNOWN, Facts

# More would not all be in registers.
_MOST_SLOTS = 64
# Copies hide the latency of an operation: eight are enough where two begin at a time and one takes four cycles. All
# together take half of the registers at most; the other half is for operands.
_MOST_COPIES = 8
_COPIES_BYTES = 512


@dataclass(frozen=True, slots=True)
class _Slot:
    """An element, or a vector of them, with the guard around it, and the type of the terms that it accumulates."""

    index: Expr
    predicate: Expr | None
    guard: Expr | None
    terms: DType


@dataclass(slots=True)
class _Gathering:
    """The slots that one loop accumulates in, in order, and how many statements do so in each."""

    buffer: str
    stmt: Accumulate
    counts: dict[_Slot, int] = field(default_factory=dict)

    @property
    def copies(self) -> dict[_Slot, int]:
        """How many registers each slot gets."""
        size_bytes = sum(slot.terms.size_bytes * slot.terms.lanes for slot in self.counts)
        most = max(1, min(_MOST_COPIES, _COPIES_BYTES // size_bytes))
        return {slot: min(count, most) for slot, count in self.counts.items()}


def promote_reductions(stmt: Stmt, facts: Facts = NOTHING_KNOWN) -> Stmt:
    """`stmt` with the terms of its reductions gathered in registers."""
    inner = facts_inside(stmt, facts)
    if isinstance(stmt, For) and stmt.kind is LoopKind.SERIAL:
        for buffer in dict.fromkeys(s.buffer for s in walk_stmts(stmt) if isinstance(s, Accumulate)):
            found = _find(stmt, buffer)
            entered = None if found is None else when_entered(stmt, partial(_touches, buffer), facts)
            if found is not None and entered is not None:
                gathered = _gather(stmt, found, entered)
                return map_substatements(gathered, lambda s: promote_reductions(s, facts))
    return map_substatements(stmt, lambda s: promote_reductions(s, inner))


def _touches(buffer: str, stmt: Stmt) -> bool:
    return isinstance(stmt, Accumulate) and stmt.buffer == buffer


def _find(loop: For, buffer: str) -> _Gathering | None:
    """What `loop` accumulates in `buffer`, if it can be gathered."""
    if not _is_only_accumulated(loop, buffer):
        return None
    changed = {s.var for s in walk_stmts(loop) if isinstance(s, For)}
    found: _Gathering | None = None
    for stmt, guard in _accumulates(loop, buffer, None):
        found = found or _Gathering(buffer, stmt)
        slot = _Slot(stmt.index, stmt.predicate, guard, _term(stmt).type)
        parts = [part for part in (slot.index, slot.predicate, slot.guard) if part is not None]
        if stmt.op is not found.stmt.op or any(_moves(part, changed) for part in parts):
            return None
        found.counts[slot] = found.counts.get(slot, 0) + 1
    return found if found is not None and len(found.counts) <= _MOST_SLOTS else None


def _is_only_accumulated(loop: For, buffer: str) -> bool:
    """Whether `loop` does nothing else with `buffer`, and runs in one thread."""
    for stmt in walk_stmts(loop):
        match stmt:
            case For(kind=LoopKind.PARALLEL):
                return False
            case Store(buffer=name) | Allocate(buffer=name) if name == buffer:
                return False
    return all(not isinstance(node, Load) or node.buffer != buffer for node in walk_exprs(loop))


def _moves(expr: Expr, changed: set[str]) -> bool:
    return not free_variables(expr).isdisjoint(changed) or any(isinstance(node, Load) for node in walk(expr))


def _accumulates(stmt: Stmt, buffer: str, guard: Expr | None) -> Iterator[tuple[Accumulate, Expr | None]]:
    """The statements in `stmt` that accumulate in `buffer`, each with the conditions around it."""
    if isinstance(stmt, Accumulate) and stmt.buffer == buffer:
        yield stmt, guard
    if isinstance(stmt, IfThenElse):
        yield from _accumulates(stmt.then, buffer, _and(guard, stmt.condition))
        if stmt.otherwise is not None:
            yield from _accumulates(stmt.otherwise, buffer, _and(guard, Unary(UnaryOp.NOT, stmt.condition)))
        return
    for below in substatements(stmt):
        yield from _accumulates(below, buffer, guard)


def _and(a: Expr | None, b: Expr) -> Expr:
    return b if a is None else Binary(BinaryOp.AND, a, b)


def _term(stmt: Accumulate) -> Expr:
    """What is combined in registers: the lanes of a vector before they are reduced."""
    is_reduced = isinstance(stmt.value, VectorReduce) and stmt.value.op is stmt.op
    return stmt.value.value if is_reduced and isinstance(stmt.value, VectorReduce) else stmt.value


def _gather(loop: For, found: _Gathering, entered: tuple[Expr, ...]) -> Stmt:
    """`loop` with registers for `found` around it, that are accumulated where all `entered` hold."""
    op, copies = found.stmt.op, found.copies
    names = {
        slot: [f"{found.buffer}.sum{number}_{copy}" for copy in range(copies[slot])]
        for number, slot in enumerate(found.counts)
    }
    before = [Store(name, _all(slot.terms), identity(op, slot.terms)) for slot, own in names.items() for name in own]
    within = _redirect(loop, found.buffer, names, dict.fromkeys(names, 0), None)
    after = block([_accumulate(found.stmt, slot, own) for slot, own in names.items()])
    result = block([*before, within, IfThenElse(conjunction(entered), after) if entered else after])
    for slot, own in names.items():
        for name in own:
            result = Allocate(name, slot.terms.element, slot.terms.lanes, Memory.REGISTER, result)
    return result


def _accumulate(stmt: Accumulate, slot: _Slot, names: list[str]) -> Stmt:
    """Accumulate what is in the registers of a slot."""
    parts: list[Expr] = [Load(name, _all(slot.terms), None, slot.terms) for name in names]
    while len(parts) > 1:
        # Neighbours first: a tree is shallower than a chain.
        pairs = [Binary(stmt.op, a, b) for a, b in zip(parts[::2], parts[1::2], strict=False)]
        parts = pairs + parts[2 * len(pairs) :]
    total = parts[0]
    if slot.terms.lanes > slot.index.type.lanes:
        total = VectorReduce(stmt.op, total)
    done = replace(stmt, index=slot.index, value=total, predicate=slot.predicate)
    return done if slot.guard is None else IfThenElse(slot.guard, done)


def _redirect(
    stmt: Stmt, buffer: str, names: dict[_Slot, list[str]], seen: dict[_Slot, int], guard: Expr | None
) -> Stmt:
    """`stmt` with what it accumulates in `buffer` combined in registers; `seen` counts statements of each slot."""
    if isinstance(stmt, Accumulate) and stmt.buffer == buffer:
        term = _term(stmt)
        slot = _Slot(stmt.index, stmt.predicate, guard, term.type)
        name = names[slot][seen[slot] % len(names[slot])]
        seen[slot] += 1
        at = _all(term.type)
        return Store(name, at, combine(stmt.op, Load(name, at, None, term.type), term))
    if isinstance(stmt, IfThenElse):
        then = _redirect(stmt.then, buffer, names, seen, _and(guard, stmt.condition))
        otherwise = stmt.otherwise
        if otherwise is not None:
            denied = _and(guard, Unary(UnaryOp.NOT, stmt.condition))
            otherwise = _redirect(otherwise, buffer, names, seen, denied)
        return IfThenElse(stmt.condition, then, otherwise)
    return map_substatements(stmt, lambda s: _redirect(s, buffer, names, seen, guard))


def _all(kind: DType) -> Expr:
    """The index of a whole register."""
    return index(0) if kind.lanes == 1 else Ramp(index(0), index(1), kind.lanes)
