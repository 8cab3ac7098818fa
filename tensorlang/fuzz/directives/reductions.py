"""Draws rfactor, atomic and allow_race_conditions."""

from __future__ import annotations

from tensorlang.fuzz.directives.scene import Scene
from tensorlang.fuzz.programs.model import PERMUTED
from tensorlang.ir.stmt import LoopKind
from tensorlang.schedule.associativity import why_not_associative
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.factoring import Rfactor
from tensorlang.schedule.merging import find_reduction
from tensorlang.schedule.races import may_race
from tensorlang.schedule.racing import AllowRaceConditions, Atomic
from tensorlang.schedule.stages import StageName

_MOST_PRESERVED = 2
_MOST_FUNCS = 6


def draw_rfactor(scene: Scene, stage: StageName) -> Directive | None:
    """A reduction into partial results and their merge."""
    algorithm = scene.plan.algorithm
    func = algorithm.func(stage.func)
    if not stage.update or len(algorithm.funcs) >= _MOST_FUNCS or find_reduction(func, stage.update) is None:
        return None
    loops = [loop for loop in scene.stage(stage).loops if loop.is_reduction and loop.kind is LoopKind.SERIAL]
    if not loops or scene.stage(stage).fused is not None or scene.stage(stage).cases:
        return None
    chosen = scene.chance.some_of(loops, 1, _MOST_PRESERVED)
    own = [loop.name for loop in chosen if "." not in loop.name]
    new = scene.new_names(stage, *(f"u{number}" for number in range(len(chosen))))
    is_kept = len(own) == len(chosen) and scene.chance.flag(30)
    pairs = tuple((loop.name, own[n] if is_kept else new[n]) for n, loop in enumerate(chosen))
    taken = {func.name for func in algorithm.funcs} | {source.name for source in algorithm.inputs}
    name = next(text for text in (f"{stage.func}_part{n}" for n in range(99)) if text not in taken)
    return Rfactor(stage, pairs, name)


def draw_atomic(scene: Scene, stage: StageName) -> Directive | None:
    """An update whose iterations may then meet at an element."""
    if not stage.update or scene.stage(stage).atomic_by is not None:
        return None
    return None if why_not_associative(scene.stage(stage).definition, stage.func) else Atomic(stage)


def draw_allow_race_conditions(scene: Scene, stage: StageName) -> Directive | None:
    """A promise about an update in which iterations never meet, whether that can be proven or not."""
    nest = scene.stage(stage)
    if not stage.update or nest.races_allowed_by is not None:
        return None
    is_harmless = is_permuted(stage) or not any(may_race(nest, loop) for loop in nest.loops)
    return AllowRaceConditions(stage) if is_harmless else None


def is_permuted(stage: StageName) -> bool:
    """Whether the updates of the Func visit no place twice."""
    return stage.func.startswith(PERMUTED) and stage.func[len(PERMUTED) :].isdecimal()
