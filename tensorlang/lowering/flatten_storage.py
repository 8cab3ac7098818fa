"""Turn multi-dimensional accesses into flat loads and stores.

In: a tree of Realize, Provide and Call. Out: Allocate, Store, Accumulate and Load with int64 element indices; a buffer
for each element of a tuple, all of one layout, their Stores in a Simultaneous.
Order: after bounds inference and let substitution; before vectorization, which needs flat indices to find dense
accesses.
Refuses: storage whose extent has no constant bound.
Source: the layout of a buffer is ``sum(coordinate * stride)`` over its storage dimensions, outermost first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tensorlang.bounds.params import param_facts
from tensorlang.bounds.starts import where
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.expr import Binary, BinaryOp, Call, Const, Expr, Load, index
from tensorlang.ir.stmt import (
    Accumulate,
    Allocate,
    Block,
    For,
    IfThenElse,
    LetStmt,
    LoopKind,
    Prefetch,
    Provide,
    Races,
    Range,
    Realize,
    Stmt,
    Store,
)
from tensorlang.ir.visitor import at_once, block, map_children, map_exprs, map_substatements
from tensorlang.legality.regions import check_storage_has_a_size
from tensorlang.lowering.build_loop_nests import Kept
from tensorlang.schedule.associativity import find_accumulation
from tensorlang.schedule.resolved import ResolvedSchedule, StorageDim
from tensorlang.schedule.rules import refuse
from tensorlang.symbolic.enumeration import find_largest
from tensorlang.symbolic.facts import Facts
from tensorlang.symbolic.simplify import simplify


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the elements of a buffer are: ``sum(((arg - min) // divisor) % modulus * stride)`` over `axes`.

    Where `folds` names a factor for a position, ``(arg - min) % factor`` stands for ``arg - min``.
    """

    mins: tuple[Expr, ...]
    axes: tuple[tuple[int, int, int | None, int], ...]
    size: int
    folds: tuple[int | None, ...] = ()

    def index(self, args: tuple[Expr, ...], facts: Facts) -> Expr:
        """The flat element index of coordinates `args`."""
        total: Expr = index(0)
        for position, divisor, modulus, stride in self.axes:
            at: Expr = Binary(BinaryOp.SUB, args[position], self.mins[position])
            factor = self.folds[position] if self.folds else None
            if factor is not None:
                at = Binary(BinaryOp.MOD, at, index(factor))
            if divisor != 1:
                at = Binary(BinaryOp.FLOOR_DIV, at, index(divisor))
            if modulus is not None:
                at = Binary(BinaryOp.MOD, at, index(modulus))
            total = Binary(BinaryOp.ADD, total, Binary(BinaryOp.MUL, at, index(stride)))
        return simplify(total, facts)


def row_major(shape: tuple[int, ...]) -> Layout:
    """The layout of a C-contiguous NumPy array."""
    axes, stride = [], 1
    for position in reversed(range(len(shape))):
        axes.append((position, 1, None, stride))
        stride *= shape[position]
    return Layout((index(0),) * len(shape), tuple(reversed(axes)), stride)


_NOT_FOLDED: Mapping[str, int] = {}


