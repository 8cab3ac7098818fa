"""How loops may run, as far as their names and their nest tell."""

from __future__ import annotations

from tensorlang.errors import ScheduleError
from tensorlang.ir.stmt import LoopKind
from tensorlang.schedule.call import Call
from tensorlang.schedule.nest import LoopPlan, StagePlan
from tensorlang.schedule.rules import Family, rule
from tensorlang.schedule.tails import TailStrategy


@rule(Family.LOOPS)
def check_runs_in_one_way(call: Call, stage: StagePlan, loop: LoopPlan, kind: LoopKind) -> ScheduleError | None:
    """A loop runs in one way."""
    if loop.kind is LoopKind.SERIAL:
        return None
    return call.error(
        f"{loop.name} is already {loop.kind} in {stage.name.as_written}.",
        hint=f'serial("{loop.name}") first' if loop.kind is not kind else "say it once",
    )


@rule(Family.EFFECT)
def check_tail_belongs_to_a_split(call: Call, v: str, n: int | None, tail: TailStrategy) -> ScheduleError | None:
    """A tail belongs to a split."""
    if n is not None or tail is TailStrategy.AUTO:
        return None
    return call.error(
        "there is no split for the tail to apply to.",
        legal=f'{call.call}("{v}") | {call.call}("{v}", n, tail="{tail}")',
    )


@rule(Family.VECTORS)
def check_one_loop_is_vectorized(call: Call, stage: StagePlan, v: str) -> ScheduleError | None:
    """One loop of a stage is vectorized."""
    lanes = next((loop for loop in stage.loops if loop.kind is LoopKind.VECTORIZED), None)
    if lanes is None:
        return None
    return call.error(
        f"{lanes.name} is already a vectorized loop of {stage.name.as_written}.",
        hint=f'unroll("{v}"), or serial("{lanes.name}") first',
    )
