"""Sizes of the expressions that inlining writes out: a Func is copied once for every use."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import FuncDef
from tensorlang.ir.expr import Call
from tensorlang.ir.visitor import walk
from tensorlang.lang.weight import MAX_SIZE
from tensorlang.schedule.resolved import Placement, ResolvedSchedule


def is_inline(func: FuncDef, resolved: ResolvedSchedule) -> bool:
    """Whether calls of `func` are replaced by its value."""
    placement = resolved.funcs[func.name].placement
    by_default = placement is Placement.DEFAULT and not func.updates and func.name not in resolved.algorithm.outputs
    return placement is Placement.INLINE or by_default


def check_inlining(resolved: ResolvedSchedule) -> Iterator[ScheduleError]:
    """An error for the first Func whose definitions would be too large to compile."""
    inlined: dict[str, int] = {}
    for func in resolved.algorithm.funcs:
        size, largest = _expanded_size(func, inlined)
        if size > MAX_SIZE:
            yield ScheduleError(
                f"{func.name} has {size} operations when the Funcs that it reads are written out in it.",
                rule=f"a Func has at most {MAX_SIZE} operations; an inlined Func counts once for every use",
                hint=f"s[{largest}].compute_root(), or compute_at()",
            )
            return
        if is_inline(func, resolved):
            inlined[func.name] = size


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
