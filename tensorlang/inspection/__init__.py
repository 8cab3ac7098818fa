"""Looking at what a schedule makes: loop nests, the code after each pass, what the machine code does."""

from tensorlang.inspection.explain import explain
from tensorlang.inspection.loop_nest import loop_nest
from tensorlang.inspection.passes import lowered_passes

__all__ = ["explain", "loop_nest", "lowered_passes"]
