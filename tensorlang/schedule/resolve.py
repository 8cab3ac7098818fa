"""From an algorithm and a schedule to what lowering reads."""

from __future__ import annotations

from tensorlang.ir.algorithm import Algorithm
from tensorlang.schedule.finish import find_problems
from tensorlang.schedule.replay import as_resolved, replay
from tensorlang.schedule.resolved import ResolvedSchedule
from tensorlang.schedule.schedule import Schedule


def resolve(algorithm: Algorithm, schedule: Schedule) -> ResolvedSchedule:
    """Return what `schedule` makes of `algorithm`, which need not be the one it was written for.

    Raises
    ------
    ScheduleError
        If the schedule has holes; else the first problem, as far as names tell; `Schedule.check` returns all of them.
    """
    for hole in schedule.holes:
        raise hole
    plan, refused = replay(algorithm, schedule.directives)
    for problem in refused or find_problems(plan):
        raise problem
    return as_resolved(plan)
