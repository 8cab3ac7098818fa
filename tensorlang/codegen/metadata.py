"""LLVM metadata that steers its loop passes."""

from __future__ import annotations

from typing import Any

from llvmlite import ir as ll
from llvmlite.ir.values import MDValue

from tensorlang.codegen.types import I1


def describe_loop(module: ll.Module, latch: Any, *, may_unroll: bool) -> None:
    """Tell LLVM what not to do with the loop that the branch `latch` closes.

    It never vectorizes: a loop runs as the schedule says, and what is not vectorized there is scalar code. A short body
    it may unroll, which hides the overhead of a loop and changes nothing else.
    """
    flags = [_flag(module, "llvm.loop.vectorize.enable", ll.Constant(I1, 0))]
    if not may_unroll:
        flags.append(_flag(module, "llvm.loop.unroll.disable"))
    # A loop's identifier is a node whose first operand is itself, which `Module.add_metadata` cannot make.
    identifier = MDValue(module, flags, name=str(len(module.metadata)))
    identifier.operands = (identifier, *flags)
    latch.set_metadata("llvm.loop", identifier)


def _flag(module: ll.Module, name: str, *values: ll.Constant) -> MDValue:
    return module.add_metadata([ll.MetaDataString(module, name), *values])
