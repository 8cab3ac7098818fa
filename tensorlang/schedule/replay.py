"""Carries directives out on an algorithm, one after the other, and reads the result as plain data."""

from __future__ import annotations

from collections.abc import Iterable

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.stmt import LoopKind, Races
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.nest import StagePlan
from tensorlang.schedule.plan import FuncPlan, Plan, begin
from tensorlang.schedule.races import may_race
from tensorlang.schedule.resolved import (
    BOUND,
    FOLD,
    HOIST,
    MEMORY,
    ORDER,
    STORE,
    FuncSchedule,
    Loop,
    Origin,
    ResolvedSchedule,
    StageSchedule,
)


def replay(algorithm: Algorithm, directives: Iterable[Directive]) -> tuple[Plan, tuple[ScheduleError, ...]]:
    """Apply directives in order, leaving out those that are refused; return the plan and the refusals."""
    plan = begin(algorithm)
    problems: list[ScheduleError] = []
    for directive in directives:
        try:
            plan = directive.apply(plan)
        except ScheduleError as problem:
            problems.append(problem)
    return plan, tuple(problems)


def as_resolved(plan: Plan) -> ResolvedSchedule:
    """A plan that has passed all checks, as the data that lowering reads."""
    funcs = {func.name: _func_schedule(plan, plan.funcs[func.name]) for func in plan.algorithm.funcs}
    return ResolvedSchedule(plan.algorithm, funcs, _origins(plan))


def _func_schedule(plan: Plan, func: FuncPlan) -> FuncSchedule:
    stages = sorted((stage for stage in plan.stages.values() if stage.name.func == func.name), key=lambda s: s.name)
    level = None if func.level is None else plan.canonical(func.level)
    return FuncSchedule(
        func.name,
        func.placement,
        level,
        func.memory,
        func.storage,
        tuple(map(_stage_schedule, stages)),
        None if func.store is None else plan.canonical(func.store),
        None if func.hoist is None else plan.canonical(func.hoist),
        func.folds,
    )


def _stage_schedule(stage: StagePlan) -> StageSchedule:
    loops = tuple(Loop(loop.name, loop.kind, loop.is_reduction) for loop in stage.loops)
    races = _races(stage)
    is_reordered = stage.is_reduction_reordered or races is not Races.NONE
    return StageSchedule(
        stage.name.func, stage.name.update, loops, stage.transforms, stage.bounds, is_reordered, races, stage.fused
    )


def _races(stage: StagePlan) -> Races:
    """What of the iterations of an atomic update may meet."""
    if stage.atomic_by is None:
        return Races.NONE
    kinds = {loop.kind for loop in stage.loops if may_race(stage, loop)}
    if LoopKind.PARALLEL in kinds:
        return Races.THREADS
    return Races.LANES if LoopKind.VECTORIZED in kinds else Races.NONE


def _origins(plan: Plan) -> dict[tuple[str, int, str], Origin]:
    origins: dict[tuple[str, int, str], Origin] = {}
    for func in plan.funcs.values():
        said = {"": func.placed_by or func.wrapped_by, MEMORY: func.stored_by}
        said |= {STORE: func.kept_by, HOIST: func.hoisted_by}
        said |= {f"{FOLD}{fold.var}": call for fold, call in zip(func.folds, func.folded_by, strict=True)}
        for key, call in said.items():
            if call is not None:
                origins[func.name, 0, key] = Origin(call.asked, call.where)
    for name, stage in plan.stages.items():
        for loop in stage.loops:
            call = loop.marked_by or stage.made_by[loop.name]
            if call is not None:
                origins[name.func, name.update, loop.name] = Origin(call.asked, call.where)
        if stage.reordered_by is not None:
            origins[name.func, name.update, ORDER] = Origin(stage.reordered_by.asked, stage.reordered_by.where)
        for (var, _, _), call in zip(stage.bounds, stage.bound_by, strict=True):
            origins[name.func, name.update, BOUND + var] = Origin(call.asked, call.where)
    return origins
