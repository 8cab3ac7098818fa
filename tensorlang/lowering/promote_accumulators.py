"""Keep a tile that a reduction updates in registers for the whole of the reduction.

In: straight-line vector code inside serial loops. Out: over the outermost serial loop in which a tile's addresses do
not change, and where every access to its buffer is that tile, the tile is loaded into register storage before the loop
and stored after it.
Order: after unrolling and vectorization, when a tile is a set of distinct loads and stores, and after what is left to
accumulate has become loads and stores; before code generation.
Refuses: nothing; tiles that may overlap, or that a parallel loop touches, stay in memory.
Source: scalar replacement of array references (Callahan, Carr, Kennedy, PLDI 1990).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from tensorlang.dtypes import DType
from tensorlang.ir.expr import Binary, BinaryOp, Expr, Load, Ramp, Unary, UnaryOp, index
from tensorlang.ir.stmt import Accumulate, Allocate, For, IfThenElse, LetStmt, LoopKind, Memory, Stmt, Store
from tensorlang.ir.visitor import (
    block,
    conjunction,
    free_variables,
    map_children,
    map_exprs,
    map_substatements,
    stmt_exprs,
    substatements,
    walk,
    walk_stmts,
)
from tensorlang.lowering.loop_ends import facts_inside, when_entered
from tensorlang.symbolic.facts import NOTHING_KNOWN, Facts
from tensorlang.symbolic.linear import linearize

# More slots than any register file holds would spill: leave such tiles in memory, where they are now.
_MOST_SLOTS = 64


@dataclass(frozen=True, slots=True)
class _Slot:
    """One load or store address of a tile, with the scalar guard around it."""

    index: Expr
    predicate: Expr | None
    type: DType


@dataclass(frozen=True, slots=True)
class _Access:
    buffer: str
    slot: _Slot
    guard: Expr | None
    is_store: bool
    is_streamed: bool = False


def promote_accumulators(stmt: Stmt, done: frozenset[str] = frozenset(), facts: Facts = NOTHING_KNOWN) -> Stmt:
    """`stmt` with the tiles of its reductions in registers; buffers in `done` stay as they are."""
    if isinstance(stmt, Allocate) and stmt.memory is Memory.REGISTER:
        done = done | {stmt.buffer}
    if isinstance(stmt, For) and stmt.kind is LoopKind.SERIAL:
        for buffer in _candidates(stmt, done):
            accesses = [a for a in _accesses(stmt) if a.buffer == buffer]
            if _is_tile(stmt, accesses):
                entered = when_entered(stmt, partial(_touches, buffer), facts)
                if entered is not None:
                    return promote_accumulators(_hold(stmt, buffer, accesses, entered), done | {buffer}, facts)
    inner = facts_inside(stmt, facts)
    return map_substatements(stmt, lambda s: promote_accumulators(s, done, inner))


def _touches(buffer: str, stmt: Stmt) -> bool:
    """Whether `stmt` itself loads from or stores to `buffer`."""
    if isinstance(stmt, Store) and stmt.buffer == buffer:
        return True
    return any(isinstance(e, Load) and e.buffer == buffer for expr in stmt_exprs(stmt) for e in walk(expr))


def _candidates(loop: For, done: frozenset[str]) -> list[str]:
    """Buffers from outside `loop` that it stores to, always at addresses that it does not change."""
    bound = _bound_in(loop)
    fixed = {s.buffer: False for s in walk_stmts(loop) if isinstance(s, Allocate)}
    for stmt in walk_stmts(loop):
        if isinstance(stmt, Accumulate):
            fixed[stmt.buffer] = False
        if isinstance(stmt, Store) and stmt.buffer not in done and fixed.get(stmt.buffer, True):
            fixed[stmt.buffer] = free_variables(stmt.index).isdisjoint(bound)
    return [buffer for buffer, is_fixed in fixed.items() if is_fixed]


def _bound_in(loop: For) -> set[str]:
    """The loops and names that have no meaning outside `loop`."""
    return {s.var if isinstance(s, For) else s.name for s in walk_stmts(loop) if isinstance(s, For | LetStmt)}


def _accesses(stmt: Stmt, guard: Expr | None = None) -> Iterator[_Access]:
    """All loads and stores in `stmt`."""
    for expr in stmt_exprs(stmt):
        for node in walk(expr):
            if isinstance(node, Load):
                yield _Access(node.buffer, _Slot(node.index, node.predicate, node.type), guard, False)
    if isinstance(stmt, Store):
        yield _Access(stmt.buffer, _Slot(stmt.index, stmt.predicate, stmt.value.type), guard, True, stmt.streamed)
    if isinstance(stmt, IfThenElse):
        yield from _accesses(stmt.then, _and(guard, stmt.condition))
        if stmt.otherwise is not None:
            yield from _accesses(stmt.otherwise, _and(guard, Unary(UnaryOp.NOT, stmt.condition)))
        return
    for below in substatements(stmt):
        yield from _accesses(below, guard)


def _and(a: Expr | None, b: Expr) -> Expr:
    return b if a is None else Binary(BinaryOp.AND, a, b)


def _is_tile(loop: For, accesses: list[_Access]) -> bool:
    """True if the accesses to one buffer in `loop` are to a fixed set of disjoint slots, each read and written."""
    bound = _bound_in(loop)
    if any(isinstance(s, For) and s.kind is LoopKind.PARALLEL for s in walk_stmts(loop)):
        return False
    guards: dict[_Slot, Expr | None] = {}
    for access in accesses:
        parts = [e for e in (access.slot.index, access.slot.predicate, access.guard) if e is not None]
        moves = any(not free_variables(p).isdisjoint(bound) or _reads(p) for p in parts)
        if moves or guards.setdefault(access.slot, access.guard) != access.guard:
            return False
    slots = list(guards)
    return len(slots) <= _MOST_SLOTS and all(
        _disjoint(a, b) for position, a in enumerate(slots) for b in slots[:position]
    )


def _reads(expr: Expr) -> bool:
    return any(isinstance(node, Load) for node in walk(expr))


def _disjoint(a: _Slot, b: _Slot) -> bool:
    """True if two dense slots share no element: their bases differ by a constant of at least a slot's length."""
    dense = all(not isinstance(s.index, Ramp) or s.index.stride == index(1) for s in (a, b))
    dense = dense and all(s.type.lanes == 1 or isinstance(s.index, Ramp) for s in (a, b))
    if not dense:
        return False
    gap = linearize(_base(a)).plus(linearize(_base(b)), -1)
    if not gap.is_constant:
        return False
    return gap.constant >= b.type.lanes or -gap.constant >= a.type.lanes


