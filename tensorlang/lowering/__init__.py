"""Lowering: an algorithm and its schedule become functions over flat buffers."""

from tensorlang.lowering.pipeline import PASSES, Trace, check, lower

__all__ = ["PASSES", "Trace", "check", "lower"]
