"""Regions of a Func that a piece of a loop nest reads and writes, in terms of the loops around that piece.

Two regions are kept apart. *Required* points must hold right values. *Touched* points are read or written, but after a
`round_up` tail some of them may be garbage. Storage holds what is touched; loops compute what is required.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tensorlang.bounds.starts import is_start
from tensorlang.bounds.surroundings import Binder, Box, Domain, Surroundings
from tensorlang.ir.expr import Binary, BinaryOp, Call, Compare, CompareOp, Const, Expr, index
from tensorlang.ir.stmt import For, IfThenElse, LetStmt, Provide, Range, Stmt
from tensorlang.ir.visitor import stmt_exprs, substatements, walk
from tensorlang.symbolic.cases import negation
from tensorlang.symbolic.facts import Facts
from tensorlang.symbolic.intervals import Interval
from tensorlang.symbolic.simplify import simplify


@dataclass(frozen=True, slots=True)
class Region:
    """Required and touched box of one Func; `touched` holds `required`."""

    required: Box
    touched: Box

    def union(self, other: Region, facts: Facts) -> Region:
        """The smallest region that holds both."""
        return Region(union(self.required, other.required, facts), union(self.touched, other.touched, facts))


# What is never accessed.
_EMPTY = Interval(index(0), index(-1))


def is_empty(box: Box) -> bool:
    """True if a box is known to hold nothing."""
    return any(
        isinstance(side.lo, Const) and isinstance(side.hi, Const) and side.hi.value < side.lo.value for side in box
    )


def union(a: Box, b: Box, facts: Facts) -> Box:
    """The smallest box that holds both boxes."""
    if is_empty(a) or is_empty(b):
        return b if is_empty(a) else a
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


def infer_needs(stmt: Stmt, name: str, domains: Mapping[str, Domain], facts: Facts) -> Expr | None:
    """What holds, in terms of the loops around `stmt`, wherever `name` is read in it; None if nothing is known."""
    forms: dict[Expr, None] | None = None
    for _, binders in _accesses(stmt, name, (), writes=False):
        needs = Surroundings(binders, domains, facts, clip=False).needs()
        forms = {form: None for form in needs if forms is None or form in forms}
        if not forms:
            return None
    result: Expr | None = None
    for form in forms or ():
        test = Compare(CompareOp.GE, form, index(0))
        result = test if result is None else Binary(BinaryOp.AND, result, test)
    return result


def to_box(ranges: tuple[Range, ...]) -> Box:
    """Ranges as a bounded box."""
    one = index(1)
    return tuple(Interval(r.min, Binary(BinaryOp.ADD, r.min, Binary(BinaryOp.SUB, r.extent, one))) for r in ranges)


def _infer(stmt: Stmt, name: str, domains: Mapping[str, Domain], facts: Facts, *, writes: bool) -> Region | None:
    accesses = list(_accesses(stmt, name, (), writes=writes))
    if not accesses:
        return None
    required, touched = (_box(accesses, domains, facts, clip=clip, writes=writes) for clip in (True, False))
    return Region(required, union(required, touched, facts))


Access = tuple[tuple[Expr, ...], tuple[Binder, ...]]


def _accesses(stmt: Stmt, name: str, binders: tuple[Binder, ...], *, writes: bool) -> Iterator[Access]:
    """Index tuples of the accesses to `name` in `stmt`, each with the loops, lets and conditions around it."""
    if writes:
        if isinstance(stmt, Provide) and stmt.name == name:
            yield stmt.args, binders
    else:
        for expr in stmt_exprs(stmt):
            for node in walk(expr):
                if isinstance(node, Call) and node.name == name:
                    yield node.args, binders
    if isinstance(stmt, IfThenElse) and not is_start(stmt):
        yield from _accesses(stmt.then, name, (*binders, stmt.condition), writes=writes)
        if stmt.otherwise is not None:
            yield from _accesses(stmt.otherwise, name, (*binders, negation(stmt.condition)), writes=writes)
        return
    if isinstance(stmt, For | LetStmt):
        binders = (*binders, stmt)
    for below in substatements(stmt):
        yield from _accesses(below, name, binders, writes=writes)


def _box(accesses: list[Access], domains: Mapping[str, Domain], facts: Facts, *, clip: bool, writes: bool) -> Box:
    """The box of all accesses; `clip` cuts every Var to the values where results count."""
    box: Box = (_EMPTY,) * len(accesses[0][0])
    known: dict[tuple[int, ...], Surroundings] = {}
    for args, binders in accesses:
        key = tuple(map(id, binders))
        if key not in known:
            known[key] = Surroundings(binders, domains, facts, clip=clip, writes=writes)
        found = known[key].box(args)
        if found is not None:
            box = union(box, found, facts)
    return box
