"""Loops whose extents, once they are known, do not let them be vectorized or unrolled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from tensorlang.errors import ScheduleError
from tensorlang.ir.stmt import For, LoopKind, Stmt
from tensorlang.ir.visitor import substatements
from tensorlang.schedule.resolved import ResolvedSchedule
from tensorlang.schedule.rules import Family, rule
from tensorlang.schedule.stages import StageName
from tensorlang.symbolic.facts import NOTHING_KNOWN, Facts
from tensorlang.symbolic.simplify import as_int

MAX_LANES = 4096
"""Far more than any register has, so that only mistakes are refused."""
MAX_COPIES = 4096
LANES_OF_A_COPY = 16
"""Lanes that count as one copy of a statement."""


def loop_problems(resolved: ResolvedSchedule, stmt: Stmt) -> Iterator[ScheduleError]:
    """The errors of the vectorized and unrolled loops of a simplified tree."""
    yield from _loop_problems(resolved, stmt, NOTHING_KNOWN, {})


def _loop_problems(
    resolved: ResolvedSchedule, stmt: Stmt, facts: Facts, copies: Mapping[str, int]
) -> Iterator[ScheduleError]:
    """`copies` says how often each unrolled or vectorized loop around `stmt` copies it, outermost first."""
    if not isinstance(stmt, For):
        for child in substatements(stmt):
            yield from _loop_problems(resolved, child, facts, copies)
        return
    extent = as_int(stmt.extent)
    most = facts.of(stmt.extent).hi
    problem: ScheduleError | None = None
    if stmt.kind is LoopKind.VECTORIZED:
        problem = check_lanes_are_constant(resolved, stmt, extent) or check_few_lanes(resolved, stmt, extent or 0)
        copies = {**copies, stmt.var: -(-(extent or 0) // LANES_OF_A_COPY)}
    elif stmt.kind is LoopKind.UNROLLED:
        problem = check_unrolled_extent(resolved, stmt, most)
        copies = {**copies, stmt.var: most or 0}
    problem = problem or check_few_copies(resolved, stmt, copies)
    if problem is not None:
        yield problem
        return
    yield from _loop_problems(resolved, stmt.body, facts.with_loop(stmt.var, stmt.extent), copies)


@rule(Family.VECTORS)
def check_lanes_are_constant(resolved: ResolvedSchedule, loop: For, extent: int | None) -> ScheduleError | None:
    """A vectorized loop has a constant extent."""
    if extent is not None:
        return None
    name, stage = _names(loop.var)
    return _error(
        resolved,
        loop,
        f"the extent of {name} in {stage} is not the same in every iteration of the loops around it.",
        legal=_by("vectorize", name, 16),
    )


@rule(Family.VECTORS)
def check_few_lanes(resolved: ResolvedSchedule, loop: For, extent: int) -> ScheduleError | None:
    """A vectorized loop has at most 4096 lanes."""
    if extent <= MAX_LANES:
        return None
    name, stage = _names(loop.var)
    return _error(resolved, loop, f"the extent of {name} in {stage} is {extent}.", legal=_by("vectorize", name, 16))


@rule(Family.SIZES)
def check_unrolled_extent(resolved: ResolvedSchedule, loop: For, most: int | None) -> ScheduleError | None:
    """An unrolled loop has an extent of at most 4096."""
    if most is not None and most <= MAX_COPIES:
        return None
    name, stage = _names(loop.var)
    text = "not bounded" if most is None else f"{most}"
    return _error(resolved, loop, f"the extent of {name} in {stage} is {text}.", legal=_by("unroll", name, 4))


@rule(Family.SIZES)
def check_few_copies(resolved: ResolvedSchedule, loop: For, copies: Mapping[str, int]) -> ScheduleError | None:
    """Unrolled loops copy a statement at most 4096 times, 16 lanes of a vector counted as one copy."""
    count = prod(copies.values())
    if count <= MAX_COPIES:
        return None
    loops = [f"{name} of {stage}" for name, stage in map(_names, copies)]
    return _error(
        resolved,
        loop,
        f"a statement is copied {count} times, by the loops {' and '.join(loops)}.",
        hint="leave one of them serial, or split it and unroll the inner loop only",
    )


def _names(loop: str) -> tuple[str, str]:
    """A loop and its stage, as the user knows them."""
    func, stage, name = loop.split(".", 2)
    return name, StageName(func, int(stage)).as_written


def _by(call: str, loop: str, n: int) -> str:
    """The call that splits first; a loop that such a call made is called after the one it was made of."""
    return f'{call}("{loop.removesuffix(".lane").removesuffix(".unroll")}", {n})'


def _error(resolved: ResolvedSchedule, loop: For, sentence: str, *, legal: str = "", hint: str = "") -> ScheduleError:
    func, stage, name = loop.var.split(".", 2)
    case = resolved.case_with(func, int(stage), name, loop.kind)
    origin = resolved.origin(func, int(stage), name, case)
    return ScheduleError(f"{origin.asked}: {sentence}", asked=origin.asked, where=origin.where, legal=legal, hint=hint)
