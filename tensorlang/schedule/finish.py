"""Checks of a whole schedule, which single directives cannot decide: nothing given may end up without effect."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlang.errors import ScheduleError
from tensorlang.ir.stmt import LoopKind, Memory
from tensorlang.schedule.bounds import check_estimate_is_whole
from tensorlang.schedule.call import Call
from tensorlang.schedule.cases import check_initialised_cases_are_constant
from tensorlang.schedule.computing_with import fusion_problems
from tensorlang.schedule.hint_rules import hint_problems
from tensorlang.schedule.nest import LoopPlan, StagePlan
from tensorlang.schedule.plan import FuncPlan, Plan
from tensorlang.schedule.resolved import ROOT_LEVEL, Placement
from tensorlang.schedule.rules import Family, rule
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.streaming import stream_problems
from tensorlang.schedule.tail_rules import blend_problems


def find_problems(plan: Plan) -> tuple[ScheduleError, ...]:
    """Every problem of a plan to which all directives have been applied."""
    problems: list[ScheduleError] = []
    for func in plan.funcs.values():
        problems.extend(_inline_problems(plan, func))
        problems.extend(_level_problems(plan, func))
        problems.extend(_storage_level_problems(plan, func))
        problems.extend(_memory_problems(func))
        half_known = check_estimate_is_whole(plan, func)
        problems.extend([] if half_known is None else [half_known])
    for stage in plan.stages.values():
        unknown = check_initialised_cases_are_constant(plan, stage)
        problems.extend([] if unknown is None else [unknown])
        for nest in stage.nests:
            problems.extend(_nest_problems(nest))
            problems.extend(blend_problems(nest))
            problems.extend(hint_problems(nest))
            problems.extend(stream_problems(plan.funcs[nest.name.func], nest))
    problems.extend(fusion_problems(plan))
    return tuple(problems)


def is_inlined(plan: Plan, name: str) -> bool:
    """Whether a Func has neither loops nor storage, because it was asked for or by default."""
    func = plan.funcs[name]
    if func.placement is Placement.DEFAULT:
        return name not in plan.algorithm.outputs and not plan.algorithm.func(name).updates
    return func.placement is Placement.INLINE


def _inline_problems(plan: Plan, func: FuncPlan) -> Iterator[ScheduleError]:
    if not is_inlined(plan, func.name):
        return
    problem = check_copy_is_computed(func) or check_directive_has_effect(plan, func)
    if problem is not None:
        yield problem


@rule(Family.EFFECT)
def check_copy_is_computed(func: FuncPlan) -> ScheduleError | None:
    """The copy that in_ makes is computed somewhere."""
    if func.wrapped_by is None:
        return None
    return func.wrapped_by.error(
        f"{func.name} is inlined, so that nothing is copied.",
        legal=f"{_places(func)} | s[{func.name}].compute_at_init()",
    )


@rule(Family.EFFECT)
def check_directive_has_effect(plan: Plan, func: FuncPlan) -> ScheduleError | None:
    """A directive is never silently ignored."""
    idle = _first_idle_directive(plan, func)
    if idle is None:
        return None
    if func.placed_by is not None:
        return idle.error(
            f"{func.name} is inlined, by {func.placed_by.asked}, so it has no loops and no storage.",
            hint="leave that out, and say compute_root() or compute_at(consumer, loop)",
        )
    by_default = "which is the default of Funcs without updates"
    return idle.error(f"{func.name} is inlined, {by_default}, so it has no loops and no storage.", legal=_places(func))


def _places(func: FuncPlan) -> str:
    """Where a Func that is inlined may be computed instead."""
    return " | ".join(f"s[{func.name}].{call}" for call in ("compute_root()", "compute_at(consumer, loop)"))


def _first_idle_directive(plan: Plan, func: FuncPlan) -> Call | None:
    stage = plan.stages[StageName(func.name)]
    return next((call for call in (stage.touched_by, func.stored_by, func.arranged_by) if call is not None), None)


def _level_problems(plan: Plan, func: FuncPlan) -> Iterator[ScheduleError]:
    for level, call in (
        (func.level, func.placed_by),
        (func.store, func.kept_by),
        (func.hoist, func.hoisted_by),
    ):
        if level is None or level == ROOT_LEVEL or call is None:
            continue
        problem = check_loop_of_a_level_is_there(plan.stages[StageName(level.func, level.index)], call, level.loop)
        if problem is not None:
            yield problem


@rule(Family.NAMES)
def check_loop_of_a_level_is_there(site: StagePlan, call: Call, name: str) -> ScheduleError | None:
    """The loop of a compute_at, store_at or hoist_storage is there once all directives are given."""
    if any(loop.name == name for loop in site.loops):
        return None
    return call.error(
        f"{name} is no loop of {site.name.as_written} any more; {site.gone_by[name].asked} replaced it.",
        legal=f"loops of {site.name.as_written}, outermost first: {site.loop_names}",
    )


def _storage_level_problems(plan: Plan, func: FuncPlan) -> Iterator[ScheduleError]:
    levels = [call for call in (func.kept_by, func.hoisted_by) if call is not None]
    found = [check_stored_apart_is_computed_at_a_loop(plan, func, call) for call in levels]
    found += [check_fold_has_loops(func, call) for call in func.folded_by]
    yield from (problem for problem in found if isinstance(problem, ScheduleError))


@rule(Family.STORAGE)
def check_stored_apart_is_computed_at_a_loop(plan: Plan, func: FuncPlan, call: Call) -> ScheduleError | None:
    """A Func that is stored or allocated apart from its computation is computed at a loop of a consumer."""
    if func.placement is Placement.AT:
        return None
    where = "inlined, so it has no storage" if is_inlined(plan, func.name) else _WHERE[func.placement]
    return call.error(
        f"{func.name} is {where}.",
        legal=f"s[{func.name}].compute_at(consumer, loop)",
    )


_WHERE = {
    Placement.ROOT: "computed at root, and stored there",
    Placement.INIT: "computed at initialisation, and kept in the kernel's state",
    Placement.DEFAULT: "computed, by default, in the innermost loop around its uses, and stored there",
}


@rule(Family.STORAGE)
def check_fold_has_loops(func: FuncPlan, call: Call) -> ScheduleError | None:
    """Storage is folded over the loops between its level and that of the computation."""
    if func.store is not None and func.store != func.level:
        return None
    return call.error(
        f"{func.name} is stored where it is computed.",
        legal=f"s[{func.name}].store_at(consumer, loop) | s[{func.name}].store_root()",
    )


def _memory_problems(func: FuncPlan) -> Iterator[ScheduleError]:
    if func.stored_by is None or func.memory is Memory.HEAP:
        return
    problem = check_state_is_on_the_heap(func, func.stored_by) or check_registers_are_in_a_loop(func, func.stored_by)
    if problem is not None:
        yield problem


@rule(Family.STORAGE)
def check_state_is_on_the_heap(func: FuncPlan, call: Call) -> ScheduleError | None:
    """What compute_at_init computes is kept in the kernel's state, on the heap."""
    if func.placement is not Placement.INIT:
        return None
    return call.error(f"{func.name} is computed at initialisation and outlives the call.", legal='store_in("heap")')


