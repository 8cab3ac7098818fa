"""Sizes of the expressions that inlining writes out: a Func is copied once for every use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import FuncDef
from tensorlang.ir.expr import Call, Expr
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
        shares = _shares([expr for definition in func.definitions for expr in definition.exprs], inlined)
        size, largest = sum(shares.values()), max(shares, key=lambda name: (name != "", shares[name]))
        if size > MAX_SIZE:
            return ScheduleError(
                f"{func.name} has {size} operations, more than {MAX_SIZE}, as {largest} is written out in it.",
                legal=f"s[{largest}].compute_root() | s[{largest}].compute_at(consumer, loop)",
            )
        if is_inline(func, resolved):
            for (buffer, _), value in zip(func.elements, func.pure.values, strict=True):
                inlined[buffer] = sum(_shares([*func.pure.args, value], inlined).values())
    return None


def _shares(exprs: Sequence[Expr], inlined: Mapping[str, int]) -> dict[str, int]:
    """The operations of `exprs` when what they read is written out [nodes]: their own, under "", and by inlined Func.

    `inlined` holds the operations of each element of the inlined Funcs.
    """
    shares = {"": 0}
    for expr in exprs:
        for node in walk(expr):
            shares[""] += 1
            if isinstance(node, Call) and node.buffer in inlined:
                shares[node.name] = shares.get(node.name, 0) + inlined[node.buffer]
    return shares
