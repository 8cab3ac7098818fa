"""Estimates the bytes that a kernel moves between levels of memory, from its loop nest: no measurement.

Model. The footprint of a piece of code is what it touches, each line once (`tensorlang.inspection.footprints`). An
array that a loop touches again in its next iteration is still in a cache if what one iteration touches in all fits
into it: the loop then moves the array's footprint over all iterations, once. If it does not fit, the loop moves what
its body moves, in every iteration. So from the innermost loop outwards, for each cache by itself. Half of a cache
counts: sets conflict, and replacement is not exactly of the least recently used. Reads and writes of a line count once
each; neither hardware prefetches, nor the read of a line that is about to be overwritten, are in it; threads share no
cache but the last. At the start every cache is empty.

Source: the layer conditions of H. Stengel, J. Treibig, G. Hager, G. Wellein, "Quantifying performance bottlenecks of
stencil computations using the execution-cache-memory model", ICS 2015, where half the cache is the rule of thumb too;
footprints per loop as in J. Ferrante, V. Sarkar, W. Thrash, "On estimating and enhancing cache effectiveness", 1991.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from tensorlang.inspection.averages import mean
from tensorlang.inspection.footprints import Access, footprint_bytes, make_access
from tensorlang.ir.expr import Expr, Load
from tensorlang.ir.module import Function
from tensorlang.ir.stmt import Accumulate, Allocate, For, IfThenElse, LetStmt, Memory, Stmt, Store
from tensorlang.ir.visitor import free_variables, stmt_exprs, substatements, substitute, walk

_USED_SHARE = 0.5
_Key = tuple[Access, bool]


@dataclass(slots=True)
class _Touched:
    """What a piece of code touches: accesses with their offsets, loops inside it, bytes moved by cache and buffer."""

    accesses: dict[_Key, set[int]] = field(default_factory=dict)
    bound: dict[str, int] = field(default_factory=dict)
    moved: list[dict[str, float]] = field(default_factory=list)


def estimate_traffic(function: Function, cache_bytes: Sequence[int]) -> tuple[float, ...]:
    """Return the bytes that a lowered function moves into each cache from the level behind it.

    Parameters
    ----------
    function : Function
    cache_bytes : sequence of int
        Sizes of the caches [B].

    Returns
    -------
    tuple of float
        One number for each cache, both directions together [B].
    """
    sizes = {p.name: p.type.size_bytes * _elements(p.shape) for p in function.params}
    walker = _Walker(sizes, [_USED_SHARE * size for size in cache_bytes])
    touched = walker.visit(function.body, {}, {})
    return tuple(sum(moved.values()) for moved in touched.moved)


def _elements(shape: tuple[int, ...]) -> int:
    count = 1
    for extent in shape:
        count *= extent
    return count


class _Walker:
    def __init__(self, sizes: Mapping[str, int], capacities: Sequence[float]) -> None:
        self._sizes = dict(sizes)
        self._in_registers: set[str] = set()
        self._capacities = capacities

    def visit(self, stmt: Stmt, extents: dict[str, int], lets: dict[str, Expr]) -> _Touched:
        match stmt:
            case For(var, extent, _, body):
                trips = mean(substitute(extent, lets), extents)
                trips = 1.0 if trips is None else trips
                count = max(1, ceil(trips))
                inner = self.visit(body, {**extents, var: count}, lets)
                return self._enclose([inner], trips, {**inner.bound, var: count})
            case LetStmt(name, value, body):
                return self.visit(body, extents, {**lets, name: substitute(value, lets)})
            case IfThenElse(condition, then, _) if mean(substitute(condition, lets), extents) is None:
                return self.visit(then, extents, lets)  # decided by data or a Param: the case that comes first
            case Allocate(buffer, kind, size, memory, body):
                self._sizes[buffer] = size * kind.size_bytes
                (self._in_registers.add if memory is Memory.REGISTER else self._in_registers.discard)(buffer)
                return self.visit(body, extents, lets)
            case Store() | Accumulate():
                return self._leaf(stmt, lets)
        parts = [self.visit(below, extents, lets) for below in substatements(stmt)]
        return self._enclose(parts, 1.0, {k: v for part in parts for k, v in part.bound.items()})

    def _leaf(self, stmt: Store | Accumulate, lets: Mapping[str, Expr]) -> _Touched:
        touched = _Touched()
        is_sum = isinstance(stmt, Accumulate)
        element = stmt.type.size_bytes if isinstance(stmt, Accumulate) else stmt.value.type.size_bytes
        places = [(stmt.buffer, stmt.index, element, True)] + [(stmt.buffer, stmt.index, element, False)] * is_sum
        for expr in stmt_exprs(stmt):
            loads = (node for node in walk(expr) if isinstance(node, Load))
            places += [(node.buffer, node.index, node.type.size_bytes, False) for node in loads]
        for buffer, at, size_bytes, is_write in places:
            if buffer in self._in_registers:
                continue
            if lets and not free_variables(at).isdisjoint(lets):
                at = substitute(at, lets)
            access, offset = make_access(buffer, at, size_bytes)
            touched.accesses.setdefault((access, is_write), set()).add(offset)
        footprint = self._footprint(touched.accesses, {})
        touched.moved = [dict(footprint) for _ in self._capacities]
        return touched

    def _enclose(self, parts: Sequence[_Touched], times: float, bound: dict[str, int]) -> _Touched:
        """What a sequence of parts touches and moves, or a loop of one part that runs so many times."""
        touched = _Touched(bound=bound)
        for part in parts:
            for key, offsets in part.accesses.items():
                touched.accesses.setdefault(key, set()).update(offsets)
        inside = {k: v for part in parts for k, v in part.bound.items()}
        once = sum(self._footprint(touched.accesses, inside).values())
        all_times = self._footprint(touched.accesses, bound)
        for level, capacity in enumerate(self._capacities):
            if once <= capacity:
                touched.moved.append(dict(all_times))
                continue
            moved: dict[str, float] = {}
            for part in parts:
                for name, size_bytes in part.moved[level].items():
                    moved[name] = moved.get(name, 0.0) + times * size_bytes
            touched.moved.append(moved)
        return touched

    def _footprint(self, accesses: Mapping[_Key, set[int]], bound: Mapping[str, int]) -> dict[str, float]:
        """Bytes touched by buffer, reads and writes each once [B]."""
        found: dict[tuple[str, bool], float] = {}
        for (access, is_write), offsets in accesses.items():
            key = access.buffer, is_write
            size = found.get(key, 0.0) + footprint_bytes(access, offsets, bound)
            found[key] = min(size, self._sizes.get(access.buffer, size))
        total: dict[str, float] = {}
        for (buffer, _), size in found.items():
            total[buffer] = total.get(buffer, 0.0) + size
        return total
