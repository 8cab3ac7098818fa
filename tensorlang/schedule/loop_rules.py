"""Which loops may be taken apart and put together, as far as their names and their nest tell."""

from __future__ import annotations

from tensorlang.errors import ScheduleError
from tensorlang.ir.stmt import LoopKind
from tensorlang.schedule.call import Call
from tensorlang.schedule.nest import LoopPlan, StagePlan
from tensorlang.schedule.rules import Family, rule


@rule(Family.LOOPS)
def check_split_loop_is_not_vectorized(stage: StagePlan, call: Call, loop: LoopPlan) -> ScheduleError | None:
    """A vectorized loop is not split, as its halves would both be vectorized."""
    if loop.kind is not LoopKind.VECTORIZED:
        return None
    return call.error(
        f"{loop.name} is a vectorized loop of {stage.name.as_written}.",
        hint=f"split {loop.name} first, then vectorize the inner loop",
    )


@rule(Family.LOOPS)
def check_tile_takes_two_loops(call: Call, x: str, y: str) -> ScheduleError | None:
    """A tile is of two different loops."""
    if x != y:
        return None
    return call.error(f"{x} is named twice.", hint=f"split {x}, and the inner loop again, for tiles within tiles")


@rule(Family.LOOPS)
def check_fused_loops_are_nested(
    call: Call, stage: StagePlan, outer: LoopPlan, inner: LoopPlan
) -> ScheduleError | None:
    """The two loops of a fuse are directly nested, outer first."""
    if stage.loops.index(inner) == stage.loops.index(outer) + 1:
        return None
    return call.error(
        f"{inner.name} is not directly inside {outer.name}.",
        legal=f"loops of {stage.name.as_written}, outermost first: {stage.loop_names}",
        hint="reorder first",
    )


@rule(Family.LOOPS)
def check_fused_loops_are_of_one_sort(call: Call, outer: LoopPlan, inner: LoopPlan) -> ScheduleError | None:
    """A fuse takes two loops over pure Vars, or two over RVars."""
    if outer.is_reduction == inner.is_reduction:
        return None
    reduction, pure = (outer, inner) if outer.is_reduction else (inner, outer)
    return call.error(f"{reduction.name} is a reduction loop and {pure.name} is not.")


@rule(Family.LOOPS)
def check_fused_loops_run_alike(call: Call, outer: LoopPlan, inner: LoopPlan) -> ScheduleError | None:
    """The two loops of a fuse run in the same way, and are not vectorized."""
    if outer.kind is inner.kind and outer.kind is not LoopKind.VECTORIZED:
        return None
    return call.error(
        f"{outer.name} is {outer.kind} and {inner.name} is {inner.kind}.",
        hint="fuse first, then say how the fused loop runs",
    )
