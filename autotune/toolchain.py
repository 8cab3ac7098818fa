"""What kernels are made by in this installation, as records name it."""

from __future__ import annotations

from importlib.metadata import version

from schedules import Toolchain
from tensorlang.codegen import codegen_epoch, launches_are_thread_safe


def find_toolchain() -> Toolchain:
    """The versions that the speed of a kernel may depend on."""
    return Toolchain(int(codegen_epoch(), 16), version("numba"), version("llvmlite"), threading_layer())


def threading_layer() -> str:
    """Name of what launches parallel loops."""
    return "omp" if launches_are_thread_safe() else "workqueue"
