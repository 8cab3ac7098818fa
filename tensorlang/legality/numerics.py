"""Under strict numerics no schedule reorders the terms of a floating-point reduction."""

from __future__ import annotations

from tensorlang.errors import ScheduleError
from tensorlang.schedule.resolved import ResolvedSchedule


def check_strict(resolved: ResolvedSchedule) -> list[ScheduleError]:
    """One error for each float update whose reduction loops run in another order than the RDom's."""
    return [
        _error(resolved, func.name, stage.index)
        for func in resolved.algorithm.funcs
        if any(kind.is_float for kind in func.types)
        for stage in resolved.funcs[func.name].stages
        if stage.is_reduction_reordered
    ]


def _error(resolved: ResolvedSchedule, func: str, index: int) -> ScheduleError:
    loops = [loop.name for loop in resolved.funcs[func].stages[index].loops if loop.is_reduction]
    origin = next((o for o in (resolved.origin(func, index, loop) for loop in loops) if o.asked), None)
    return ScheduleError(
        f"the schedule reorders the reduction of {func} ({', '.join(loops)}), and numerics are strict.",
        asked=origin.asked if origin else "",
        where=origin.where if origin else "",
        rule="under strict numerics the terms of a float reduction are added in the order of the RDom",
        hint='keep the reduction loops in the order of the RDom, or compile with numerics="fast"',
    )
