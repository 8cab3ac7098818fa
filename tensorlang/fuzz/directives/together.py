"""Draws compute_with: gives a stage the loops of another first, if it has none of its own yet."""

from __future__ import annotations

from dataclasses import replace

from tensorlang.errors import TensorlangError
from tensorlang.fuzz.directives.scene import Scene
from tensorlang.ir.stmt import LoopKind
from tensorlang.schedule.computing_with import ComputeWith
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.loops import Fuse, Rename, Split, Tile
from tensorlang.schedule.marks import Parallel, Serial, Unroll, Vectorize
from tensorlang.schedule.order import Reorder
from tensorlang.schedule.plan import Plan
from tensorlang.schedule.reads import producers_of
from tensorlang.schedule.resolved import LoopLevel, Placement
from tensorlang.schedule.stages import StageName

_OF_LOOPS = (Split, Tile, Fuse, Rename, Reorder, Unroll, Vectorize, Parallel, Serial)


def draw_compute_with(scene: Scene, stage: StageName) -> Directive | None:
    """A stage in the loops of one of an independent Func, which is computed at the same place."""
    nest = scene.stage(stage)
    place = _place(scene, stage.func)
    if place is None or nest.fused is not None or not nest.loops or nest.cases or nest.prefetches:
        return None
    others = [
        other for other in scene.plan.stages if _may_share(scene, stage, other) and place == _place(scene, other.func)
    ]
    scored = [(other, loops) for other in others if (loops := _shared(scene, stage, other))]
    if not scored:
        return None
    other, loops = scene.chance.one_of(scored)
    if nest.touched_by is None:
        for directive in list(scene.directives):
            if directive.stage == other and isinstance(directive, _OF_LOOPS):
                scene.give(replace(directive, stage=stage))
    return ComputeWith(stage, other, scene.chance.one_of(loops))


def _place(scene: Scene, func: str) -> LoopLevel | str | None:
    """Where a Func is computed, as something to compare; None if it has no loops at one place."""
    plan = scene.plan.funcs[func]
    if scene.is_output(func) or plan.placement is Placement.ROOT:
        return "root"
    return scene.plan.canonical(plan.level) if plan.placement is Placement.AT and plan.level is not None else None


def _may_share(scene: Scene, stage: StageName, other: StageName) -> bool:
    algorithm = scene.plan.algorithm
    if other.func == stage.func or scene.stage(other).fused is not None or scene.stage(other).cases:
        return False
    is_apart = stage.func not in producers_of(algorithm, other.func) and other.func not in producers_of(
        algorithm, stage.func
    )
    return is_apart and other in scene.visited


def _shared(scene: Scene, stage: StageName, other: StageName) -> list[str]:
    """The outer loops that the two stages have in common, or will once one has the directives of the other."""
    mine, theirs = scene.stage(stage), scene.stage(other)
    if mine.touched_by is None:
        plan = _with_loops_of(scene, stage, other)
        if plan is None:
            return []
        mine = plan.stages[stage]
    found = []
    for a, b in zip(mine.loops, theirs.loops, strict=False):
        if (a.name, a.kind) != (b.name, b.kind) or a.kind is LoopKind.VECTORIZED:
            break
        found.append(a.name)
    return found


def _with_loops_of(scene: Scene, stage: StageName, other: StageName) -> Plan | None:
    """The plan once `stage` has the directives about loops that `other` has; None if one is not legal there."""
    plan = scene.plan
    for directive in scene.directives:
        if directive.stage == other and isinstance(directive, _OF_LOOPS):
            try:
                plan = replace(directive, stage=stage).apply(plan)
            except TensorlangError:
                return None
    return plan
