"""Stores that cannot go past the caches, as their lanes are apart or too few, which loops and storage show."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlang.errors import ScheduleError
from tensorlang.ir.expr import Variable
from tensorlang.ir.stmt import For, LoopKind, Stmt, Store
from tensorlang.ir.visitor import substatements
from tensorlang.schedule.resolved import STREAM, ResolvedSchedule
from tensorlang.schedule.rules import Family, rule
from tensorlang.symbolic.linear import linearize
from tensorlang.symbolic.simplify import as_int

PIECE_BYTES = 16
"""The least that a non-temporal store of a vector writes [B]."""


def stream_problems(resolved: ResolvedSchedule, stmt: Stmt, lanes: For | None = None) -> Iterator[ScheduleError]:
    """The errors of the streamed stores of a simplified tree, whose loops are not vectorized yet."""
    if isinstance(stmt, For) and stmt.kind is LoopKind.VECTORIZED:
        lanes = stmt
    if isinstance(stmt, Store) and stmt.streamed:
        problem = check_streamed_pieces(resolved, stmt, lanes) or check_streamed_lanes_are_dense(resolved, stmt, lanes)
        if problem is not None:
            yield problem
    for child in substatements(stmt):
        yield from stream_problems(resolved, child, lanes)


@rule(Family.STORAGE)
def check_streamed_pieces(resolved: ResolvedSchedule, store: Store, lanes: For | None) -> ScheduleError | None:
    """A vector that is streamed is made of pieces of 16 bytes."""
    # A loop of one lane is simplified away.
    kind, count = store.value.type, 1 if lanes is None else as_int(lanes.extent)
    if count is None or count * kind.size_bytes % PIECE_BYTES == 0:
        return None
    amount = f"1 lane of {kind} is" if count == 1 else f"{count} lanes of {kind} are"
    return _error(
        resolved,
        store,
        f"{amount} {count * kind.size_bytes} bytes.",
        legal=f"multiples of {PIECE_BYTES // kind.size_bytes} lanes",
    )


@rule(Family.STORAGE)
def check_streamed_lanes_are_dense(resolved: ResolvedSchedule, store: Store, lanes: For | None) -> ScheduleError | None:
    """The lanes of a vector that is streamed are next to each other in memory."""
    if lanes is None or linearize(store.index).coefficient(Variable(lanes.var)) == 1:
        return None
    name = lanes.var.split(".", 2)[2]
    return _error(
        resolved,
        store,
        f"the lanes of {name} are not next to each other in {_func(store)}.",
        hint="vectorize the innermost storage dimension, or leave this out",
    )


def _func(store: Store) -> str:
    return store.buffer.partition(".")[0]


def _error(
    resolved: ResolvedSchedule, store: Store, sentence: str, *, legal: str = "", hint: str = ""
) -> ScheduleError:
    # Stages that are computed together share loops: it is the Func stored to whose stage was told to stream.
    stages = resolved.funcs[_func(store)].stages
    nest = next(nest for stage in stages for nest in stage.nests if nest.streamed)
    origin = resolved.origin(nest.func, nest.index, STREAM, nest.case)
    return ScheduleError(f"{origin.asked}: {sentence}", asked=origin.asked, where=origin.where, legal=legal, hint=hint)
