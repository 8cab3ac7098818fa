"""The code after each lowering pass, and the time each took."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlang.bounds.expected import expected_shapes
from tensorlang.inspection.loop_nest import Shape, as_shapes
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.printer import format_stmt
from tensorlang.ir.recursion import deep_recursion
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.func import Func
from tensorlang.lowering.pipeline import Trace, lower
from tensorlang.schedule.resolve import resolve
from tensorlang.schedule.schedule import Schedule


@deep_recursion()
def lowered_passes(
    output: Func | Sequence[Func] | Algorithm, schedule: Schedule | None = None, *, shape: Shape | None = None
) -> str:
    """Lower, and return the code after each pass that changed it, with the time of the pass [ms].

    Raises
    ------
    ScheduleError, BoundsError
        As `tl.compile`.
    """
    algorithm = output if isinstance(output, Algorithm) else build_algorithm(output)
    resolved = resolve(algorithm, schedule or Schedule(algorithm))
    trace = Trace()
    lower(resolved, expected_shapes(resolved, as_shapes(algorithm, shape)), trace=trace)
    sections: list[str] = []
    last: dict[str, str] = {}
    for name, function, stmt, time_s in trace.steps:
        text = format_stmt(stmt, 1)
        changed = last.get(function) != text
        last[function] = text
        heading = f"{name} ({function}, {time_s * 1e3:.1f} ms)"
        sections.append(f"{heading}:\n{text}" if changed else f"{heading}: unchanged")
    return "\n".join(sections)
