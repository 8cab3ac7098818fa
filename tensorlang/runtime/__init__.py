"""Running compiled code: kernels, their arrays, workspaces and states, and timing."""

from tensorlang.runtime.buffers import copy_aligned, empty_aligned, zeros_aligned
from tensorlang.runtime.kernel import Kernel
from tensorlang.runtime.module import compile_module
from tensorlang.runtime.state import State
from tensorlang.runtime.timing import Timing, time_callable

__all__ = [
    "Kernel",
    "State",
    "Timing",
    "compile_module",
    "copy_aligned",
    "empty_aligned",
    "time_callable",
    "zeros_aligned",
]
