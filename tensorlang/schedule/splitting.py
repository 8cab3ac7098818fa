"""How a loop becomes two: the part that split, tile, vectorize, unroll and parallel share, with the rules for tails."""

from __future__ import annotations

from dataclasses import replace

from tensorlang.ir.stmt import LoopKind
from tensorlang.schedule import resolved
from tensorlang.schedule.call import Call
from tensorlang.schedule.nest import LoopPlan, StagePlan
from tensorlang.schedule.tails import TailStrategy


def split_loop(
    stage: StagePlan, call: Call, old: str, outer: str, inner: str, factor: int, tail: TailStrategy
) -> StagePlan:
    """Return `stage` with loop `old` replaced by `outer` around `inner`; both inherit its kind.

    Raises
    ------
    ScheduleError
        If there is no such loop, a name is taken, the loop is vectorized, or the tail is not legal for it.
    """
    position = stage.position(call, old)
    loop = stage.loops[position]
    stage.check_new_names(call, (outer, inner), reusable=(old,))
    if loop.kind is LoopKind.VECTORIZED:
        raise call.error(
            f"{old} is a vectorized loop of {stage.name.as_written}.",
            rule="a vectorized loop is not split, as its halves would both be vectorized",
            hint=f"split {old} first, then vectorize the inner loop",
        )
    _check_tail(stage, call, loop, factor, tail)
    count = None if loop.extent is None else -(-loop.extent // factor)
    halves = (
        replace(loop, name=outer, extent=count),
        replace(loop, name=inner, extent=factor, is_from_inner=True),
    )
    return stage.replaced(call, position, 1, halves, resolved.Split(old, outer, inner, factor, tail))


def _check_tail(stage: StagePlan, call: Call, loop: LoopPlan, factor: int, tail: TailStrategy) -> None:
    if tail in (TailStrategy.AUTO, TailStrategy.GUARD_WITH_IF):
        return
    legal = 'tail="guard_with_if" | tail="auto"'
    if loop.is_reduction:
        raise call.error(
            f"{loop.name} is a reduction loop, and {tail} would run iterations that the RDom does not have.",
            rule="reduction loops accept only the tails guard_with_if and auto",
            legal=legal,
        )
    if stage.name.update == 0:
        return
    divides = loop.extent is not None and loop.extent % factor == 0
    if tail is TailStrategy.SHIFT_INWARDS:
        raise call.error(
            f"{stage.name.as_written} is an update, and shift_inwards would update some points twice.",
            rule="shift_inwards is legal for pure definitions",
            legal=f'{legal} | tail="round_up"',
        )
    if loop.is_from_inner and not divides:
        raise call.error(
            f"{loop.name} descends from the inner loop of a split, and round_up would update some points twice.",
            rule="in an update, round_up is legal for loops that do not descend from the inner loop of a split, "
            "or that the factor divides",
            legal=legal,
        )
