"""Shrink loops to the iterations in which their body does something, and drop conditions that then always hold.

In: flat code with conditions that are affine in loops. Out: ``for j in 0..n: if j <= i`` is ``for j in 0..i + 1``; a
loop whose body is under several conditions keeps all iterations in which one may hold. No extent is negative, or
depends on a vectorized loop; vectorized and unrolled loops keep theirs. Prefetches run in the iterations that are left.
Order: before partitioning, which takes the loops that are left apart into a steady state and the rest; and once more
after it, on what it left guarded. Loops that an outer loop only cuts off near its end, as the inner loop of a split,
wait for the second time: in the steady state of the outer loop they are whole.
Refuses: nothing.
Source: Halide's TrimNoOps.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce

from tensorlang.bounds.surroundings import Binder, Surroundings
from tensorlang.ir.expr import Binary, BinaryOp, Expr, Variable, index
from tensorlang.ir.stmt import Accumulate, Block, For, IfThenElse, LetStmt, LoopKind, Prefetch, Stmt, Store
from tensorlang.ir.visitor import (
    conjunction,
    conjuncts,
    free_variables,
    map_substatements,
    rewrite_exprs,
    substatements,
    substitute,
    walk_stmts,
)
from tensorlang.lowering.loop_ends import as_nonnegative, is_plain, unclamped
from tensorlang.lowering.simplify_stmts import simplify_stmts
from tensorlang.symbolic.cases import negation
from tensorlang.symbolic.facts import NOTHING_KNOWN, Facts
from tensorlang.symbolic.intervals import Interval, from_limits, infer_interval, reads_memory
from tensorlang.symbolic.linear import atom, linearize, to_expr
from tensorlang.symbolic.simplify import as_int, simplify

_NOTHING = Block(())
_TRIMMED = (LoopKind.SERIAL, LoopKind.PARALLEL)
# A loop with statements under more kinds of conditions stays, as its ends would be as many.
_MOST_PATHS = 8

_Path = tuple[Binder, ...]


@dataclass(frozen=True, slots=True)
class _Around:
    """The loops, lets and conditions around a statement, and what is known of their names.

    `shared` are the names that an extent may depend on: the lanes of a vector have the loops inside in common.
    """

    binders: _Path = ()
    facts: Facts = NOTHING_KNOWN
    shared: frozenset[str] = frozenset()

    def inside(self, binder: For | LetStmt) -> _Around:
        """What surrounds the body of a loop or a let."""
        if isinstance(binder, For):
            loop = _entered(binder)
            facts = self.facts.with_loop(loop.var, loop.extent)
            shared = self.shared if loop.kind is LoopKind.VECTORIZED else self.shared | {loop.var}
            return _Around((*self.binders, loop), facts, shared)
        facts = self.facts.with_let(binder.name, binder.value)
        shared = self.shared | {binder.name} if free_variables(binder.value) <= self.shared else self.shared
        return _Around((*self.binders, *_of_let(binder)), facts, shared)

    def under(self, condition: Expr) -> _Around:
        """What surrounds that which runs only where `condition` holds."""
        return replace(self, binders=(*self.binders, *_lasting(condition)))

    @property
    def in_all_lanes(self) -> _Path:
        """What is not to stand in an extent, and all conditions."""
        return tuple(b for b in self.binders if not isinstance(b, For | LetStmt) or _name(b) not in self.shared)

    def proves(self, condition: Expr) -> bool:
        """Whether `condition` always holds here."""
        if reads_memory(condition):
            return False
        binders = _connected(self.binders, free_variables(condition))
        # Without ties between its names, limits say all, by which conditions are simplified.
        return any(map(_is_tie, binders)) and Surroundings(binders, {}, self.facts, clip=False).proves(condition)


def trim_loops(stmt: Stmt) -> Stmt:
    """`stmt` with the loops trimmed that are shorter in most iterations of those around them."""
    return _trimmed(stmt, everywhere=False)


def trim_remainders(stmt: Stmt) -> Stmt:
    """`stmt` with all loops trimmed."""
    return _trimmed(stmt, everywhere=True)


def _trimmed(stmt: Stmt, *, everywhere: bool) -> Stmt:
    result = _trim(stmt, _Around(), everywhere=everywhere)
    return stmt if result is stmt else simplify_stmts(result)


def _trim(stmt: Stmt, around: _Around, *, everywhere: bool) -> Stmt:
    if not any(isinstance(s, IfThenElse) for s in walk_stmts(stmt)):
        return stmt
    inside = around
    match stmt:
        case IfThenElse():
            return _trim_condition(stmt, around, everywhere=everywhere)
        case For() if stmt.kind in _TRIMMED:
            loop = _shortened(stmt, around, everywhere=everywhere)
            if loop is None:
                return _NOTHING
            stmt, inside = loop, around.inside(loop)
        case For() | LetStmt():
            inside = around.inside(stmt)
    return map_substatements(stmt, lambda s: _trim(s, inside, everywhere=everywhere))


def _trim_condition(stmt: IfThenElse, around: _Around, *, everywhere: bool) -> Stmt:
    """A condition without the conjuncts that always hold here."""
    parts = conjuncts(stmt.condition)
    left = [part for part in parts if not around.proves(part)]
    if not left:
        return _trim(stmt.then, around, everywhere=everywhere)
    contrary = negation(stmt.condition)
    otherwise = stmt.otherwise
    if otherwise is not None:
        otherwise = _trim(otherwise, around.under(contrary), everywhere=everywhere)
    if around.proves(contrary):
        return _NOTHING if otherwise is None else otherwise
    then = _trim(stmt.then, around.under(stmt.condition), everywhere=everywhere)
    if len(left) == len(parts) and then is stmt.then and otherwise is stmt.otherwise:
        return stmt
    return IfThenElse(conjunction(left), then, otherwise)


def _shortened(loop: For, around: _Around, *, everywhere: bool) -> For | None:
    """`loop` over the iterations in which its body does something; None if there are none."""
    paths = list(_distinct(_paths(loop.body, ())))
    if not 0 < len(paths) <= _MOST_PATHS or not all(
        _may_end(loop, path, around, everywhere=everywhere) for path in paths
    ):
        return loop
    ends = [_active(loop, path, around) for path in paths]
    some = [end for end in ends if end is not None]
    if not some:
        return loop if any(isinstance(s, Prefetch) for s in walk_stmts(loop.body)) else None
    whole = simplify(Binary(BinaryOp.SUB, unclamped(loop.extent), index(1)), around.facts)
    first = _outermost([lo for lo, _ in some], BinaryOp.MIN, index(0), around)
    last = _outermost([hi for _, hi in some], BinaryOp.MAX, whole, around)
    if (first, last) == (index(0), whole):
        return loop
    shifted = Binary(BinaryOp.ADD, Variable(loop.var), first)
    body = loop.body if first == index(0) else rewrite_exprs(loop.body, lambda e: substitute(e, {loop.var: shifted}))
    return replace(loop, extent=_count(first, last, around.facts), body=body)


def _count(first: Expr, last: Expr, facts: Facts) -> Expr:
    """How many iterations there are from `first` to `last`."""
    count = Binary(BinaryOp.ADD, Binary(BinaryOp.SUB, last, first), index(1))
    return simplify(Binary(BinaryOp.MAX, count, index(0)), facts)


def _active(loop: For, path: _Path, around: _Around) -> tuple[Expr | None, Expr | None] | None:
    """The first and the last iteration of `loop` in which what is at the end of `path` may run; None if it never does.

    An end is None if it is not known outside the loop.
    """
    binders = _connected((*around.in_all_lanes, _entered(loop), *path), frozenset((loop.var,)))
    here = Surroundings(binders, {}, around.facts, clip=False)
    box = here.box((Variable(loop.var),))
    if box is None:
        return None
    lo, hi = (
        end if end is not None and free_variables(end) <= around.shared else None for end in (box[0].lo, box[0].hi)
    )
    return lo, hi


def _outermost(ends: list[Expr | None], op: BinaryOp, whole: Expr, around: _Around) -> Expr:
    """The end of the iterations that any of several statements needs; `whole`, the end of all, if it is not simple."""
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return whole
    needed = reduce(lambda a, b: simplify(Binary(op, a, b), around.facts), known)
    # What a statement needs may be said loosely, beyond the end of all.
    inner = BinaryOp.MAX if op is BinaryOp.MIN else BinaryOp.MIN
    result = simplify(Binary(inner, needed, whole), around.facts)
    return result if is_plain(result) else whole


def _paths(stmt: Stmt, path: _Path) -> Iterator[_Path]:
    """The loops, lets and conditions around each store in `stmt`."""
    match stmt:
        case Store() | Accumulate():
            yield path
        case For():
            yield from _paths(stmt.body, (*path, _entered(stmt)))
        case LetStmt():
            yield from _paths(stmt.body, (*path, *_of_let(stmt)))
        case IfThenElse(condition, then, otherwise):
            yield from _paths(then, (*path, *_lasting(condition)))
            if otherwise is not None:
                yield from _paths(otherwise, (*path, *_lasting(negation(condition))))
        case _:
            for below in substatements(stmt):
                yield from _paths(below, path)


def _distinct(paths: Iterator[_Path]) -> Iterator[_Path]:
    """The paths without those that are the same object as the one before."""
    before: _Path | None = None
    for path in paths:
        if path is not before:
            yield path
        before = path


@dataclass(frozen=True, slots=True)
class _Inner:
    """What is bound inside a loop, in each lane, and in the loop itself: intervals of names, and limits."""

    scope: dict[str, Interval]
    facts: Facts

    def inside(self, binder: For | LetStmt) -> _Inner:
        if isinstance(binder, LetStmt):
            limits = self.facts.of(binder.value)
            scope = {**self.scope, binder.name: from_limits(limits)}
            return _Inner(scope, self.facts.with_limits(binder.name, limits))
        last = infer_interval(Binary(BinaryOp.SUB, binder.extent, index(1)), self.scope, self.facts).hi
        facts = self.facts.with_loop(binder.var, binder.extent)
        return _Inner({**self.scope, binder.var: Interval(index(0), last)}, facts)


def _may_end(loop: For, path: _Path, around: _Around, *, everywhere: bool) -> bool:
    """Whether a condition of `path` may keep what is at its end from running in the first or the last iterations.

    A quick look at each condition on its own, which is enough for most loops.
    """
    inner, names = _Inner({}, around.facts.with_loop(loop.var, loop.extent)), {loop.var}
    for binder in (*around.in_all_lanes, *path):
        if isinstance(binder, For | LetStmt):
            if not names.isdisjoint(_names_of(binder)):
                names.add(_name(binder))
            inner = inner.inside(binder)
        elif not names.isdisjoint(free_variables(binder)):
            outside = around if not everywhere else _Around()
            if _may_cut(binder, loop, inner, outside):
                return True
    return False


def _may_cut(condition: Expr, loop: For, inner: _Inner, outside: _Around) -> bool:
    """Whether `condition` may exclude an end of `loop`, and not only where one step of a loop outside excludes all."""
    form = as_nonnegative(condition)
    if form is None:
        return True
    var = Variable(loop.var)
    step = form.coefficient(var)
    rest = form.plus(atom(var), -step)
    if step == 0 or any(loop.var in free_variables(term) for term, _ in rest.terms):
        return True
    end = index(0) if step > 0 else Binary(BinaryOp.SUB, loop.extent, index(1))
    most = infer_interval(to_expr(rest.plus(linearize(end), step)), inner.scope, inner.facts).hi
    if most is not None and inner.facts.proves_at_least(linearize(most), 0):
        return False
    extent = as_int(loop.extent)
    loops = [b for b in outside.binders if isinstance(b, For) and b.kind in _TRIMMED]
    return extent is None or all(abs(rest.coefficient(Variable(b.var))) < abs(step) * extent for b in loops)


def _connected(binders: _Path, names: frozenset[str]) -> _Path:
    """Those of `binders` that say something of `names`, or of what these depend on."""
    pending, kept = list(binders), set[int]()
    while True:
        found = [b for b in pending if not names.isdisjoint(_names_of(b))]
        if not found:
            return tuple(b for b in binders if id(b) in kept)
        kept.update(map(id, found))
        names = names.union(*map(_names_of, found))
        pending = [b for b in pending if id(b) not in kept]


def _name(binder: For | LetStmt) -> str:
    return binder.var if isinstance(binder, For) else binder.name


def _names_of(binder: Binder) -> frozenset[str]:
    match binder:
        case For(var=name, extent=value) | LetStmt(name=name, value=value):
            return free_variables(value) | {name}
    return free_variables(binder)


def _is_tie(binder: Binder) -> bool:
    """Whether a binder is a condition, or a loop whose extent varies."""
    return not isinstance(binder, LetStmt) and not (isinstance(binder, For) and as_int(binder.extent) is not None)


def _entered(loop: For) -> For:
    """`loop` as its body knows it: it has iterations."""
    extent = unclamped(loop.extent)
    return loop if extent is loop.extent else replace(loop, extent=extent)


def _of_let(let: LetStmt) -> _Path:
    """A let of an index, as far as it says something of other names; any other is just a name."""
    is_known = let.value.type.is_integer and let.value.type.lanes == 1 and not reads_memory(let.value)
    return (let,) if is_known else ()


def _lasting(condition: Expr) -> _Path:
    """The parts of a condition that hold as long as the loops stay where they are, whatever is stored."""
    return tuple(part for part in conjuncts(condition) if not reads_memory(part))
