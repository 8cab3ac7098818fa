"""Regions of a Func that a piece of a loop nest reads and writes, in terms of the loops around that piece.

Two regions are kept apart. *Required* points must hold right values. *Touched* points are read or written, but after a
`round_up` tail some of them may be garbage. Storage holds what is touched; loops compute what is required.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tensorlang.ir.expr import Binary, BinaryOp, Call, Expr, index
from tensorlang.ir.stmt import For, LetStmt, Provide, Range, Stmt
from tensorlang.ir.visitor import stmt_exprs, substatements, walk
from tensorlang.symbolic.facts import Facts
from tensorlang.symbolic.intervals import Interval, infer_interval
from tensorlang.symbolic.simplify import simplify

Box = tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class Domain:
    """The values that a let-bound Var takes where results count: ``[min, min + extent)``.

    `exact` says that no other value occurs, as the tails guard or shift; else `round_up` computes more.
    """

    min: Expr
    extent: Expr
    exact: bool

    @property
    def last(self) -> Expr:
        return Binary(BinaryOp.ADD, self.min, Binary(BinaryOp.SUB, self.extent, index(1)))


@dataclass(frozen=True, slots=True)
class Region:
    """Required and touched box of one Func; `touched` holds `required`."""

    required: Box
    touched: Box

    def union(self, other: Region, facts: Facts) -> Region:
        """The smallest region that holds both."""
        return Region(union(self.required, other.required, facts), union(self.touched, other.touched, facts))


def union(a: Box, b: Box, facts: Facts) -> Box:
    """The smallest box that holds both boxes."""
    return tuple(x.union(y, facts) for x, y in zip(a, b, strict=True))


def infer_reads(stmt: Stmt, name: str, domains: Mapping[str, Domain], facts: Facts) -> Region | None:
    """The region of `name` read anywhere in `stmt`, or None if it is not read."""
    return _infer(stmt, name, domains, facts, writes=False)


def infer_writes(stmt: Stmt, name: str, domains: Mapping[str, Domain], facts: Facts) -> Region | None:
    """The region of `name` written anywhere in `stmt`, or None if it is not written."""
    return _infer(stmt, name, domains, facts, writes=True)


def to_ranges(box: Box, facts: Facts) -> tuple[Range, ...]:
    """A bounded box as ranges."""
    ranges = []
    for side in box:
        assert side.lo is not None and side.hi is not None, "callers check for unbounded sides first"
        extent = Binary(BinaryOp.ADD, Binary(BinaryOp.SUB, side.hi, side.lo), index(1))
        ranges.append(Range(side.lo, simplify(extent, facts)))
    return tuple(ranges)


def _infer(stmt: Stmt, name: str, domains: Mapping[str, Domain], facts: Facts, *, writes: bool) -> Region | None:
    accesses = list(_accesses(stmt, name, (), writes=writes))
    if not accesses:
        return None
    required, touched = (_box(accesses, domains, facts, clip=clip) for clip in (True, False))
    return Region(required, union(required, touched, facts))


Binder = For | LetStmt
Access = tuple[tuple[Expr, ...], tuple[Binder, ...]]


def _accesses(stmt: Stmt, name: str, binders: tuple[Binder, ...], *, writes: bool) -> Iterator[Access]:
    """Index tuples of the accesses to `name` in `stmt`, each with the loops and lets around it."""
    if writes:
        if isinstance(stmt, Provide) and stmt.name == name:
            yield stmt.args, binders
    else:
        for expr in stmt_exprs(stmt):
            for node in walk(expr):
                if isinstance(node, Call) and node.name == name:
                    yield node.args, binders
    if isinstance(stmt, For | LetStmt):
        binders = (*binders, stmt)
    for below in substatements(stmt):
        yield from _accesses(below, name, binders, writes=writes)


def _box(accesses: list[Access], domains: Mapping[str, Domain], facts: Facts, *, clip: bool) -> Box:
    """The box of all accesses; `clip` cuts every Var to the values where results count."""
    box: Box | None = None
    scopes: dict[tuple[int, ...], tuple[Mapping[str, Interval], Facts]] = {}
    for args, binders in accesses:
        key = tuple(map(id, binders))
        if key not in scopes:
            scopes[key] = _scope(binders, domains, facts, clip=clip)
        scope, inner = scopes[key]
        sides = tuple(_restrict(infer_interval(a, scope, inner), facts) for a in args)
        box = sides if box is None else union(box, sides, facts)
    assert box is not None, "callers check that there are accesses"
    return box


def _scope(
    binders: tuple[Binder, ...], domains: Mapping[str, Domain], facts: Facts, *, clip: bool
) -> tuple[Mapping[str, Interval], Facts]:
    """Intervals of the variables bound by `binders`, outermost first, and the facts among them."""
    scope: dict[str, Interval] = {}
    for binder in binders:
        if isinstance(binder, For):
            last = infer_interval(Binary(BinaryOp.SUB, binder.extent, index(1)), scope, facts).hi
            scope[binder.var] = Interval(index(0), last)
            facts = facts.with_loop(binder.var, binder.extent)
            continue
        value = infer_interval(binder.value, scope, facts)
        domain = domains.get(binder.name)
        if domain is not None and (clip or domain.exact):
            value = value.clip(*_ends(domain, scope, facts), facts)
        scope[binder.name] = value
    return scope, facts


def _restrict(side: Interval, facts: Facts) -> Interval:
    """The interval simplified with the facts that hold outside the piece alone."""
    lo, hi = (None if end is None else simplify(end, facts) for end in (side.lo, side.hi))
    return Interval(lo, hi)


def _ends(domain: Domain, scope: Mapping[str, Interval], facts: Facts) -> tuple[Expr, Expr]:
    """First and last value of a domain whose own bounds may depend on loops of the scope."""
    first, last = infer_interval(domain.min, scope, facts).lo, infer_interval(domain.last, scope, facts).hi
    assert first is not None and last is not None, "domains are bounded"
    return first, last
