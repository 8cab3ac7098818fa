"""LLVM metadata that steers its loop passes."""

from __future__ import annotations

from typing import Any

from llvmlite import ir as ll
from llvmlite.ir.values import MDValue


def keep_loop_rolled(module: ll.Module, latch: Any) -> None:
    """Tell LLVM not to unroll the loop that the branch `latch` closes.

    A loop's identifier is a node whose first operand is itself, which `Module.add_metadata` cannot make.
    """
    flag = module.add_metadata([ll.MetaDataString(module, "llvm.loop.unroll.disable")])
    identifier = MDValue(module, [flag], name=str(len(module.metadata)))
    identifier.operands = (identifier, flag)
    latch.set_metadata("llvm.loop", identifier)
