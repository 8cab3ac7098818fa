"""Where Funcs may be computed, as far as the algorithm and the names of stages and loops tell."""

from __future__ import annotations

from tensorlang.errors import ScheduleError
from tensorlang.schedule.call import Call
from tensorlang.schedule.plan import FuncPlan, Plan
from tensorlang.schedule.reads import producers_of, stages_using
from tensorlang.schedule.rules import Family, rule
from tensorlang.schedule.stages import StageName


@rule(Family.PLACEMENT)
def check_output_is_at_root(call: Call, plan: Plan) -> ScheduleError | None:
    """Outputs are computed at root, in every call."""
    if call.stage.func not in plan.algorithm.outputs:
        return None
    return call.error(f"{call.stage.func} is an output.", legal="compute_root()")


@rule(Family.PLACEMENT)
def check_inlined_func_has_no_updates(call: Call, plan: Plan) -> ScheduleError | None:
    """A Func with updates is not inlined, as it needs storage to accumulate in."""
    name = call.stage.func
    if not plan.algorithm.func(name).updates:
        return None
    return call.error(f"{name} has an update definition.", legal="compute_root() | compute_at(consumer, loop)")


@rule(Family.PLACEMENT)
def check_level_is_of_a_user(call: Call, plan: Plan, consumer: StageName) -> ScheduleError | None:
    """A Func is computed at a loop of a stage that uses it, directly or through others."""
    users = stages_using(plan.algorithm, call.stage.func)
    if consumer in users:
        return None
    is_itself = consumer.func == call.stage.func
    return call.error(
        f"{consumer.as_written} {'is' if is_itself else 'does not use'} {call.stage.func}{' itself' * is_itself}.",
        legal=f"loops of {', '.join(user.as_written for user in users)}",
    )


@rule(Family.PLACEMENT)
def check_initialised_once(call: Call, plan: Plan) -> ScheduleError | None:
    """A Func computed at initialisation depends on constant Inputs only."""
    needed = producers_of(plan.algorithm, call.stage.func)
    changing = [item.name for item in plan.algorithm.inputs if item.name in needed and not item.constant]
    if not changing:
        return None
    return call.error(
        f"{call.stage.func} depends on {' and '.join(changing)}, which may differ from call to call.",
        hint=f"tl.Input({changing[0]!r}, ..., constant=True), if it is a weight",
    )


@rule(Family.PLACEMENT)
def check_initialised_reads_no_output(call: Call, plan: Plan) -> ScheduleError | None:
    """A Func computed at initialisation reads no output, as those are computed in every call."""
    name = call.stage.func
    needed = producers_of(plan.algorithm, name)
    outputs = [output for output in plan.algorithm.outputs if output in needed]
    if not outputs:
        return None
    return call.error(
        f"{name} depends on {' and '.join(outputs)}, which {'is an output' if len(outputs) == 1 else 'are outputs'}.",
        legal="compute_root() | compute_at(consumer, loop)",
    )


@rule(Family.PLACEMENT)
def check_placed_once(call: Call, func: FuncPlan) -> ScheduleError | None:
    """A Func is placed once."""
    if func.placed_by is None:
        return None
    return call.error(f"{func.name} is already placed, by {func.placed_by.asked}.", hint="keep one of the two")
