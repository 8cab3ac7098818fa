"""Put prefetches of what later iterations read at the top of the loops that ask for them.

In: placed loop nests whose loops have `prefetches` among their hints. Out: the same with loops over Prefetch at the top
of those bodies, one for each cache line of the box that the body reads, `offset` iterations of a loop ahead.
Order: after all Funcs are placed, so that reads and storage are known; before storage is flattened, as what is fetched
is given by coordinates.
Refuses: prefetches of what is not read there, is stored inside the loop, or is held in registers, through `report`.
Source: Halide's Prefetch.cpp.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tensorlang.bounds.params import param_facts
from tensorlang.bounds.regions import infer_reads
from tensorlang.bounds.surroundings import Domain
from tensorlang.errors import TensorlangError
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.expr import Binary, BinaryOp, Compare, CompareOp, Expr, Variable, index
from tensorlang.ir.stmt import For, IfThenElse, LetStmt, Lookahead, LoopKind, Memory, Prefetch, Range, Realize, Stmt
from tensorlang.ir.visitor import block, conjunction, map_substatements, substitute
from tensorlang.legality.prefetching import (
    check_prefetched_is_in_memory,
    check_prefetched_is_read,
    check_prefetched_outlives_the_loop,
)
from tensorlang.schedule.resolved import ResolvedSchedule, StorageDim
from tensorlang.symbolic.facts import Facts
from tensorlang.symbolic.simplify import TRUE, simplify

# What one prefetch brings near [B]: the cache line of all x86 and most ARM processors.
LINE_BYTES = 64


@dataclass(frozen=True, slots=True)
class _Storage:
    """A buffer in scope: the box of its coordinates, how its innermost dimension is stored, bytes of an element [B].

    `loops` are those around it.
    """

    box: tuple[Range, ...]
    innermost: StorageDim | None
    dims: tuple[str, ...]
    element_bytes: int
    loops: frozenset[str]
    memory: Memory = Memory.HEAP


@dataclass(frozen=True, slots=True)
class _Scope:
    """What surrounds a statement: limits, values of names in terms of loops, storage by name, loops."""

    facts: Facts
    lets: Mapping[str, Expr]
    storage: Mapping[str, _Storage]
    loops: frozenset[str] = frozenset()


class PrefetchInjector:
    """Injects the prefetches of one pipeline; `boxes` are the storage of its outputs and its state."""

    def __init__(
        self,
        algorithm: Algorithm,
        resolved: ResolvedSchedule,
        boxes: Mapping[str, tuple[Range, ...]],
        domains: Mapping[str, Domain],
        report: Callable[[TensorlangError], None],
    ) -> None:
        self.algorithm, self.resolved, self.domains, self.report = algorithm, resolved, domains, report
        outside = {name: self._func_storage(name, box, frozenset()) for name, box in boxes.items()}
        for source in algorithm.inputs:
            dims = tuple(map(str, range(len(source.shape))))
            box = tuple(Range(index(0), index(extent)) for extent in source.shape)
            innermost = StorageDim(dims[-1], dims[-1], 1, None, 1) if dims else None
            outside[source.name] = _Storage(box, innermost, dims, source.type.size_bytes, frozenset())
        self.scope = _Scope(param_facts(algorithm), {}, outside)

    def inject(self, stmt: Stmt) -> Stmt:
        """`stmt` with its prefetches."""
        return self._inject(stmt, self.scope)

    def _func_storage(
        self, name: str, box: tuple[Range, ...], loops: frozenset[str], memory: Memory = Memory.HEAP
    ) -> _Storage:
        func, dims = self.algorithm.func(name), self.resolved.funcs[name].storage
        size = max(kind.size_bytes for _, kind in func.elements)
        return _Storage(box, dims[-1] if dims else None, func.vars, size, loops, memory)

    def _inject(self, stmt: Stmt, scope: _Scope) -> Stmt:
        match stmt:
            case For(var, extent, _, body, hints):
                scope = replace(scope, facts=scope.facts.with_loop(var, extent), loops=scope.loops | {var})
                changed = self._inject(body, scope)
                made = [self._fetch(ahead, number, stmt, scope) for number, ahead in enumerate(hints.prefetches)]
                return replace(
                    stmt,
                    body=block([*(fetch for fetch in made if fetch is not None), changed]),
                    hints=replace(hints, prefetches=()),
                )
            case LetStmt(name, value, _):
                lets = {**scope.lets, name: substitute(value, scope.lets)}
                scope = replace(scope, facts=scope.facts.with_let(name, value), lets=lets)
            case Realize(name, _, box, memory, _):
                kept = self._func_storage(name, box, scope.loops, memory)
                scope = replace(scope, storage={**scope.storage, name: kept})
        return map_substatements(stmt, lambda s: self._inject(s, scope))

    def _fetch(self, ahead: Lookahead, number: int, loop: For, scope: _Scope) -> Stmt | None:
        """The prefetches that loop `loop` asks for, or None with a report."""
        region = infer_reads(loop.body, ahead.name, self.domains, scope.facts)
        stored = scope.storage.get(ahead.name)
        error = (
            check_prefetched_is_read(self.resolved, loop.var, ahead, region)
            or check_prefetched_outlives_the_loop(
                self.resolved, loop.var, ahead, None if stored is None else stored.loops
            )
            or check_prefetched_is_in_memory(self.resolved, loop.var, ahead, None if stored is None else stored.memory)
        )
        if error is not None:
            self.report(error)
        if error is not None or region is None or stored is None:
            return None
        later = {ahead.loop: Binary(BinaryOp.ADD, Variable(ahead.loop), index(ahead.offset))}
        sides = []
        for side, held in zip(region.required, stored.box, strict=True):
            # Reads have ends, as those of the whole tree were checked; seen from one loop they may be out of sight.
            last = Binary(BinaryOp.SUB, Binary(BinaryOp.ADD, held.min, held.extent), index(1))
            given = (held.min if side.lo is None else side.lo, last if side.hi is None else side.hi)
            ends = (substitute(substitute(end, scope.lets), later) for end in given)
            sides.append(tuple(simplify(end, scope.facts) for end in ends))
        return _loops(f"{loop.var}.prefetch{number}", ahead, sides, stored, scope.facts)


def _loops(prefix: str, ahead: Lookahead, sides: list[tuple[Expr, ...]], stored: _Storage, facts: Facts) -> Stmt:
    """Loops over the lines of a box, given by first and last coordinates, as far as they are in the buffer."""
    conditions: list[Expr] = []
    coordinates: list[Expr] = []
    loops: list[tuple[str, Expr]] = []
    for position, ((first, last), kept) in enumerate(zip(sides, stored.box, strict=True)):
        end = Binary(BinaryOp.SUB, Binary(BinaryOp.ADD, kept.min, kept.extent), index(1))
        if ahead.is_clamped:
            first, last = _clamp(first, kept.min, end), _clamp(last, kept.min, end)
        else:
            conditions += [Compare(CompareOp.GE, first, kept.min), Compare(CompareOp.LE, last, end)]
        step, var = _line(stored, position), f"{prefix}.{position}"
        rounds = Binary(BinaryOp.FLOOR_DIV, Binary(BinaryOp.SUB, last, first), index(step))
        loops.append((var, simplify(Binary(BinaryOp.ADD, rounds, index(1)), facts)))
        along = Binary(BinaryOp.MUL, Variable(var), index(step))
        coordinates.append(Binary(BinaryOp.ADD, first, along))
    result: Stmt = Prefetch(ahead.name, tuple(coordinates))
    for var, extent in reversed(loops):
        result = For(var, extent, LoopKind.SERIAL, result)
    needed = [c for c in (simplify(condition, facts) for condition in conditions) if c != TRUE]
    return IfThenElse(conjunction(needed), result) if needed else result


def _clamp(side: Expr, low: Expr, high: Expr) -> Expr:
    return Binary(BinaryOp.MAX, Binary(BinaryOp.MIN, side, high), low)


def _line(stored: _Storage, position: int) -> int:
    """How many coordinates of a dimension lie next to each other in one cache line."""
    dim = stored.innermost
    if dim is None or dim.divisor != 1 or stored.dims.index(dim.var) != position:
        return 1
    lanes = max(1, LINE_BYTES // stored.element_bytes)
    return lanes if dim.modulus is None else min(lanes, dim.modulus)
