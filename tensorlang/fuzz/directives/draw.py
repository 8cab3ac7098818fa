"""Draws a schedule: makes copies, then places each Func, consumers first, and schedules its loops and its storage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tensorlang.errors import TensorlangError
from tensorlang.fuzz.directives.scene import Scene
from tensorlang.fuzz.directives.table import DRAWERS, Phase
from tensorlang.schedule.placement import ComputeRoot
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.table import DIRECTIVES

_MOST_REPAIRS = 6
_TRIES = 3
_NEEDS: Mapping[str, str] = {
    # Only Funcs at one place are computed together.
    "compute_with": "compute_root",
    # Only what is computed in a loop can be stored outside of it.
    **dict.fromkeys(("fold_storage", "store_at", "store_root", "hoist_storage", "hoist_storage_root"), "compute_at"),
}
"""The placement without which a goal cannot be given."""


def draw_schedule(scene: Scene) -> None:
    """Give the scene a random schedule, which is legal as far as bounds inference tells while it is drawn."""
    chance = scene.chance
    for func in scene.funcs():
        _draw_some(scene, Phase.ALGORITHM, StageName(func), chance.weighted([(0, 8), (1, 2)]))
    done: set[str] = set()
    while left := [name for name in scene.funcs() if name not in done]:
        func = left[0]
        done.add(func)
        _place(scene, StageName(func))
        # A copy may have been taken back on the way.
        if func not in scene.plan.funcs or scene.is_inlined(func):
            continue
        for stage in scene.stages(func):
            _draw_loops(scene, stage)
            for case in scene.stage(stage).cases:
                for _ in range(chance.integer(0, 3)):
                    _draw_one(scene, Phase.LOOPS, case.nest.name)
        _draw_some(scene, Phase.STORAGE, StageName(func), chance.weighted([(0, 4), (1, 4), (2, 2)]))


def _draw_loops(scene: Scene, stage: StageName) -> None:
    scene.visited.add(stage)
    _draw_wanted(scene, Phase.LOOPS, stage)
    for _ in range(scene.chance.integer(0, 4)):
        if scene.stage(stage).fused is not None:
            # Its loops are those of another stage now.
            break
        _draw_one(scene, Phase.LOOPS, stage)


def _place(scene: Scene, stage: StageName) -> None:
    """Give a Func a placement, or leave it at its default, and see what its extents are then."""
    must = scene.plan.funcs[stage.func].wrapped_by is not None
    needed = next((placement for goal, placement in _NEEDS.items() if goal in scene.goals), "")
    is_placed = bool(needed) and not must and scene.chance.flag(70) and _give(scene, needed, stage)
    if not is_placed:
        is_placed = (must or scene.chance.flag(85)) and _draw_one(scene, Phase.PLACEMENT, stage)
    if must and not is_placed:
        scene.give(ComputeRoot(stage))
    if not scene.is_inlined(stage.func):
        _draw_some(scene, Phase.LEVELS, stage, scene.chance.weighted([(0, 6), (1, 3), (2, 1)]))
    if is_placed or must or not (scene.is_inlined(stage.func) or stage in scene.facts.sizes):
        repair(scene, scene.infer())


def _draw_some(scene: Scene, phase: Phase, stage: StageName, count: int) -> None:
    _draw_wanted(scene, phase, stage)
    for _ in range(count):
        _draw_one(scene, phase, stage)


def _draw_wanted(scene: Scene, phase: Phase, stage: StageName) -> None:
    """Mostly a goal of a phase, if there is one."""
    wanted = [name for name, drawer in DRAWERS.items() if drawer.phase is phase and name in scene.goals]
    if wanted and scene.chance.flag(70):
        _give(scene, scene.chance.one_of(wanted), stage)


def _draw_one(scene: Scene, phase: Phase, stage: StageName) -> bool:
    """Give one directive of a phase, goals before others; whether there was one that is legal."""
    drawers = [
        (name, drawer.weight)
        for name, drawer in DRAWERS.items()
        if drawer.phase is phase and (not stage.case or DIRECTIVES[name].is_for_cases)
    ]
    wanted = [pair for pair in drawers if pair[0] in scene.goals]
    for attempt in range(_TRIES):
        pool: Sequence[tuple[str, int]] = wanted if wanted and attempt == 0 and scene.chance.flag(60) else drawers
        if _give(scene, scene.chance.weighted(pool), stage):
            return True
    return False


def _give(scene: Scene, name: str, stage: StageName) -> bool:
    directive = DRAWERS[name].draw(scene, stage)
    return directive is not None and scene.give(directive)


def repair(scene: Scene, problem: TensorlangError | None) -> bool:
    """Take back directives until bounds inference has no objection; whether that is so."""
    for _ in range(_MOST_REPAIRS):
        if problem is None:
            return True
        if not take_back(scene, problem):
            return False
        problem = scene.infer()
    return problem is None


def take_back(scene: Scene, problem: TensorlangError) -> bool:
    """Take back the directive that a problem is about, or the last where it does not say; whether there was any."""
    scene.note_refusal(problem)
    if scene.withdraw(problem.asked):
        return True
    if not scene.directives:
        return False
    scene.use(scene.directives[:-1])
    return True