def storage_shape(
    name: str,
    dims: tuple[str, ...],
    storage: tuple[StorageDim, ...],
    box: tuple[Range, ...],
    facts: Facts,
    folds: Mapping[str, int] = _NOT_FOLDED,
) -> tuple[int, ...]:
    """Extents of the storage dimensions of a Func over `box`, outermost first, folded and with padding."""
    sizes = {dim: folds.get(dim) or _extent(name, dim, side, facts) for dim, side in zip(dims, box, strict=True)}
    extents = [-(-sizes[dim.var] // dim.divisor) if dim.modulus is None else dim.modulus for dim in storage]
    return tuple(-(-extent // dim.align) * dim.align for extent, dim in zip(extents, storage, strict=True))


def storage_layout(
    name: str,
    dims: tuple[str, ...],
    storage: tuple[StorageDim, ...],
    box: tuple[Range, ...],
    facts: Facts,
    folds: Mapping[str, int] = _NOT_FOLDED,
) -> Layout:
    """The layout of a Func's own storage over `box`, by the storage directives of its schedule."""
    axes: list[tuple[int, int, int | None, int]] = []
    stride = 1
    extents = storage_shape(name, dims, storage, box, facts, folds)
    for dim, extent in zip(reversed(storage), reversed(extents), strict=True):
        axes.append((dims.index(dim.var), dim.divisor, dim.modulus, stride))
        stride *= extent
    factors = tuple(folds.get(dim) for dim in dims) if folds else ()
    return Layout(tuple(side.min for side in box), tuple(reversed(axes)), stride, factors)


def _extent(name: str, dim: str, side: Range, facts: Facts) -> int:
    refuse(check_storage_has_a_size(name, dim, side, facts))
    bound = facts.of(side.extent).hi
    assert bound is not None, "the extent of storage is bounded"
    largest = None if isinstance(side.extent, Const) else find_largest(side.extent, facts)
    return max(bound if largest is None else min(bound, largest), 0)


class StorageFlattener:
    """Flattens trees of one pipeline.

    `layouts` holds the buffers that exist outside the trees, `kept` what is special about those that exist inside.
    """

    def __init__(
        self,
        algorithm: Algorithm,
        resolved: ResolvedSchedule,
        layouts: Mapping[str, Layout],
        kept: Mapping[str, Kept],
    ) -> None:
        self.algorithm, self.resolved, self.outside, self.kept = algorithm, resolved, layouts, kept
        self.hoisted: dict[str, list[Allocate]] = {}

    def flatten(self, stmt: Stmt) -> Stmt:
        """`stmt` over flat buffers."""
        flat = self._flatten(stmt, self.outside, param_facts(self.algorithm))
        return self._allocated(list(self.hoisted), flat)

    def _allocated(self, names: Sequence[str], body: Stmt) -> Stmt:
        """`body` with the memory of some Funcs allocated around it."""
        for name in names:
            body = _within(self.hoisted.pop(name), body)
        return body

    def _flatten(self, stmt: Stmt, layouts: Mapping[str, Layout], facts: Facts) -> Stmt:
        match stmt:
            case Realize(name, _, box, memory, body):
                func = self.algorithm.func(name)
                kept = self.kept.get(name, Kept())
                layout = storage_layout(name, func.vars, self.resolved.funcs[name].storage, box, facts, kept.folds)
                inner = self._flatten(body, {**layouts, name: layout}, facts)
                memories = [Allocate(buffer, kind, layout.size, memory, Block(())) for buffer, kind in func.elements]
                if kept.hoist is None:
                    return _within(memories, inner)
                self.hoisted[name] = memories
                return inner
            case Prefetch():
                return self._prefetches(stmt, layouts, facts)
            case Provide():
                return self._stores(stmt, layouts, facts)
            case For(var, extent, kind, body):
                before = set(self.hoisted)
                inner = self._flatten(body, layouts, facts.with_loop(var, extent))
                leaving = [name for name in self.hoisted if name not in before]
                # Memory that leaves a parallel loop is one piece for each worker: it is allocated just inside.
                is_parallel = kind is LoopKind.PARALLEL
                inner = self._allocated([n for n in leaving if is_parallel or self.kept[n].hoist == var], inner)
                return replace(stmt, extent=_loads(extent, layouts, facts), body=inner)
            case LetStmt(name, value, _):
                facts = facts.with_let(name, value)
            case IfThenElse(condition, then, None):
                inner = self._flatten(then, layouts, where(condition, facts))
                return IfThenElse(_loads(condition, layouts, facts), inner)
        changed = map_exprs(stmt, lambda e: _loads(e, layouts, facts))
        return map_substatements(changed, lambda s: self._flatten(s, layouts, facts))

    def _stores(self, stmt: Provide, layouts: Mapping[str, Layout], facts: Facts) -> Stmt:
        """The stores of all elements but those that keep their value, all at once; or what each accumulates."""
        calls = self.algorithm.func(stmt.name).calls(stmt.args)
        changed = [(call, value) for call, value in zip(calls, stmt.values, strict=True) if call != value]
        at = layouts[stmt.name].index(tuple(_loads(a, layouts, facts) for a in stmt.args), facts)
        if stmt.races is not Races.NONE:
            return block([self._accumulate(stmt, call, value, at, layouts, facts) for call, value in changed])
        return at_once(
            [Store(call.buffer, at, _loads(value, layouts, facts), None, stmt.streamed) for call, value in changed]
        )

    def _prefetches(self, stmt: Prefetch, layouts: Mapping[str, Layout], facts: Facts) -> Stmt:
        """The prefetches of all elements of a tuple, or of one of an Input."""
        names = [func.name for func in self.algorithm.funcs]
        is_func = stmt.name in names
        buffers = [buffer for buffer, _ in self.algorithm.func(stmt.name).elements] if is_func else [stmt.name]
        at = layouts[stmt.name].index(tuple(_loads(a, layouts, facts) for a in stmt.args), facts)
        return block([Prefetch(buffer, (at,)) for buffer in buffers])

    def _accumulate(
        self, stmt: Provide, call: Call, value: Expr, at: Expr, layouts: Mapping[str, Layout], facts: Facts
    ) -> Stmt:
        found = find_accumulation(call, value)
        assert found is not None, "only associative updates accumulate"
        term = _loads(found.term, layouts, facts)
        return Accumulate(call.buffer, at, found.op, term, value.type, atomic=stmt.races is Races.THREADS)


def _within(memories: list[Allocate], body: Stmt) -> Stmt:
    """`body` with memory allocated around it."""
    for memory in reversed(memories):
        body = replace(memory, body=body)
    return body


def _loads(expr: Expr, layouts: Mapping[str, Layout], facts: Facts) -> Expr:
    """`expr` with every Call replaced by a Load."""
    changed = map_children(expr, lambda e: _loads(e, layouts, facts))
    if isinstance(changed, Call):
        return Load(changed.buffer, layouts[changed.name].index(changed.args, facts), None, changed.type)
    return changed
