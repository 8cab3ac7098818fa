"""What the directives about how a loop is compiled ask of a stage: rules of partition and prefetch."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.stmt import LoopKind
from tensorlang.schedule.call import Call
from tensorlang.schedule.nest import LoopPlan, PrefetchPlan, StagePlan
from tensorlang.schedule.rules import Family, rule


def hint_problems(nest: StagePlan) -> Iterator[ScheduleError]:
    """The errors of a nest, once all directives are known."""
    problems = [check_partitioned_loop_repeats(nest, loop) for loop in nest.loops]
    for wanted in nest.prefetches:
        gone = check_prefetch_loops_are_there(nest, wanted)
        problems.append(gone)
        if gone is None:
            problems.append(check_prefetch_looks_outwards(nest, wanted))
            problems.append(check_prefetch_is_outside_lanes(nest, wanted))
        problems.append(check_fused_stage_prefetches_nothing(nest, wanted))
    yield from (problem for problem in problems if problem is not None)


@rule(Family.LOOPS)
def check_partitioned_loop_repeats(nest: StagePlan, loop: LoopPlan) -> ScheduleError | None:
    """Policies of partitioning are for loops that are serial or parallel."""
    call = loop.partitioned_by
    # A loop that a later directive made of it has its policy, but was not named.
    is_named = loop.name == loop.partition_of
    if call is None or not is_named or loop.kind in (LoopKind.SERIAL, LoopKind.PARALLEL):
        return None
    legal = ", ".join(other.name for other in nest.loops if other.kind in (LoopKind.SERIAL, LoopKind.PARALLEL))
    return call.error(f"{loop.name} is {loop.kind}.", legal=f"loops: {legal or 'none'}")


@rule(Family.PREFETCHING)
def check_prefetched_exists(call: Call, algorithm: Algorithm, name: str) -> ScheduleError | None:
    """What is prefetched is a Func or an Input of the algorithm."""
    names = [*(func.name for func in algorithm.funcs), *(item.name for item in algorithm.inputs if item.scalar is None)]
    if name in names:
        return None
    return call.error(f"there is no Func or Input {name}.", legal=f"Funcs and Inputs: {', '.join(names)}")


@rule(Family.PREFETCHING)
def check_prefetched_once(nest: StagePlan, wanted: PrefetchPlan) -> ScheduleError | None:
    """A producer is prefetched once in a loop."""
    for before in nest.prefetches:
        if (before.producer, before.at) == (wanted.producer, wanted.at):
            return wanted.call.error(f"{before.call.asked} was given before.", hint="keep one of the two")
    return None


@rule(Family.PREFETCHING)
def check_prefetch_loops_are_there(nest: StagePlan, wanted: PrefetchPlan) -> ScheduleError | None:
    """The loops of a prefetch are there when all directives have been given."""
    names = [loop.name for loop in nest.loops]
    for loop in (wanted.at, wanted.ahead):
        if loop not in names:
            return wanted.call.error(
                f"{loop} is no loop of {nest.name.as_written} any more; {nest.gone_by[loop].asked} replaced it.",
                legal=f"loops of {nest.name.as_written}, outermost first: {nest.loop_names}",
            )
    return None


@rule(Family.PREFETCHING)
def check_prefetch_looks_outwards(nest: StagePlan, wanted: PrefetchPlan) -> ScheduleError | None:
    """A prefetch looks ahead in its own loop or in one around it."""
    names = [loop.name for loop in nest.loops]
    if names.index(wanted.ahead) <= names.index(wanted.at):
        return None
    return wanted.call.error(
        f"{wanted.ahead} is inside {wanted.at}.",
        legal=f"loops to look ahead in: {', '.join(names[: names.index(wanted.at) + 1])}",
    )


@rule(Family.PREFETCHING)
def check_prefetch_is_outside_lanes(nest: StagePlan, wanted: PrefetchPlan) -> ScheduleError | None:
    """A prefetch is made outside of vectorized loops."""
    names = [loop.name for loop in nest.loops]
    around = nest.loops[: names.index(wanted.at) + 1]
    lanes = next((loop.name for loop in around if loop.kind is LoopKind.VECTORIZED), None)
    if lanes is None:
        return None
    where = "is" if lanes == wanted.at else f"is inside {lanes}, which is"
    outside = names[: names.index(lanes)]
    return wanted.call.error(f"{wanted.at} {where} vectorized.", legal=f"loops: {', '.join(outside) or 'none'}")


@rule(Family.PREFETCHING)
def check_fused_stage_prefetches_nothing(nest: StagePlan, wanted: PrefetchPlan) -> ScheduleError | None:
    """Where stages are computed together, prefetches are given to the one whose loops stay."""
    if nest.fused is None or nest.fused_by is None:
        return None
    return wanted.call.error(
        f"the loops of {nest.name.as_written} are those of {nest.fused.func}, by {nest.fused_by.asked}.",
        hint=f"give the prefetch to {nest.fused.func}",
    )
