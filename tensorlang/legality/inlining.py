"""Sizes of the expressions that inlining writes out: a Func is copied once for every use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import FuncDef
from tensorlang.ir.expr import Call, Expr
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
        shares = _shares([expr for definition in func.definitions for expr in definition.exprs], inlined)
        size, largest = sum(shares.values()), max(shares, key=lambda name: (name != "", shares[name]))
        if size > MAX_SIZE:
            yield ScheduleError(
                f"{func.name} has {size} operations when the Funcs that it reads are written out in it.",
                rule=f"a Func has at most {MAX_SIZE} operations; an inlined Func counts once for every use",
                hint=f"s[{largest}].compute_root(), or compute_at()",
            )
            return
        if is_inline(func, resolved):
            for (buffer, _), value in zip(func.elements, func.pure.values, strict=True):
                inlined[buffer] = sum(_shares([*func.pure.args, value], inlined).values())


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
