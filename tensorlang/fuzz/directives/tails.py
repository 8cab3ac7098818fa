"""Tails and factors that are legal for a loop, as far as names and extents tell."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tensorlang.errors import ScheduleError
from tensorlang.fuzz.directives.scene import Scene
from tensorlang.ir.stmt import LoopKind
from tensorlang.schedule.loops import Split
from tensorlang.schedule.nest import LoopPlan
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.tails import TailStrategy

TAILS: Mapping[TailStrategy, int] = MappingProxyType(
    {
        TailStrategy.AUTO: 2,
        TailStrategy.GUARD_WITH_IF: 2,
        TailStrategy.SHIFT_INWARDS: 2,
        TailStrategy.ROUND_UP: 2,
        TailStrategy.PREDICATE: 2,
        TailStrategy.PREDICATE_LOADS: 2,
        TailStrategy.PREDICATE_STORES: 2,
        TailStrategy.SHIFT_INWARDS_AND_BLEND: 2,
        TailStrategy.ROUND_UP_AND_BLEND: 2,
    }
)
"""Every tail, and how often it is drawn among those that are legal; a test sees to it that none is left out."""


def draw_tail(scene: Scene, stage: StageName, loop: LoopPlan, factor: int) -> TailStrategy:
    """A tail for a split of `loop`, those that are goals before others."""
    legal = [(tail, weight) for tail, weight in TAILS.items() if _is_legal(scene, stage, loop, factor, tail)]
    wanted = [pair for pair in legal if pair[0] in scene.goals]
    return scene.chance.weighted(wanted if wanted and scene.chance.flag(80) else legal)


def _is_legal(scene: Scene, stage: StageName, loop: LoopPlan, factor: int, tail: TailStrategy) -> bool:
    extent = scene.extent(stage, loop.name)
    if tail.shifts and (extent is None or extent < factor):
        return False
    divides = extent is not None and extent % factor == 0
    if tail.overwrites and scene.is_output(stage.func) and not divides:
        # An output's array holds no extra points.
        return False
    if tail.blends and any(_races(loop, other) for other in scene.stage(stage).loops):
        return False
    outer, inner = scene.new_names(stage, "a", "b")
    try:
        Split(stage, loop.name, outer, inner, factor, tail).apply(scene.plan)
    except ScheduleError:
        return False
    return True


def _races(loop: LoopPlan, other: LoopPlan) -> bool:
    """Whether `other` is parallel and would run tiles of `loop` that overlap at once."""
    return other.kind is LoopKind.PARALLEL and (other.is_reduction or bool(other.roots & loop.roots))


def draw_factor(scene: Scene, stage: StageName, loop: LoopPlan, factors: tuple[int, ...]) -> int:
    """A factor for a split of `loop`: mostly one that does not divide its extent, and is not larger."""
    extent = scene.extent(stage, loop.name)
    if extent is None:
        return scene.chance.one_of(factors)
    smaller = [factor for factor in factors if factor < extent] or [factors[0]]
    undivided = [factor for factor in smaller if extent % factor]
    pool = undivided if undivided and scene.chance.flag(75) else smaller if scene.chance.flag(80) else factors
    return scene.chance.one_of(tuple(pool))
