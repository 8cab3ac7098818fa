"""What a pipeline reads and writes lies inside the arrays it was given, in every dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tensorlang.bounds.params import params_in
from tensorlang.bounds.regions import Region
from tensorlang.bounds.surroundings import Box
from tensorlang.errors import BoundsError, ScheduleError, TensorlangError
from tensorlang.ir.algorithm import FuncDef
from tensorlang.ir.expr import Binary, BinaryOp, Expr
from tensorlang.ir.stmt import Range
from tensorlang.schedule.resolved import ALIGN, BOUND, Alignment, Origin, ResolvedSchedule
from tensorlang.schedule.rules import Family, rule
from tensorlang.schedule.tail_rules import GUARDS
from tensorlang.schedule.tails import TailStrategy
from tensorlang.symbolic.facts import Facts, Limits
from tensorlang.symbolic.intervals import Interval
from tensorlang.symbolic.linear import Linear
from tensorlang.symbolic.simplify import difference


@dataclass(frozen=True, slots=True)
class Overrun:
    """An explicit tail that reads or writes more points than are asked for, and the directive it came with."""

    tail: TailStrategy
    origin: Origin

    def does(self, verb: str) -> bool:
        """Whether more is "read", or "written"."""
        return self.tail.overreads if verb == "read" else self.tail.overwrites


@rule(Family.BOUNDS)
def check_bounded(name: str, dims: tuple[str, ...], region: Region) -> BoundsError | None:
    """An index that depends on data takes its bounds from the value's bounds."""
    for dim, side in zip(dims, region.touched, strict=True):
        if side.lo is None or side.hi is None:
            end = "below" if side.lo is None else "above"
            return BoundsError(
                f"the region of {name} in {dim} is unbounded {end}.",
                hint=f"clamp the index of {name} in {dim}: tl.clamp(index, 0, extent - 1)",
            )
    return None


def check_inside(
    name: str,
    dims: tuple[str, ...],
    shape: tuple[int, ...],
    region: Region,
    overruns: Sequence[Overrun],
    facts: Facts,
    *,
    verb: str,
) -> TensorlangError | None:
    """The error of a region that leaves `shape`: the algorithm's if required does, the schedule's if only touched.

    `overruns` are the explicit tails that do more than is asked for, `facts` what is known of Params; `verb` is "read"
    or "written".
    """
    return (
        check_params_are_limited(name, dims, region, facts)
        or check_required_is_inside(name, dims, shape, region, facts, verb)
        or check_touched_is_inside(name, dims, shape, region, overruns, facts, verb)
    )


@rule(Family.BOUNDS)
def check_storage_has_a_size(name: str, dim: str, side: Range, facts: Facts) -> BoundsError | None:
    """Every buffer has a constant size."""
    if facts.of(side.extent).hi is not None:
        return None
    by_params = "".join(f"give Param {param} min= and max=, or " for param in params_in(side.extent)[:1])
    return BoundsError(
        f"the storage of {name} has no constant bound in dimension {dim}.",
        hint=f'{by_params}bound it: s[{name}].bound("{dim}", min, extent)',
    )


@rule(Family.BOUNDS)
def check_params_are_limited(name: str, dims: tuple[str, ...], region: Region, facts: Facts) -> BoundsError | None:
    """A Param takes part in indices by its limits."""
    for position, dim in enumerate(dims):
        side = _limits(region.required, position, facts)
        params = params_in(*_ends(region.required, position))
        if None in (side.lo, side.hi) and params:
            end = "below" if side.lo is None else "above"
            return BoundsError(
                f"the region of {name} in {dim} is unbounded {end}.",
                hint=f"give Param {params[0]} min= and max=, or clamp it: tl.clamp({params[0]}, low, high)",
            )
    return None


