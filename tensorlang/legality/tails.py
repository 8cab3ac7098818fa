"""Tail strategies that the extents of their loops do not allow."""

from __future__ import annotations

from tensorlang.bounds.nest import Nest
from tensorlang.errors import ScheduleError
from tensorlang.schedule.resolved import ResolvedSchedule, StageSchedule


def check_tails(resolved: ResolvedSchedule, stage: StageSchedule, nest: Nest) -> list[ScheduleError]:
    """One error for each explicit tail that is not legal."""
    return [_error(resolved, stage, problem.split.inner, nest) for problem in nest.problems]


def _error(resolved: ResolvedSchedule, stage: StageSchedule, loop: str, nest: Nest) -> ScheduleError:
    problem = next(p for p in nest.problems if p.split.inner == loop)
    split, origin = problem.split, resolved.origin(stage.func, stage.index, loop)
    factor = f"a factor that divides {problem.extent}, or " if problem.extent.isdecimal() else ""
    return ScheduleError(
        f"tail {split.tail} of the split of {split.old} in {stage.func} is not legal: its extent is {problem.extent}, "
        f"the factor {split.factor}.",
        asked=origin.asked,
        where=origin.where,
        rule=problem.rule,
        legal='tail="guard_with_if" | tail="auto"',
        hint=f'use {factor}tail="auto"',
    )
