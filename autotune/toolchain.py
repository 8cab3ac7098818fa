"""What kernels are made by in this installation, as records name it."""

from __future__ import annotations

from importlib.metadata import version

from schedules import Toolchain
from tensorlang.codegen import codegen_epoch, threading_layer_name


def find_toolchain() -> Toolchain:
    """The versions that the speed of a kernel may depend on."""
    return Toolchain(codegen_epoch(), version("numba"), version("llvmlite"), threading_layer_name())
