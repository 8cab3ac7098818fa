"""How a loop becomes two: the part that split, tile, vectorize, unroll and parallel share."""

from __future__ import annotations

from dataclasses import replace

from tensorlang.schedule import resolved
from tensorlang.schedule.call import Call
from tensorlang.schedule.loop_rules import check_split_loop_is_not_vectorized
from tensorlang.schedule.nest import Blend, StagePlan
from tensorlang.schedule.rules import refuse
from tensorlang.schedule.tail_rules import (
    check_reduction_tail,
    check_repeated_blends,
    check_repeated_updates,
    check_repeated_zeros,
    check_shift_in_update,
)
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
    refuse(
        check_split_loop_is_not_vectorized(stage, call, loop),
        check_reduction_tail(call, loop, tail),
        check_shift_in_update(stage, call, tail),
        check_repeated_updates(stage, call, loop, factor, tail),
        check_repeated_zeros(call, loop, factor, tail),
        check_repeated_blends(call, loop, factor, tail),
    )
    count = None if loop.extent is None else -(-loop.extent // factor)
    halves = (
        replace(loop, name=outer, extent=count, is_from_shifted=loop.is_from_shifted or tail.shifts),
        replace(loop, name=inner, extent=factor, is_from_inner=True),
    )
    split = resolved.Split(old, outer, inner, factor, tail)
    stage = stage.replaced(call, position, 1, halves, split)
    return replace(stage, blends=(*stage.blends, Blend(call, split, loop.roots))) if tail.blends else stage
