"""Updates that keep the place of an extreme value, argmin and argmax, and how their partial results combine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tensorlang.dtypes import DType
from tensorlang.ir.algorithm import Definition, FuncDef, ReductionVar
from tensorlang.ir.expr import (
    Binary,
    BinaryOp,
    Call,
    Cast,
    Compare,
    CompareOp,
    Const,
    Expr,
    Select,
    Unary,
    UnaryOp,
    Variable,
)
from tensorlang.ir.visitor import walk

_FLIPPED = {CompareOp.LT: CompareOp.GT, CompareOp.GT: CompareOp.LT}


@dataclass(frozen=True, slots=True)
class Choice:
    """``f[args] = select(term beats f[args][key], terms, f[args])``: the first term that beats all before it is kept.

    Attributes
    ----------
    types : tuple of DType
        Of the elements.
    key : int
        The element that terms are compared by.
    beats : CompareOp
        ``LT`` for argmin, ``GT`` for argmax.
    is_nan_extreme : bool
        Whether a NaN beats all that is none, as in NumPy; otherwise it never does.
    places : tuple of int
        The elements that hold the RVars, in the order of the RDom: of equal terms the first in this order is kept, in
        whatever order partial results come together.
    """

    types: tuple[DType, ...]
    key: int
    beats: CompareOp
    is_nan_extreme: bool
    places: tuple[int, ...]

    @property
    def identities(self) -> tuple[Const, ...]:
        """Elements that any term beats, or is kept instead of at the same key: its places come after all others."""
        worst = [kind.maximum if n in self.places else 0 for n, kind in enumerate(self.types)]
        worst[self.key] = self.types[self.key].minimum if self.beats is CompareOp.GT else self.types[self.key].maximum
        return tuple(Const(bool(w) if kind.is_bool else w, kind) for w, kind in zip(worst, self.types, strict=True))

    def merged(self, totals: Sequence[Expr], parts: Sequence[Expr]) -> tuple[Expr, ...]:
        """The elements kept of two partial results, the same whichever comes first."""
        wins = self._wins(totals, parts)
        return tuple(Select(wins, part, total) for total, part in zip(totals, parts, strict=True))

    def _wins(self, totals: Sequence[Expr], parts: Sequence[Expr]) -> Expr:
        ours, theirs = totals[self.key], parts[self.key]
        better: Expr = Compare(self.beats, theirs, ours)
        ties: Expr = Compare(CompareOp.EQ, theirs, ours)
        if self.is_nan_extreme:
            ours_nan, theirs_nan = (Compare(CompareOp.NE, key, key) for key in (ours, theirs))
            better = _or(better, _and(theirs_nan, Unary(UnaryOp.NOT, ours_nan)))
            ties = _or(ties, _and(theirs_nan, ours_nan))
        return _or(better, _and(ties, self._is_before(totals, parts)))

    def _is_before(self, totals: Sequence[Expr], parts: Sequence[Expr]) -> Expr:
        """Whether the place of `parts` comes before that of `totals` in the order of the RDom."""
        *outer, last = self.places
        result: Expr = Compare(CompareOp.LT, parts[last], totals[last])
        for n in reversed(outer):
            same = Compare(CompareOp.EQ, parts[n], totals[n])
            result = _or(Compare(CompareOp.LT, parts[n], totals[n]), _and(same, result))
        return result


def find_choice(func: FuncDef, update: int) -> Choice | None:
    """What update `update` of `func`, counted from 1, chooses; None if it is not proven to be an argmin or argmax.

    It is the first update; each RVar is an element as it is, or cast to an integer type that holds it; and the Func
    begins, at every point, with constant places that are not after the first of the RDom. Then partial results may be
    merged in any order, and what the Func began with still wins over equal terms.
    """
    definition = func.definitions[update]
    if update != 1 or len(func.types) < 2:
        return None
    selects = [value for value in definition.values if isinstance(value, Select)]
    olds = func.calls(definition.args)
    condition = selects[0].condition if selects else None
    fits = len(selects) == len(olds) and all(
        s.condition == condition and s.if_false == old for s, old in zip(selects, olds, strict=True)
    )
    if not fits or condition is None:
        return None
    terms = tuple(s.if_true for s in selects)
    if any(isinstance(node, Call) and node.name == func.name for e in (*definition.args, *terms) for node in walk(e)):
        return None
    for key, (term, old) in enumerate(zip(terms, olds, strict=True)):
        found = _comparison(condition, term, old)
        places = _places(definition, terms)
        if found is not None and places and _starts_first(func, definition, places):
            return Choice(func.types, key, *found, places)
    return None


def _comparison(condition: Expr, term: Expr, old: Expr) -> tuple[CompareOp, bool] | None:
    """How `condition` says that `term` beats `old`, and whether NaN does; None if it says something else."""
    match condition:
        case Binary(BinaryOp.OR, plain, nan) if nan == _and(
            Compare(CompareOp.NE, term, term), Compare(CompareOp.EQ, old, old)
        ):
            beats = _plain_comparison(plain, term, old)
            return None if beats is None else (beats, True)
    beats = _plain_comparison(condition, term, old)
    return None if beats is None else (beats, False)


def _plain_comparison(condition: Expr, term: Expr, old: Expr) -> CompareOp | None:
    if not isinstance(condition, Compare) or condition.op not in _FLIPPED:
        return None
    if (condition.a, condition.b) == (term, old):
        return condition.op
    return _FLIPPED[condition.op] if (condition.a, condition.b) == (old, term) else None


def _places(definition: Definition, terms: Sequence[Expr]) -> tuple[int, ...]:
    """The elements that hold the RVars, in order; () if one is in none."""
    found = []
    for rvar in definition.rvars:
        holders = [n for n, term in enumerate(terms) if _is_place(term, rvar)]
        if not holders:
            return ()
        found.append(holders[0])
    return tuple(found)


def _is_place(term: Expr, rvar: ReductionVar) -> bool:
    kind = term.type
    holds = kind.is_integer and kind.minimum <= rvar.min and rvar.min + rvar.extent - 1 <= kind.maximum
    return holds and (term.value if isinstance(term, Cast) else term) == Variable(rvar.name)


def _starts_first(func: FuncDef, definition: Definition, places: tuple[int, ...]) -> bool:
    """Whether the Func begins with places that are not after the first point of the RDom."""
    starts = [func.pure.values[n] for n in places]
    known = [int(start.value) for start in starts if isinstance(start, Const)]
    return len(known) == len(starts) and known <= [rvar.min for rvar in definition.rvars]


def _and(a: Expr, b: Expr) -> Expr:
    return Binary(BinaryOp.AND, a, b)


def _or(a: Expr, b: Expr) -> Expr:
    return Binary(BinaryOp.OR, a, b)
