"""How much code a schedule asks for: unrolled loops, and vectors wider than a register, multiply what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tensorlang.errors import ScheduleError
from tensorlang.ir.stmt import For, LoopKind, Provide, Stmt
from tensorlang.ir.visitor import stmt_exprs, substatements, walk, walk_stmts
from tensorlang.schedule.resolved import ResolvedSchedule
from tensorlang.schedule.rules import Family, rule
from tensorlang.schedule.stages import StageName
from tensorlang.symbolic.facts import Facts

MAX_OPERATIONS = 100_000
"""Most operations of a kernel's code [nodes]: to compile so many takes about half a minute."""

_VECTOR_BYTES = 64


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement as it will be written out: its operations, and the loops around the largest part that multiply it."""

    operations: int
    factors: tuple[tuple[For, int], ...] = ()


@rule(Family.SIZES)
def check_code_size(resolved: ResolvedSchedule, *trees: Stmt) -> ScheduleError | None:
    """The code of a kernel has at most 100000 operations, its unrolled loops written out."""
    written = _sum(_write_out(tree, Facts()) for tree in trees)
    if written.operations <= MAX_OPERATIONS or not written.factors:
        return None
    largest, count = max(written.factors, key=lambda factor: factor[1])
    name, loop = _stage_and_loop(largest)
    case = resolved.case_with(name.func, name.update, loop, largest.kind)
    origin = resolved.origin(name.func, name.update, loop, case)
    nest, less = replace(name, case=case), _less(largest.kind, loop, count, written.operations)
    return ScheduleError(
        f"the code would have {written.operations} operations: {_describe(written.factors)}.",
        asked=origin.asked,
        where=origin.where,
        hint=f"leave more in loops: s[{nest.as_written}].{less}",
    )


def _less(kind: LoopKind, loop: str, count: int, operations: int) -> str:
    """The call that multiplies by the largest power of two that fits, in place of `count`."""
    fitting = count * MAX_OPERATIONS // operations
    if kind is LoopKind.UNROLLED and fitting > 1:
        return f'unroll("{loop.removesuffix(".unroll")}", {1 << fitting.bit_length() - 1})'
    return f'serial("{loop}")'


def _write_out(stmt: Stmt, facts: Facts) -> _Written:
    own = sum(1 for expr in stmt_exprs(stmt) for _ in walk(expr))
    inner = facts.with_loop(stmt.var, stmt.extent) if isinstance(stmt, For) else facts
    below = _sum(_write_out(child, inner) for child in substatements(stmt))
    times = _times(stmt, facts) if isinstance(stmt, For) else 1
    if times == 1:
        return _Written(own + below.operations, below.factors)
    assert isinstance(stmt, For), "only loops multiply"
    return _Written(times * below.operations, ((stmt, times), *below.factors))


def _times(loop: For, facts: Facts) -> int:
    """How often the body of a loop is written out."""
    extent = facts.of(loop.extent).hi or 1
    if loop.kind is LoopKind.UNROLLED:
        return max(1, extent)
    if loop.kind is LoopKind.VECTORIZED:
        widest = max(
            (v.type.size_bytes for s in walk_stmts(loop) if isinstance(s, Provide) for v in s.values), default=1
        )
        return max(1, extent * widest // _VECTOR_BYTES)
    return 1


def _sum(parts: Iterator[_Written]) -> _Written:
    """Neighbours together, with the factors of the largest."""
    found = list(parts)
    largest = max(found, key=lambda part: part.operations, default=_Written(0))
    return _Written(sum(part.operations for part in found), largest.factors)


def _stage_and_loop(loop: For) -> tuple[StageName, str]:
    func, stage, name = loop.var.split(".", 2)
    return StageName(func, int(stage)), name


def _describe(factors: tuple[tuple[For, int], ...]) -> str:
    texts = []
    for loop, count in factors:
        stage, name = _stage_and_loop(loop)
        what = "copies" if loop.kind is LoopKind.UNROLLED else f"vectors of {_VECTOR_BYTES} bytes"
        texts.append(f"{name} of {stage.as_written} makes {count} {what}")
    return ", ".join(texts)
