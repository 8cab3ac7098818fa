"""How many distinct bytes the accesses of a loop nest touch, from their linear indices.

An access has a term ``coefficient * variable`` for each loop that its index depends on. Loops of small coefficients
cover a run of elements, those of larger ones repeat it: beside it, which makes it longer, or apart from it. Several
accesses that differ by constants, as unrolling makes them, are one with a set of offsets. Runs count in whole lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

from tensorlang.ir.expr import Binary, BinaryOp, Broadcast, Const, Expr, Load, Ramp, Variable, index
from tensorlang.ir.visitor import free_variables, substitute, walk
from tensorlang.symbolic.facts import Facts, Limits
from tensorlang.symbolic.linear import Linear, linearize

LINE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Access:
    """Reads or writes of a buffer that differ by constant offsets only.

    Attributes
    ----------
    buffer : str
    terms : tuple of (Expr, int)
        Atoms of the scalar index and their coefficients [elements].
    lanes : tuple of (int, int)
        Stride [elements] and number of the lanes of a vector.
    element_bytes : int
    irregular : frozenset of str
        Variables on which the index depends in an unknown way, as in a gather.
    """

    buffer: str
    terms: tuple[tuple[Expr, int], ...]
    lanes: tuple[tuple[int, int], ...]
    element_bytes: int
    irregular: frozenset[str] | None = None


def make_access(buffer: str, index_expr: Expr, element_bytes: int) -> tuple[Access, int]:
    """The access of a buffer at an index, and its offset [elements]."""
    found = _vector_form(index_expr)
    lanes = index_expr.type.lanes
    if found is None or any(_reads(atom) for atom, _ in found[0].terms):
        return Access(buffer, (), ((0, lanes),), element_bytes, free_variables(index_expr)), 0
    form, ramps = found
    terms = tuple(sorted(form.terms, key=repr))
    return Access(buffer, terms, ramps, element_bytes), form.constant


def _reads(expr: Expr) -> bool:
    return any(isinstance(node, Load) for node in walk(expr))


def _vector_form(expr: Expr) -> tuple[Linear, tuple[tuple[int, int], ...]] | None:
    """The linear form of lane 0 and the strides of the lanes, if they are constant."""
    match expr:
        case Ramp(base, Const(stride, _), lanes):
            return linearize(base), ((int(stride), lanes),)
        case Broadcast(value, _):
            return _vector_form(value)
        case Binary(BinaryOp.ADD | BinaryOp.SUB as op, a, b) if expr.type.lanes > 1:
            first, second = _vector_form(a), _vector_form(b)
            if first is None or second is None:
                return None
            return first[0].plus(second[0], 1 if op is BinaryOp.ADD else -1), first[1] + second[1]
    return (linearize(expr), ()) if expr.type.lanes == 1 else None


def footprint_bytes(access: Access, offsets: Iterable[int], bound: Mapping[str, int]) -> int:
    """Bytes that an access touches over the loops `bound`, the others standing still; a multiple of a line [B]."""
    if access.irregular is not None:
        points = prod(bound[name] for name in access.irregular & bound.keys())
        return points * prod(n for _, n in access.lanes) * LINE_BYTES
    spans = [(abs(stride), n) for stride, n in access.lanes]
    spans += [span for atom, c in access.terms if (span := _span(atom, c, bound)) is not None]
    return _distinct_bytes(_merge(spans), sorted(offsets), access.element_bytes)


def _span(atom: Expr, coefficient: int, bound: Mapping[str, int]) -> tuple[int, int] | None:
    """Coefficient and number of values of an atom over the loops `bound`; None if it stands still."""
    if isinstance(atom, Variable):
        return (abs(coefficient), bound[atom.name]) if atom.name in bound else None
    names = free_variables(atom)
    if not names & bound.keys():
        return None
    still = {name: index(0) for name in names - bound.keys()}
    facts = Facts({name: Limits(0, bound[name] - 1) for name in names & bound.keys()})
    limits = facts.of(substitute(atom, still))
    points = prod(bound[name] for name in names & bound.keys())
    if limits.lo is None or limits.hi is None or points == 1:
        return abs(coefficient), points
    reach = limits.hi - limits.lo
    # A quotient has fewer values than iterations; a minimum has more room, which its values are taken to divide evenly.
    return abs(coefficient) * max(1, -(-reach // (points - 1))), min(points, reach + 1)


def _merge(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans by rising coefficient; those of one coefficient slide over each other."""
    merged: dict[int, int] = {}
    for coefficient, extent in spans:
        if coefficient and extent > 1:
            merged[coefficient] = merged.get(coefficient, 1) + extent - 1
    return sorted(merged.items())


def _distinct_bytes(spans: list[tuple[int, int]], offsets: list[int], element_bytes: int) -> int:
    gap = max(1, LINE_BYTES // element_bytes)  # [elements] less than a line apart is in the same or the next line
    run, used = 1, 0
    for coefficient, extent in spans:
        if coefficient > max(run, gap - 1):
            break
        run += coefficient * (extent - 1)
        used += 1
    covered, pieces, end = 0, 0, None
    for offset in offsets:
        if end is None or offset >= end + gap:
            pieces, covered, end = pieces + 1, covered + run, offset + run
        elif offset + run > end:
            covered, end = covered + offset + run - end, offset + run
    reach = offsets[-1] - offsets[0] + run
    for coefficient, extent in spans[used:]:
        if pieces == 1 and coefficient <= covered:
            covered += coefficient * (extent - 1)
        else:
            apart = covered * extent
            covered, pieces = min(apart, reach + coefficient * (extent - 1)), pieces * extent
        reach += coefficient * (extent - 1)
    pieces = min(pieces, covered)
    lines = -(-covered * element_bytes // (pieces * LINE_BYTES))
    return pieces * lines * LINE_BYTES
