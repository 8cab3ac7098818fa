"""Draws unroll, vectorize, parallel and serial."""

from __future__ import annotations

from tensorlang.fuzz.directives.reductions import is_permuted
from tensorlang.fuzz.directives.scene import Scene
from tensorlang.fuzz.directives.tails import draw_factor, draw_tail
from tensorlang.ir.stmt import LoopKind
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.marks import Parallel, Serial, Unroll, Vectorize
from tensorlang.schedule.nest import LoopPlan
from tensorlang.schedule.races import may_race
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.tails import TailStrategy

_LANES = (4, 8, 2, 3, 5, 16, 7)
_COPIES = (2, 3, 4)
_MOST_WHOLE = 16
"""Largest extent of a loop that is vectorized or unrolled without a split."""


def draw_vectorize(scene: Scene, stage: StageName) -> Directive | None:
    """A loop that is free of races, mostly the innermost, split first or whole."""
    if scene.has_vector(stage):
        return None
    loops = [loop for loop in _race_free(scene, stage) if _is_outside_parallel(scene, stage, loop)]
    if not loops:
        return None
    loop = loops[-1] if scene.chance.flag(60) else scene.chance.one_of(loops)
    if _is_whole(scene, stage, loop, percent=30):
        return Vectorize(stage, loop.name)
    factor, tail = _split(scene, stage, loop, _LANES, f"{loop.name}.lane")
    return None if tail is None else Vectorize(stage, loop.name, factor, tail)


def draw_unroll(scene: Scene, stage: StageName) -> Directive | None:
    """A loop, split first or whole."""
    loops = scene.free_loops(stage)
    if not loops:
        return None
    loop = scene.chance.one_of(loops)
    extent = scene.extent(stage, loop.name)
    if _is_whole(scene, stage, loop, percent=40) and extent is not None and scene.may_copy(stage, extent):
        return Unroll(stage, loop.name)
    factor, tail = _split(scene, stage, loop, _COPIES, f"{loop.name}.unroll")
    return None if tail is None or not scene.may_copy(stage, factor) else Unroll(stage, loop.name, factor, tail)


def draw_parallel(scene: Scene, stage: StageName) -> Directive | None:
    """A loop that is free of races and not inside a vectorized one, with or without a task size."""
    kinds = [loop.kind for loop in scene.stage(stage).loops]
    inside = kinds.index(LoopKind.VECTORIZED) if LoopKind.VECTORIZED in kinds else len(kinds)
    outer = {loop.name for loop in scene.stage(stage).loops[:inside]}
    blended = [blend.roots for blend in scene.stage(stage).blends]
    loops = [
        loop
        for loop in _race_free(scene, stage)
        if loop.name in outer
        and not (blended and loop.is_reduction)
        and not any(loop.roots & roots for roots in blended)
    ]
    if not loops:
        return None
    loop = loops[0] if scene.chance.flag(60) else scene.chance.one_of(loops)
    if scene.chance.flag(60):
        return Parallel(stage, loop.name)
    factor, tail = _split(scene, stage, loop, _COPIES, f"{loop.name}.task")
    return None if tail is None else Parallel(stage, loop.name, factor, tail)


def draw_serial(scene: Scene, stage: StageName) -> Directive | None:
    """A loop that runs in another way, back to the way it began."""
    loops = scene.stage(stage).loops
    marked = [loop for loop in loops if loop.kind is not LoopKind.SERIAL] or list(loops)
    return Serial(stage, scene.chance.one_of(marked).name) if marked else None


def _race_free(scene: Scene, stage: StageName) -> list[LoopPlan]:
    """The serial loops that may run in any order, all at once."""
    nest = scene.stage(stage)
    may_meet = nest.atomic_by is not None or (nest.races_allowed_by is not None and is_permuted(stage))
    return [loop for loop in scene.free_loops(stage) if may_meet or not may_race(nest, loop)]


def _is_outside_parallel(scene: Scene, stage: StageName, loop: LoopPlan) -> bool:
    """Whether no parallel loop is inside `loop`."""
    loops = scene.stage(stage).loops
    return all(inner.kind is not LoopKind.PARALLEL for inner in loops[loops.index(loop) :])


def _is_whole(scene: Scene, stage: StageName, loop: LoopPlan, percent: int) -> bool:
    extent = scene.extent(stage, loop.name)
    return extent is not None and extent <= _MOST_WHOLE and scene.chance.flag(percent)


def _split(
    scene: Scene, stage: StageName, loop: LoopPlan, factors: tuple[int, ...], inner: str
) -> tuple[int, TailStrategy | None]:
    """A factor and a tail; no tail where the inner loop's name is taken."""
    factor = draw_factor(scene, stage, loop, factors)
    if inner in scene.stage(stage).made_by:
        return factor, None
    return factor, draw_tail(scene, stage, loop, factor)
