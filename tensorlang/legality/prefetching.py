"""What may be prefetched in a loop: what it reads, from memory that is there before and after it."""

from __future__ import annotations

from tensorlang.bounds.regions import Region
from tensorlang.errors import ScheduleError
from tensorlang.ir.stmt import Lookahead, Memory
from tensorlang.legality.placement import level_of
from tensorlang.schedule.resolved import PREFETCH, LoopLevel, ResolvedSchedule
from tensorlang.schedule.rules import Family, rule
from tensorlang.schedule.stages import StageName


@rule(Family.PREFETCHING)
def check_prefetched_is_read(
    resolved: ResolvedSchedule, loop: str, ahead: Lookahead, region: Region | None
) -> ScheduleError | None:
    """What is prefetched in a loop is read in it."""
    if region is not None:
        return None
    level = level_of(loop)
    stage = StageName(level.func, level.index).as_written
    return _error(resolved, level, ahead, f"no iteration of {level.loop} of {stage} reads {ahead.name} from memory.")


@rule(Family.PREFETCHING)
def check_prefetched_outlives_the_loop(
    resolved: ResolvedSchedule, loop: str, ahead: Lookahead, loops: frozenset[str] | None
) -> ScheduleError | None:
    """What is prefetched is stored outside the loop whose later iterations read it.

    `loops` are those around the storage, None where it is inside the loop of the prefetch.
    """
    if loops is not None and ahead.loop not in loops:
        return None
    inner = level_of(ahead.loop)
    sentence = f"{ahead.name} is stored inside {inner.loop} of {StageName(inner.func, inner.index).as_written}."
    hint = f"store {ahead.name} further out, or leave the prefetch out"
    return _error(resolved, level_of(loop), ahead, sentence, hint=hint)


@rule(Family.PREFETCHING)
def check_prefetched_is_in_memory(
    resolved: ResolvedSchedule, loop: str, ahead: Lookahead, memory: Memory | None
) -> ScheduleError | None:
    """What is prefetched is in memory, not in registers."""
    if memory is not Memory.REGISTER:
        return None
    return _error(resolved, level_of(loop), ahead, f"{ahead.name} is in registers.", hint="leave the prefetch out")


def _error(
    resolved: ResolvedSchedule, level: LoopLevel, ahead: Lookahead, sentence: str, *, hint: str = ""
) -> ScheduleError:
    nests = resolved.funcs[level.func].stages[level.index].nests
    key = f"{PREFETCH}{ahead.name} {level.loop}"
    found = (resolved.origin(level.func, level.index, key, nest.case) for nest in nests)
    origin = next((origin for origin in found if origin.asked), resolved.origin(level.func, level.index, key))
    return ScheduleError(f"{origin.asked}: {sentence}", asked=origin.asked, where=origin.where, hint=hint)
