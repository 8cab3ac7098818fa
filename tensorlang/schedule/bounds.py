"""Directives about the region over which a Func is computed: bound, align_bounds and set_estimate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import FuncDef
from tensorlang.schedule.call import Call
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import Coordinate, Count, LoopName
from tensorlang.schedule.nest import StagePlan
from tensorlang.schedule.plan import FuncPlan, Plan
from tensorlang.schedule.resolved import Alignment
from tensorlang.schedule.rules import Family, refuse, rule


@dataclass(frozen=True, slots=True)
class Bound(Directive):
    """Compute the Func over exactly ``[min, min + extent)`` in one dimension.

    Parameters
    ----------
    var : str or Var
        A pure Var of the Func.
    min : int
        First coordinate.
    extent : int, >= 1
        Number of coordinates.

    Raises
    ------
    ScheduleError
        If the Func has no such Var, or it is bound already; when bounds are inferred, if more is required.

    Examples
    --------
    >>> import tensorlang as tl
    >>> x, i = tl.Input("x", (4,), tl.float32), tl.Var("i")
    >>> f, g = tl.Func("f"), tl.Func("g")
    >>> g[i] = x[i] * 2
    >>> f[i] = g[i] + 1
    >>> s = tl.Schedule(f)
    >>> _ = s[g].compute_root()
    >>> print(tl.loop_nest(f, s, shape=(3,)))
    store g[3] in heap:
      for i in 0..3:
        g[i] = ...
      for i in 0..3:
        f[i] = ...
    >>> _ = s[g].bound("i", 0, 4)
    >>> print(tl.loop_nest(f, s, shape=(3,)))
    store g[4] in heap:
      for i in 0..4:
        g[i] = ...
      for i in 0..3:
        f[i] = ...
    """

    call: ClassVar[str] = "bound"
    var: LoopName
    min: Coordinate
    extent: Count

    def apply(self, plan: Plan) -> Plan:
        func = plan.algorithm.func(plan.func(self).name)
        refuse(
            check_region_names_a_var(self, func),
            check_bound_once(self, plan.stage(self)),
            check_region_is_said_once(self, plan.stage(self), plan.func(self), self.var),
        )
        for stage in plan.stages.values():
            if stage.name.func == func.name:
                bounds = (*stage.bounds, (self.var, self.min, self.extent))
                plan = plan.with_nest(self, replace(stage, bounds=bounds, bound_by=(*stage.bound_by, self)))
        return plan


@dataclass(frozen=True, slots=True)
class AlignBounds(Directive):
    """Compute the Func over a region that starts and ends at multiples, which holds the region that is required.

    In the region computed, ``min == remainder (mod modulus)``, and the extent is a multiple of `modulus`.

    Parameters
    ----------
    var : str or Var
        A pure Var of the Func.
    modulus : int, >= 1
        What the extent is a multiple of: a factor of the splits of `var`, which then have no tail.
    remainder : int, default 0
        Where the region starts, modulo `modulus`.

    Raises
    ------
    ScheduleError
        If the Func has no such Var, or it is aligned or bound already; when the loop nest is built, if the shape of an
        output is not aligned.

    Notes
    -----
    Up to ``2 * (modulus - 1)`` coordinates more are computed, and what they depend on.

    References
    ----------
    Halide's Func::align_bounds.

    Examples
    --------
    >>> import tensorlang as tl
    >>> x, i = tl.Input("x", (64,), tl.float32), tl.Var("i")
    >>> f, g = tl.Func("f"), tl.Func("g")
    >>> g[i] = x[i] * 2
    >>> f[i] = g[i + 3] + 1
    >>> s = tl.Schedule(f)
    >>> _ = s[g].compute_root()
    >>> print(tl.loop_nest(f, s, shape=(50,)))
    store g[50] in heap:
      for i in 0..50:
        g[i + 3] = ...
      for i in 0..50:
        f[i] = ...
    >>> _ = s[g].align_bounds("i", 8).vectorize("i", 8)
    >>> print(tl.loop_nest(f, s, shape=(50,)))
    store g[56] in heap:
      for i in 0..7:
        vectorized i.lane in 0..8:
          g[i * 8 + i.lane] = ...
      for i in 0..50:
        f[i] = ...
    """

    call: ClassVar[str] = "align_bounds"
    var: LoopName
    modulus: Count
    remainder: Coordinate = 0

    def apply(self, plan: Plan) -> Plan:
        plan_of = plan.func(self)
        func, stage = plan.algorithm.func(plan_of.name), plan.stage(self)
        refuse(
            check_region_names_a_var(self, func),
            check_region_is_said_once(self, stage, plan_of, self.var),
        )
        aligned = Alignment(self.var, self.modulus, self.remainder % self.modulus)
        plan_of = replace(plan_of, alignments=(*plan_of.alignments, aligned), aligned_by=(*plan_of.aligned_by, self))
        return plan.with_func(plan_of).with_nest(self, stage)


@dataclass(frozen=True, slots=True)
class SetEstimate(Directive):
    """Say which shape of an output to expect, where one has to be known and none is given.

    Where Inputs do not determine the shape of the output and there is no ``shape=``, `loop_nest`, `lowered_passes` and
    `Schedule.check` take the one expected. Compiled code is for the shape that `compile` is given, whatever was
    expected.

    Parameters
    ----------
    var : str or Var
        A pure Var of the output.
    min : int
        First coordinate: 0, as outputs start there.
    extent : int, >= 1
        Number of coordinates.

    Raises
    ------
    ScheduleError
        If the Func is no output, has no such Var, or has an estimate for it already, or if `min` is not 0; once all
        directives are known, if a Var of the output has no estimate.

    References
    ----------
    Halide's Func::set_estimate.

    Examples
    --------
    >>> import tensorlang as tl
    >>> i, f = tl.Var("i"), tl.Func("f")
    >>> f[i] = i * 2
    >>> s = tl.Schedule(f)
    >>> _ = s[f].set_estimate("i", 0, 64).vectorize("i", 8)
    >>> print(tl.loop_nest(f, s))
    for i in 0..8:
      vectorized i.lane in 0..8:
        f[i * 8 + i.lane] = ...
    """

    call: ClassVar[str] = "set_estimate"
    var: LoopName
    min: Coordinate
    extent: Count

    def apply(self, plan: Plan) -> Plan:
        plan_of = plan.func(self)
        refuse(
            check_region_names_a_var(self, plan.algorithm.func(plan_of.name)),
            check_estimate_is_of_an_output(self, plan),
            check_estimate_starts_at_zero(self),
            check_estimated_once(self, plan_of),
        )
        estimates = (*plan_of.estimates, (self.var, self.min, self.extent))
        return plan.with_func(replace(plan_of, estimates=estimates, estimated_by=(*plan_of.estimated_by, self)))


@rule(Family.NAMES)
def check_region_names_a_var(call: Bound | AlignBounds | SetEstimate, func: FuncDef) -> ScheduleError | None:
    """A directive about a region names a Var of the pure definition."""
    if call.var in func.vars:
        return None
    return call.error(
        f"{func.name} has no Var {call.var}.", legal=f"Vars of {func.name}: {', '.join(func.vars) or 'none'}"
    )


@rule(Family.BOUNDS)
def check_bound_once(call: Bound, stage: StagePlan) -> ScheduleError | None:
    """A Var is bound once."""
    before = next(((low, extent) for var, low, extent in stage.bounds if var == call.var), None)
    if before is None:
        return None
    return call.error(
        f"{call.var} is already bound in {call.stage.func}, to [{before[0]}, {sum(before)}).",
        hint="keep one of the two",
    )


@rule(Family.BOUNDS)
def check_region_is_said_once(call: Call, stage: StagePlan, func: FuncPlan, var: str) -> ScheduleError | None:
    """A Var is bound or aligned, and once."""
    said = [
        *((bound[0], by) for bound, by in zip(stage.bounds, stage.bound_by, strict=True)),
        *((to.var, by) for to, by in zip(func.alignments, func.aligned_by, strict=True)),
    ]
    before = next((by for name, by in said if name == var), None)
    return None if before is None else call.error(f"{before.asked} was given before.", hint="keep one of the two")


@rule(Family.BOUNDS)
def check_estimate_is_of_an_output(call: SetEstimate, plan: Plan) -> ScheduleError | None:
    """An estimate is of an output: all other regions follow from those."""
    if call.stage.func in plan.algorithm.outputs:
        return None
    return call.error(f"{call.stage.func} is no output.", legal=f"outputs: {', '.join(plan.algorithm.outputs)}")


@rule(Family.BOUNDS)
def check_estimate_starts_at_zero(call: SetEstimate) -> ScheduleError | None:
    """Outputs start at 0."""
    if call.min == 0:
        return None
    return call.error(
        f"{call.var} is expected from {call.min} on.", legal=f'set_estimate("{call.var}", 0, {call.extent})'
    )


@rule(Family.BOUNDS)
def check_estimated_once(call: SetEstimate, func: FuncPlan) -> ScheduleError | None:
    """There is one estimate for a Var."""
    for (var, _, _), by in zip(func.estimates, func.estimated_by, strict=True):
        if var == call.var:
            return call.error(f"{by.asked} was given before.", hint="keep one of the two")
    return None


@rule(Family.BOUNDS)
def check_estimate_is_whole(plan: Plan, func: FuncPlan) -> ScheduleError | None:
    """An output is estimated in all its Vars."""
    known = {var for var, _, _ in func.estimates}
    missing = [var for var in plan.algorithm.func(func.name).vars if var not in known]
    if not known or not missing:
        return None
    (*_, last), text = func.estimated_by, ", ".join(missing)
    return last.error(
        f"there is no estimate for {text} of {func.name}.", hint=f'set_estimate("{missing[0]}", 0, extent)'
    )
