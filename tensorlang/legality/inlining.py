"""Sizes of the expressions that inlining writes out: a Func is copied once for every use."""

from __future__ import annotations

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import FuncDef
from tensorlang.ir.expr import Call
from tensorlang.ir.visitor import walk
from tensorlang.lang.weight import MAX_SIZE
from tensorlang.schedule.resolved import Placement, ResolvedSchedule
from tensorlang.schedule.rules import Family, rule


def is_inline(func: FuncDef, resolved: ResolvedSchedule) -> bool:
    """Whether calls of `func` are replaced by its value."""
    placement = resolved.funcs[func.name].placement
    by_default = placement is Placement.DEFAULT and not func.updates and func.name not in resolved.algorithm.outputs
    return placement is Placement.INLINE or by_default


@rule(Family.SIZES)
def check_inlined_size(resolved: ResolvedSchedule) -> ScheduleError | None:
    """A Func has few enough operations to be compiled; inlined Funcs that it reads count once for every use."""
    inlined: dict[str, int] = {}
    for func in resolved.algorithm.funcs:
        size, largest = _expanded_size(func, inlined)
        if size > MAX_SIZE:
            return ScheduleError(
                f"{func.name} has {size} operations, more than {MAX_SIZE}, as {largest} is written out in it.",
                legal=f"s[{largest}].compute_root() | s[{largest}].compute_at(consumer, loop)",
            )
        if is_inline(func, resolved):
            inlined[func.name] = size
    return None


def _expanded_size(func: FuncDef, inlined: dict[str, int]) -> tuple[int, str]:
    """The number of operations of `func` [nodes], and the inlined Func that the most of them are of."""
    size, shares = 0, dict.fromkeys(inlined, 0)
    for definition in func.definitions:
        for root in (*definition.args, definition.value):
            for node in walk(root):
                size += 1
                if isinstance(node, Call) and node.name in inlined:
                    shares[node.name] += inlined[node.name]
    return size + sum(shares.values()), max(shares, key=shares.__getitem__, default="")
