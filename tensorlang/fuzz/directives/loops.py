"""Draws split, tile, fuse, reorder and rename."""

from __future__ import annotations

from tensorlang.fuzz.directives.scene import Scene
from tensorlang.fuzz.directives.tails import draw_factor, draw_tail
from tensorlang.ir.stmt import LoopKind
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.loops import Fuse, Rename, Split, Tile
from tensorlang.schedule.nest import LoopPlan
from tensorlang.schedule.order import Reorder
from tensorlang.schedule.stages import StageName

_FACTORS = (2, 3, 4, 5, 6, 7, 8, 1, 9, 16)
_MOST_LOOPS = 8


def _splittable(scene: Scene, stage: StageName) -> list[LoopPlan]:
    loops = scene.stage(stage).loops
    return [loop for loop in loops if loop.kind is not LoopKind.VECTORIZED] if len(loops) < _MOST_LOOPS else []


def draw_split(scene: Scene, stage: StageName) -> Directive | None:
    """A loop into two; one of them sometimes goes on under the old name."""
    loops = _splittable(scene, stage)
    if not loops:
        return None
    loop = scene.chance.one_of(loops)
    if loop.kind is LoopKind.UNROLLED:
        return None
    factor = draw_factor(scene, stage, loop, _FACTORS)
    outer, inner = scene.new_names(stage, f"{loop.name}o", f"{loop.name}i")
    if scene.chance.flag(15) and "." not in loop.name:
        outer, inner = scene.chance.one_of(((loop.name, inner), (outer, loop.name)))
    return Split(stage, loop.name, outer, inner, factor, draw_tail(scene, stage, loop, factor))


def draw_tile(scene: Scene, stage: StageName) -> Directive | None:
    """Two loops into four, the first of them outside the second."""
    loops = [loop for loop in _splittable(scene, stage) if loop.kind is LoopKind.SERIAL]
    if len(loops) < 2 or len(scene.stage(stage).loops) > _MOST_LOOPS - 2:
        return None
    first, second = scene.chance.some_of(loops, 2, 2)
    if first.is_reduction and second.is_reduction and loops.index(first) > loops.index(second):
        first, second = second, first
    wanted = (f"{first.name}o", f"{second.name}o", f"{first.name}i", f"{second.name}i")
    xo, yo, xi, yi = scene.new_names(stage, *wanted)
    fx = draw_factor(scene, stage, first, _FACTORS)
    fy = draw_factor(scene, stage, second, _FACTORS)
    tail = draw_tail(scene, stage, first, fx)
    other = draw_tail(scene, stage, second, fy)
    chosen = tail if tail is other or second.is_reduction is first.is_reduction else other
    return Tile(stage, first.name, second.name, xo, yo, xi, yi, fx, fy, chosen)


def draw_fuse(scene: Scene, stage: StageName) -> Directive | None:
    """Two neighbours into one."""
    loops = scene.stage(stage).loops
    pairs = [
        (outer, inner)
        for outer, inner in zip(loops, loops[1:], strict=False)
        if outer.kind is inner.kind
        and outer.kind in (LoopKind.SERIAL, LoopKind.PARALLEL)
        and outer.is_reduction == inner.is_reduction
    ]
    if not pairs:
        return None
    outer, inner = scene.chance.one_of(pairs)
    (fused,) = scene.new_names(stage, f"{outer.name}{inner.name}")
    if scene.chance.flag(15):
        fused = scene.chance.one_of([name for name in (fused, outer.name, inner.name) if "." not in name])
    return Fuse(stage, outer.name, inner.name, fused)


def draw_reorder(scene: Scene, stage: StageName) -> Directive | None:
    """Some of the loops in another order; reduction loops mostly keep theirs, as many reductions need it."""
    loops = list(scene.stage(stage).loops)
    if len(loops) < 2:
        return None
    chosen = scene.chance.some_of(loops, 2, len(loops))
    if scene.chance.flag(60):
        reductions = iter(sorted((loop for loop in chosen if loop.is_reduction), key=loops.index))
        chosen = [next(reductions) if loop.is_reduction else loop for loop in chosen]
    return Reorder(stage, tuple(loop.name for loop in chosen))


def draw_rename(scene: Scene, stage: StageName) -> Directive | None:
    """A loop by another name."""
    loops = scene.stage(stage).loops
    if not loops:
        return None
    loop = scene.chance.one_of(loops)
    (name,) = scene.new_names(stage, f"{loop.name.replace('.', '_')}x")
    return Rename(stage, loop.name, name)
