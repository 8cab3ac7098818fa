"""Under strict numerics no schedule reorders the terms of a floating-point reduction."""

from __future__ import annotations

from tensorlang.errors import ScheduleError
from tensorlang.schedule.resolved import ORDER, Origin, ResolvedSchedule, StageSchedule
from tensorlang.schedule.rules import Family, rule


def strict_problems(resolved: ResolvedSchedule) -> list[ScheduleError]:
    """One error for each float update whose reduction loops run in another order than the RDom's."""
    found = [
        check_strict_order(resolved, stage)
        for func in resolved.algorithm.funcs
        if any(kind.is_float for kind in func.types)
        for stage in resolved.funcs[func.name].stages
    ]
    return [error for error in found if error is not None]


@rule(Family.REDUCTION_ORDER)
def check_strict_order(resolved: ResolvedSchedule, stage: StageSchedule) -> ScheduleError | None:
    """Under strict numerics the terms of a float reduction are added in the order of the RDom."""
    if not stage.is_reduction_reordered:
        return None
    nest = next(nest for nest in reversed(stage.nests) if nest.is_reduction_reordered)
    loops = [loop.name for loop in nest.loops if loop.is_reduction]
    origins = (resolved.origin(stage.func, stage.index, loop, nest.case) for loop in (ORDER, *loops))
    origin = next((origin for origin in origins if origin.asked), Origin("", ""))
    return ScheduleError(
        f"the schedule reorders the reduction of {stage.func} ({', '.join(loops)}), and numerics are strict.",
        asked=origin.asked,
        where=origin.where,
        hint='keep the reduction loops in the order of the RDom, or compile with numerics="fast"',
    )