@rule(Family.BOUNDS)
def check_required_is_inside(
    name: str, dims: tuple[str, ...], shape: tuple[int, ...], region: Region, facts: Facts, verb: str
) -> BoundsError | None:
    """Reads and writes stay inside the arrays given."""
    for position, extent in enumerate(shape):
        side = _limits(region.required, position, facts)
        if not _inside(side, extent):
            return BoundsError(
                f"{name} is {verb} at {dims[position]} = {_text(side)}, outside [0, {extent}).",
                hint=f"use a smaller shape=, a larger {name}, or a boundary condition such as tl.constant_exterior",
            )
    return None


@rule(Family.TAILS)
def check_touched_is_inside(
    name: str,
    dims: tuple[str, ...],
    shape: tuple[int, ...],
    region: Region,
    overruns: Sequence[Overrun],
    facts: Facts,
    verb: str,
) -> ScheduleError | None:
    """A tail that goes on past the end is legal where all arrays can hold the points that it reads and writes there."""
    overrun = next((o for o in reversed(overruns) if o.does(verb)), Overrun(TailStrategy.ROUND_UP, Origin("", "")))
    for position, extent in enumerate(shape):
        side = _limits(region.touched, position, facts)
        if not _inside(side, extent):
            where = f"{dims[position]} = {_text(side)}, outside [0, {extent})"
            return ScheduleError(
                f"a {overrun.tail} tail makes {name} be {verb} at {where}.",
                asked=overrun.origin.asked,
                where=overrun.origin.where,
                legal=GUARDS,
                hint=f"change the tail of the split that makes the tiles of {name}",
            )
    return None


@rule(Family.BOUNDS)
def check_promised(
    resolved: ResolvedSchedule, func: str, var: str, promised: Limits, needed: Range, facts: Facts
) -> ScheduleError | None:
    """The coordinates that bound names hold all that are required, of an output its whole shape."""
    end = Binary(BinaryOp.ADD, needed.min, needed.extent)
    end_hi = facts.of(end).hi
    side = Limits(facts.of(needed.min).lo, None if end_hi is None else end_hi - 1)
    if side.intersect(promised) == side:
        return None
    origin = resolved.origin(func, 0, BOUND + var)
    return ScheduleError(
        f"{func} is required at {var} = {_text(side)}, which is more than bound promises.",
        asked=origin.asked,
        where=origin.where,
        legal="" if side.lo is None or side.hi is None else f'bound("{var}", {side.lo}, {side.hi - side.lo + 1})',
        hint="promise more, or leave the bound out",
    )


@rule(Family.BOUNDS)
def check_output_is_aligned(
    resolved: ResolvedSchedule, func: FuncDef, to: Alignment, needed: Range, side: Range, facts: Facts
) -> ScheduleError | None:
    """An output is aligned where its shape is: no more of it can be computed."""
    is_same = difference(needed.min, side.min) == difference(needed.extent, side.extent) == Linear((), 0)
    if func.name not in resolved.algorithm.outputs or is_same:
        return None
    origin = resolved.origin(func.name, 0, ALIGN + to.var)
    extent = facts.of(needed.extent).hi
    return ScheduleError(
        f"{origin.asked}: {func.name} is computed over [0, {extent}) in {to.var}, by its shape.",
        asked=origin.asked,
        where=origin.where,
        hint=f"leave the alignment out, or compute {func.name} in a shape that has it",
    )


def _limits(box: Box, position: int, facts: Facts) -> Limits:
    low, high = _ends(box, position)
    return Limits(facts.of(low).lo, facts.of(high).hi)


def _ends(box: Box, position: int) -> tuple[Expr, Expr]:
    side: Interval = box[position]
    assert side.lo is not None and side.hi is not None, "check_bounded comes first"
    return side.lo, side.hi


def _inside(side: Limits, extent: int) -> bool:
    empty = side.lo is not None and side.hi is not None and side.hi < side.lo
    return empty or (side.lo is not None and side.lo >= 0 and side.hi is not None and side.hi < extent)


def _text(side: Limits) -> str:
    return f"{side.lo}" if side.lo == side.hi else f"{side.lo} .. {side.hi}"
