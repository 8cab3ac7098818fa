"""Tail strategies that the extents of their loops do not allow."""

from __future__ import annotations

from tensorlang.bounds.nest import Nest, TailProblem
from tensorlang.errors import ScheduleError
from tensorlang.schedule.resolved import ResolvedSchedule, StageSchedule
from tensorlang.schedule.rules import Family, rule
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.tail_rules import GUARDS


def tail_problems(resolved: ResolvedSchedule, stage: StageSchedule, nest: Nest) -> list[ScheduleError]:
    """One error for each explicit tail that is not legal."""
    found = (check_shifted_tile_fits(resolved, stage, problem) for problem in nest.problems)
    return [error for error in found if error is not None]


@rule(Family.TAILS)
def check_shifted_tile_fits(
    resolved: ResolvedSchedule, stage: StageSchedule, problem: TailProblem
) -> ScheduleError | None:
    """A tail that shifts inwards needs an extent of at least the factor."""
    split, origin = problem.split, resolved.origin(stage.func, stage.index, problem.split.inner, stage.case)
    factor = f"a factor that divides {problem.extent}, or " if problem.extent.isdecimal() else ""
    name = StageName(stage.func, stage.index, stage.case).as_written
    return ScheduleError(
        f"tail {split.tail} of the split of {split.old} in {name} is not legal: its extent is {problem.extent}, "
        f"the factor {split.factor}.",
        asked=origin.asked,
        where=origin.where,
        legal=GUARDS,
        hint=f'use {factor}tail="auto"',
    )
