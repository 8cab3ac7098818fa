"""Looking at what a schedule makes: loop nests, the code after each pass, what the kernel does and why it is fast or not."""

from tensorlang.inspection.loop_nest import loop_nest
from tensorlang.inspection.passes import lowered_passes

__all__ = ["loop_nest", "lowered_passes"]
