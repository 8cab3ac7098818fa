"""Placements whose level is a hole: what ``compute_at``, ``store_at`` and ``hoist_storage`` of a knob record."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, ClassVar, NoReturn

from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import FieldError, FieldKind, Json, parse_loop, parse_stage
from tensorlang.schedule.knobs import Choice, Knob
from tensorlang.schedule.placement import ComputeAt, ComputeInline, ComputeRoot
from tensorlang.schedule.plan import Plan
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.storage_levels import HoistStorage, HoistStorageRoot, StoreAt, StoreRoot

ROOT, INLINE = "root", "inline"


def _level(words: tuple[str, ...]) -> FieldKind[Knob]:
    """A hole over levels: pairs of a stage and one of its loops, and some of the words for what is no loop."""
    rule = " | ".join(["a knob over levels: (consumer, loop)", *(f'"{word}"' for word in words)])

    def parse(value: object) -> Knob:
        if not isinstance(value, Knob):
            raise FieldError(rule)
        for choice in value.choices:
            if choice in words:
                continue
            if not isinstance(choice, tuple) or len(choice) != 2:
                raise FieldError(rule)
            parse_stage(choice[0])
            parse_loop(choice[1])
        return value

    return FieldKind(parse, _never, lambda knob, _: repr(knob))


def _never(knob: Knob) -> Json:
    raise AssertionError("knobs are dumped whole, whatever they stand for")


@dataclass(frozen=True, slots=True)
class LevelHole(Directive):
    """A directive about a level that is yet to be chosen; filled, it is the directive that says so."""

    def apply(self, plan: Plan) -> NoReturn:
        """ScheduleError: there is no level yet."""
        raise self.holes_error(self.knobs)

    def filled(self, choices: Mapping[str, Choice]) -> Directive:
        """The directive for the level that is chosen."""
        (knob,) = self.knobs
        return self.at(choices[knob.name]) if knob.name in choices else self

    @abstractmethod
    def at(self, level: Choice) -> Directive:
        """The directive for one of the knob's levels."""


@dataclass(frozen=True, slots=True)
class ComputeAtHole(LevelHole):
    """`compute_at` a level that is a hole: a loop of a consumer, the root or inline."""

    call: ClassVar[str] = "compute_at"
    level: Annotated[Knob, _level((ROOT, INLINE))]

    def at(self, level: Choice) -> Directive:
        """A `ComputeAt`, `ComputeRoot` or `ComputeInline`."""
        if level == ROOT:
            return ComputeRoot(self.stage, where=self.where)
        if level == INLINE:
            return ComputeInline(self.stage, where=self.where)
        return ComputeAt(self.stage, *_pair(level), where=self.where)


@dataclass(frozen=True, slots=True)
class StoreAtHole(LevelHole):
    """`store_at` a level that is a hole: a loop of a consumer, or the root."""

    call: ClassVar[str] = "store_at"
    level: Annotated[Knob, _level((ROOT,))]

    def at(self, level: Choice) -> Directive:
        """A `StoreAt` or `StoreRoot`."""
        if level == ROOT:
            return StoreRoot(self.stage, where=self.where)
        return StoreAt(self.stage, *_pair(level), where=self.where)


@dataclass(frozen=True, slots=True)
class HoistStorageHole(LevelHole):
    """`hoist_storage` to a level that is a hole: a loop of a consumer, or the root."""

    call: ClassVar[str] = "hoist_storage"
    level: Annotated[Knob, _level((ROOT,))]

    def at(self, level: Choice) -> Directive:
        """A `HoistStorage` or `HoistStorageRoot`."""
        if level == ROOT:
            return HoistStorageRoot(self.stage, where=self.where)
        return HoistStorage(self.stage, *_pair(level), where=self.where)


def _pair(level: Choice) -> tuple[StageName, str]:
    assert isinstance(level, tuple), "the kind of the field has checked the choices"
    consumer, loop = level
    return parse_stage(consumer), loop


_ALL: tuple[type[LevelHole], ...] = (ComputeAtHole, StoreAtHole, HoistStorageHole)

LEVEL_HOLES: Mapping[str, type[LevelHole]] = MappingProxyType({hole.call: hole for hole in _ALL})
"""Every directive that may have a hole for its level, by the name of its call."""
