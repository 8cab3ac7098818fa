"""Draws compute_inline, compute_root, compute_at, compute_at_init, in_ and bound."""

from __future__ import annotations

from tensorlang.fuzz.directives.scene import Scene
from tensorlang.schedule.bounds import Bound
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.placement import ComputeAt, ComputeAtInit, ComputeInline, ComputeRoot
from tensorlang.schedule.reads import producers_of, reads_of
from tensorlang.schedule.resolved import Placement
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.wrapping import In

_DEEPEST_SITE = 3
"""Loops around a site: in deeper nests bounds inference takes seconds, in which a hundred others could be drawn."""


def _is_free(scene: Scene, stage: StageName) -> bool:
    """Whether a Func may still be placed."""
    return not scene.is_output(stage.func) and scene.plan.funcs[stage.func].placed_by is None


def _feeds_initialisation(scene: Scene, func: str) -> bool:
    """Whether what is computed at initialisation reads it."""
    placed = scene.plan.funcs
    return any(
        item.placement is Placement.INIT and func in producers_of(scene.plan.algorithm, item.name)
        for item in placed.values()
    )


def draw_compute_inline(scene: Scene, stage: StageName) -> Directive | None:
    """A Func without updates into its uses."""
    func = scene.plan.algorithm.func(stage.func)
    is_copy = scene.plan.funcs[stage.func].wrapped_by is not None
    return ComputeInline(stage) if _is_free(scene, stage) and not func.updates and not is_copy else None


def draw_compute_root(scene: Scene, stage: StageName) -> Directive | None:
    """A Func before its consumers; an output, which is there anyway, now and then."""
    if scene.is_output(stage.func):
        is_said = scene.plan.funcs[stage.func].placed_by is not None
        return ComputeRoot(stage) if not is_said and scene.chance.flag(10) else None
    return ComputeRoot(stage) if _is_free(scene, stage) and not _feeds_initialisation(scene, stage.func) else None


def draw_compute_at(scene: Scene, stage: StageName) -> Directive | None:
    """A Func in a loop that encloses all its uses."""
    sites = scene.sites(stage.func)[:_DEEPEST_SITE] if _is_free(scene, stage) else []
    if not sites:
        return None
    consumer, loop = scene.chance.one_of(sites)
    return ComputeAt(stage, consumer, loop)


def draw_compute_at_init(scene: Scene, stage: StageName) -> Directive | None:
    """A Func of constant Inputs alone."""
    needed = producers_of(scene.plan.algorithm, stage.func)
    is_constant = all(item.constant for item in scene.plan.algorithm.inputs if item.name in needed)
    return ComputeAtInit(stage) if is_constant and _is_free(scene, stage) else None


def draw_in(scene: Scene, stage: StageName) -> Directive | None:
    """A copy of something that the Func reads."""
    read = sorted(reads_of(scene.plan.algorithm.func(stage.func)))
    if not read:
        return None
    producer = scene.chance.one_of(read)
    taken = {func.name for func in scene.plan.algorithm.funcs}
    name = next(text for text in (f"{producer}_in{n}" for n in range(99)) if text not in taken)
    return In(StageName(name), producer, stage.func)


def draw_bound(scene: Scene, stage: StageName) -> Directive | None:
    """The region of a Func in one dimension, as it is required or a little more."""
    func = scene.plan.algorithm.func(stage.func)
    free = [var for var in func.vars if all(var != bound[0] for bound in scene.stage(stage).bounds)]
    if not free:
        return None
    var = scene.chance.one_of(free)
    if scene.is_output(stage.func):
        return Bound(stage, var, 0, scene.shapes[stage.func][func.vars.index(var)])
    side = scene.facts.sides.get((stage.func, var))
    if side is None or side[1] < 1:
        return None
    low, extent = side
    return Bound(stage, var, low, extent + (scene.chance.integer(0, 2) if scene.chance.flag(30) else 0))