@rule(Family.STORAGE)
def check_registers_are_in_a_loop(func: FuncPlan, call: Call) -> ScheduleError | None:
    """Registers hold what is computed inside a loop of a consumer."""
    if func.placement is not Placement.ROOT or func.memory is not Memory.REGISTER:
        return None
    return call.error(
        f"{func.name} is computed at root.",
        legal='compute_at(consumer, loop) | store_in("heap") | store_in("stack")',
    )


def _nest_problems(stage: StagePlan) -> Iterator[ScheduleError]:
    """A parallel loop inside a vectorized one."""
    lanes: LoopPlan | None = None
    for loop in stage.loops:
        if loop.kind is LoopKind.VECTORIZED:
            lanes = loop
        elif lanes is not None:
            problem = check_lanes_start_no_threads(lanes, loop)
            if problem is not None:
                yield problem


@rule(Family.VECTORS)
def check_lanes_start_no_threads(lanes: LoopPlan, loop: LoopPlan) -> ScheduleError | None:
    """The loops inside a vectorized loop are serial or unrolled."""
    if lanes.marked_by is None or loop.kind is not LoopKind.PARALLEL:
        return None
    return lanes.marked_by.error(
        f"the loop {loop.name} inside {lanes.name} is parallel.", hint=f'reorder("{loop.name}", "{lanes.name}")'
    )
