"""Carries directives out on an algorithm, one after the other, and reads the result as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.expr import Call
from tensorlang.ir.stmt import Lookahead, LoopHints, LoopKind, Races
from tensorlang.schedule.call import Call as Directed
from tensorlang.schedule.cases import check_case_is_about_loops, param_reads
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.nest import LoopPlan, StagePlan
from tensorlang.schedule.plan import FuncPlan, Plan, begin
from tensorlang.schedule.races import may_race
from tensorlang.schedule.resolved import (
    ALIGN,
    BOUND,
    FOLD,
    HOIST,
    MEMORY,
    ORDER,
    PREFETCH,
    STORE,
    STREAM,
    CaseSchedule,
    FuncSchedule,
    Loop,
    Origin,
    ResolvedSchedule,
    StageSchedule,
    origin_key,
)
from tensorlang.schedule.rules import refuse


def replay(algorithm: Algorithm, directives: Iterable[Directive]) -> tuple[Plan, tuple[ScheduleError, ...]]:
    """Apply directives in order, leaving out those that are refused; return the plan and the refusals."""
    plan = begin(algorithm)
    problems: list[ScheduleError] = []
    for directive in directives:
        try:
            plan = carry_out(directive, plan)
        except ScheduleError as problem:
            problems.append(problem)
    return plan, tuple(problems)


def carry_out(directive: Directive, plan: Plan) -> Plan:
    """The plan after a directive.

    Raises
    ------
    ScheduleError
        If it is not legal there, as far as names tell, or has holes.
    """
    if directive.knobs:
        raise directive.holes_error(directive.knobs)
    refuse(check_case_is_about_loops(directive))
    return directive.apply(plan)


def as_resolved(plan: Plan) -> ResolvedSchedule:
    """A plan that has passed all checks, as the data that lowering reads."""
    funcs = {func.name: _func_schedule(plan, plan.funcs[func.name]) for func in plan.algorithm.funcs}
    return ResolvedSchedule(plan.algorithm, funcs, _origins(plan))


def _func_schedule(plan: Plan, func: FuncPlan) -> FuncSchedule:
    stages = sorted((stage for stage in plan.stages.values() if stage.name.func == func.name), key=lambda s: s.name)
    level = None if func.level is None else plan.canonical(func.level)
    reads = param_reads(plan.algorithm)
    return FuncSchedule(
        func.name,
        func.placement,
        level,
        func.memory,
        func.storage,
        tuple(_stage_schedule(stage, reads) for stage in stages),
        None if func.store is None else plan.canonical(func.store),
        None if func.hoist is None else plan.canonical(func.hoist),
        func.folds,
        func.alignments,
        func.estimates,
    )


def _stage_schedule(stage: StagePlan, reads: Mapping[str, Call]) -> StageSchedule:
    loops = tuple(Loop(loop.name, loop.kind, loop.is_reduction, _hints(stage, loop)) for loop in stage.loops)
    races = _races(stage)
    cases = tuple(CaseSchedule(case.condition.expr(reads), _stage_schedule(case.nest, reads)) for case in stage.cases)
    is_reordered = stage.is_reduction_reordered or races is not Races.NONE
    return StageSchedule(
        stage.name.func,
        stage.name.update,
        loops,
        stage.transforms,
        stage.bounds,
        is_reordered or any(case.nest.is_reduction_reordered for case in cases),
        races,
        stage.fused,
        stage.name.case,
        cases,
        stage.failure.message if stage.failure else "",
        stage.streamed_by is not None,
    )


def _hints(stage: StagePlan, loop: LoopPlan) -> LoopHints:
    wanted = [p for p in stage.prefetches if p.at == loop.name]
    return LoopHints(loop.partition, tuple(Lookahead(p.producer, p.ahead, p.offset, p.is_clamped) for p in wanted))


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
        said |= {f"{ALIGN}{to.var}": call for to, call in zip(func.alignments, func.aligned_by, strict=True)}
        for key, call in said.items():
            if call is not None:
                origins[func.name, 0, key] = Origin(call.asked, call.where)
    for nest in (nest for stage in plan.stages.values() for nest in stage.nests):
        for key, call in _said_of_nest(nest):
            where = nest.name.func, nest.name.update, origin_key(key, nest.name.case)
            origins[where] = Origin(call.asked, call.where)
    return origins


def _said_of_nest(nest: StagePlan) -> Iterator[tuple[str, Directed]]:
    """Who made or marked each loop of a nest, put them in order, and gave bounds."""
    for loop in nest.loops:
        call = loop.marked_by or nest.made_by[loop.name]
        if call is not None:
            yield loop.name, call
    if nest.reordered_by is not None:
        yield ORDER, nest.reordered_by
    if nest.streamed_by is not None:
        yield STREAM, nest.streamed_by
    for wanted in nest.prefetches:
        yield f"{PREFETCH}{wanted.producer} {wanted.at}", wanted.call
    for (var, _, _), call in zip(nest.bounds, nest.bound_by, strict=True):
        yield BOUND + var, call