def _base(slot: _Slot) -> Expr:
    return slot.index.base if isinstance(slot.index, Ramp) else slot.index


def _hold(loop: For, buffer: str, accesses: list[_Access], entered: tuple[Expr, ...]) -> Stmt:
    """`loop` with the tile of `buffer` in register storage around it, loaded and stored where all `entered` hold."""
    guards = {a.slot: a.guard for a in accesses}
    stored = {a.slot for a in accesses if a.is_store}
    streamed = {a.slot for a in accesses if a.is_streamed}
    names = {slot: f"{buffer}.held{number}" for number, slot in enumerate(guards)}
    before: list[Stmt] = []
    after: list[Stmt] = []
    for slot, name in names.items():
        fetch = Store(name, _register_index(slot), Load(buffer, slot.index, slot.predicate, slot.type))
        before.append(_guarded(fetch, guards[slot]))
        if slot in stored:
            value = Load(name, _register_index(slot), None, slot.type)
            after.append(_guarded(Store(buffer, slot.index, value, slot.predicate, slot in streamed), guards[slot]))
    held = _redirect(loop, buffer, names)
    result = block([_where(entered, before), held, _where(entered, after)])
    for slot, name in reversed(names.items()):
        result = Allocate(name, slot.type.element, slot.type.lanes, Memory.REGISTER, result)
    return result


def _where(conditions: tuple[Expr, ...], stmts: list[Stmt]) -> Stmt:
    return IfThenElse(conjunction(conditions), block(stmts)) if conditions and stmts else block(stmts)


def _guarded(stmt: Stmt, guard: Expr | None) -> Stmt:
    return stmt if guard is None else IfThenElse(guard, stmt)


def _register_index(slot: _Slot) -> Expr:
    return index(0) if slot.type.lanes == 1 else Ramp(index(0), index(1), slot.type.lanes)


def _redirect(stmt: Stmt, buffer: str, names: dict[_Slot, str]) -> Stmt:
    """`stmt` with the loads and stores of `buffer` replaced by those of its registers."""

    def change(expr: Expr) -> Expr:
        if isinstance(expr, Load) and expr.buffer == buffer:
            slot = _Slot(expr.index, expr.predicate, expr.type)
            return Load(names[slot], _register_index(slot), None, expr.type)
        return map_children(expr, change)

    changed = map_exprs(stmt, change)
    if isinstance(changed, Store) and changed.buffer == buffer:
        slot = _Slot(changed.index, changed.predicate, changed.value.type)
        return Store(names[slot], _register_index(slot), changed.value, None)
    return map_substatements(changed, lambda s: _redirect(s, buffer, names))
