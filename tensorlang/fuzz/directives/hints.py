"""Draws partition, prefetch, align_bounds and set_estimate."""

from __future__ import annotations

from tensorlang.fuzz.directives.scene import Scene
from tensorlang.ir.stmt import LoopKind, PartitionPolicy
from tensorlang.schedule.bounds import AlignBounds, SetEstimate
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.hints import Partition, Prefetch
from tensorlang.schedule.reads import reads_of
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.strategies import PrefetchStrategy

_MODULI = (2, 3, 4, 5, 8)


def draw_partition(scene: Scene, stage: StageName) -> Directive | None:
    """A policy for a loop that repeats."""
    loops = [loop for loop in scene.stage(stage).loops if loop.kind in (LoopKind.SERIAL, LoopKind.PARALLEL)]
    if not loops:
        return None
    return Partition(stage, scene.chance.one_of(loops).name, scene.chance.one_of(tuple(PartitionPolicy)))


def draw_prefetch(scene: Scene, stage: StageName) -> Directive | None:
    """What a later iteration of a loop, or of one around it, reads."""
    nest = scene.stage(stage)
    outside = []
    for loop in nest.loops:
        if loop.kind is LoopKind.VECTORIZED:
            break
        outside.append(loop.name)
    scalars = {source.name for source in scene.plan.algorithm.inputs if source.scalar is not None}
    read = sorted(reads_of(scene.plan.algorithm.func(stage.func)) - scalars - {stage.func})
    producers = [name for name in read if name not in scene.plan.funcs or not scene.is_inlined(name)]
    if not outside or not producers or nest.fused is not None:
        return None
    at = scene.chance.integer(0, len(outside) - 1)
    ahead = outside[scene.chance.integer(0, at)]
    strategy = scene.chance.one_of(tuple(PrefetchStrategy))
    offset = scene.chance.integer(1, 4)
    return Prefetch(stage, scene.chance.one_of(producers), outside[at], ahead, offset, strategy)


def draw_align_bounds(scene: Scene, stage: StageName) -> Directive | None:
    """A region that starts and ends at multiples, which for an output is the region that there is."""
    func, plan = scene.plan.algorithm.func(stage.func), scene.plan.funcs[stage.func]
    said = {var for var, _, _ in scene.stage(stage).bounds} | {to.var for to in plan.alignments}
    free = [var for var in func.vars if var not in said]
    if not free:
        return None
    var = scene.chance.one_of(free)
    if not scene.is_output(stage.func):
        modulus = scene.chance.one_of(_MODULI)
        return AlignBounds(stage, var, modulus, scene.chance.integer(0, modulus - 1))
    extent = scene.shapes[stage.func][func.vars.index(var)]
    return AlignBounds(stage, var, scene.chance.one_of([n for n in (*_MODULI, extent) if extent % n == 0]))


def draw_set_estimate(scene: Scene, stage: StageName) -> Directive | None:
    """A shape to expect, which need not be the one that is computed."""
    func, plan = scene.plan.algorithm.func(stage.func), scene.plan.funcs[stage.func]
    if not scene.is_output(stage.func) or plan.estimates or not func.vars:
        return None
    given = [SetEstimate(stage, var, 0, scene.chance.integer(1, 64)) for var in func.vars]
    # An estimate is of all Vars or none.
    for directive in given[:-1]:
        scene.give(directive)
    return given[-1]
