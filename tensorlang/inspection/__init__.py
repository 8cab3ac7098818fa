"""Looking at what a schedule makes: loop nests, the code after each pass, what the machine code does, and how much."""

from tensorlang.inspection.analysis import Analysis, Measured, analyse
from tensorlang.inspection.explain import explain
from tensorlang.inspection.limits import find_limit
from tensorlang.inspection.loop_nest import loop_nest
from tensorlang.inspection.passes import lowered_passes
from tensorlang.inspection.work import count_operations, parallelism

__all__ = [
    "Analysis",
    "Measured",
    "analyse",
    "count_operations",
    "explain",
    "find_limit",
    "loop_nest",
    "lowered_passes",
    "parallelism",
]
