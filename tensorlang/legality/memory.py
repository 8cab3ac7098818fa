"""What may be kept in registers and on the stack: few bytes, and in registers nothing that is indexed by a loop."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlang.errors import ScheduleError
from tensorlang.ir.expr import Expr, Load
from tensorlang.ir.stmt import Allocate, For, LoopKind, Memory, Stmt, Store
from tensorlang.ir.visitor import free_variables, stmt_exprs, substatements, walk, walk_stmts
from tensorlang.schedule.resolved import MEMORY, ResolvedSchedule
from tensorlang.schedule.rules import Family, rule
from tensorlang.schedule.stages import StageName

STACK_LIMIT_BYTES = 64 << 10
"""Most that one Func has on the stack or in registers [B]."""

_UNWOUND = (LoopKind.UNROLLED, LoopKind.VECTORIZED)


def memory_problems(resolved: ResolvedSchedule, stmt: Stmt) -> Iterator[ScheduleError]:
    """The errors of the registers and stack arrays of a simplified tree, whose loops are not unrolled yet."""
    if isinstance(stmt, Allocate) and stmt.memory is not Memory.HEAP:
        problem = check_fits_the_stack(resolved, stmt)
        if problem is None and stmt.memory is Memory.REGISTER:
            problem = check_registers_are_indexed_by_constants(resolved, stmt)
        if problem is not None:
            yield problem
    for child in substatements(stmt):
        yield from memory_problems(resolved, child)


@rule(Family.STORAGE)
def check_fits_the_stack(resolved: ResolvedSchedule, allocate: Allocate) -> ScheduleError | None:
    """A Func takes at most 65536 bytes on the stack or in registers."""
    size_bytes = allocate.size * allocate.type.size_bytes
    if size_bytes <= STACK_LIMIT_BYTES:
        return None
    return _error(
        resolved, allocate, f"the storage of {_func(allocate)} takes {size_bytes} bytes.", legal='store_in("heap")'
    )


@rule(Family.STORAGE)
def check_registers_are_indexed_by_constants(resolved: ResolvedSchedule, allocate: Allocate) -> ScheduleError | None:
    """Registers are indexed by constants alone, once loops are unrolled and vectorized."""
    loop = next(_running_indices(allocate.body, allocate.buffer, frozenset()), None)
    if loop is None:
        return None
    func, stage, name = loop.split(".", 2)
    at = StageName(func, int(stage)).as_written
    is_inside = any(isinstance(inner, For) and inner.var == loop for inner in walk_stmts(allocate.body))
    return _error(
        resolved,
        allocate,
        f"loop {name} of {at} runs over {_func(allocate)}, and is neither unrolled nor vectorized.",
        legal='store_in("stack")',
        hint=f's[{at}].unroll("{name}")' if is_inside else f"compute {_func(allocate)} at a loop inside {name}",
    )


def _running_indices(stmt: Stmt, buffer: str, unwound: frozenset[str]) -> Iterator[str]:
    """The variables in indices of `buffer` that are none of the `unwound` loops."""
    if isinstance(stmt, For) and stmt.kind in _UNWOUND:
        unwound |= {stmt.var}
    for index in _indices(stmt, buffer):
        yield from sorted(free_variables(index) - unwound)
    for child in substatements(stmt):
        yield from _running_indices(child, buffer, unwound)


def _indices(stmt: Stmt, buffer: str) -> Iterator[Expr]:
    if isinstance(stmt, Store) and stmt.buffer == buffer:
        yield stmt.index
    for root in stmt_exprs(stmt):
        yield from (node.index for node in walk(root) if isinstance(node, Load) and node.buffer == buffer)


def _func(allocate: Allocate) -> str:
    return allocate.buffer.partition(".")[0]


def _error(
    resolved: ResolvedSchedule, allocate: Allocate, sentence: str, *, legal: str = "", hint: str = ""
) -> ScheduleError:
    origin = resolved.origin(_func(allocate), 0, MEMORY)
    return ScheduleError(f"{origin.asked}: {sentence}", asked=origin.asked, where=origin.where, legal=legal, hint=hint)
