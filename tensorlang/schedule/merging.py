"""How partial results of an update come together: element by element, or as an argmin or argmax of the parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tensorlang.dtypes import DType
from tensorlang.ir.algorithm import FuncDef
from tensorlang.ir.associative import identity
from tensorlang.ir.expr import Binary, Cast, Const, Expr
from tensorlang.schedule.associativity import Accumulation, find_accumulation, why_not_associative
from tensorlang.schedule.choices import find_choice


class Reduction(Protocol):
    """An update whose terms may be taken in parts that are merged afterwards, in any order."""

    @property
    def identities(self) -> tuple[Const, ...]:
        """What each element of a partial result starts from."""

    def merged(self, totals: Sequence[Expr], parts: Sequence[Expr]) -> tuple[Expr, ...]:
        """The elements of two partial results taken together."""


@dataclass(frozen=True, slots=True)
class Accumulations:
    """Each element accumulates by itself; None for one that keeps its value."""

    elements: tuple[Accumulation | None, ...]
    types: tuple[DType, ...]

    @property
    def identities(self) -> tuple[Const, ...]:
        return tuple(
            _zero(kind) if found is None else identity(found.op, kind)
            for found, kind in zip(self.elements, self.types, strict=True)
        )

    def merged(self, totals: Sequence[Expr], parts: Sequence[Expr]) -> tuple[Expr, ...]:
        return tuple(
            total if found is None else _combined(found, total, part)
            for found, total, part in zip(self.elements, totals, parts, strict=True)
        )


def find_reduction(func: FuncDef, update: int) -> Reduction | None:
    """What update `update` of `func`, counted from 1, reduces; None if it is not proven to be associative."""
    definition = func.definitions[update]
    if why_not_associative(definition, func.name):
        return find_choice(func, update)
    olds = func.calls(definition.args)
    found = [
        None if value == old else find_accumulation(old, value)
        for old, value in zip(olds, definition.values, strict=True)
    ]
    return Accumulations(tuple(found), func.types)


def _zero(kind: DType) -> Const:
    return Const(False if kind.is_bool else 0.0 if kind.is_float else 0, kind)


def _combined(found: Accumulation, total: Expr, part: Expr) -> Expr:
    kind, wide = total.type, found.term.type
    if wide == kind:
        return Binary(found.op, total, part)
    return Cast(kind, Binary(found.op, Cast(wide, total), Cast(wide, part)))
