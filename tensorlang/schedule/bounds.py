"""The directive that promises the region over which a Func is computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import FuncDef
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import Coordinate, Count, LoopName
from tensorlang.schedule.nest import StagePlan
from tensorlang.schedule.plan import Plan
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
        refuse(check_bound_names_a_var(self, func), check_bound_once(self, plan.stage(self)))
        for stage in plan.stages.values():
            if stage.name.func == func.name:
                bounds = (*stage.bounds, (self.var, self.min, self.extent))
                plan = plan.with_nest(self, replace(stage, bounds=bounds, bound_by=(*stage.bound_by, self)))
        return plan


@rule(Family.NAMES)
def check_bound_names_a_var(call: Bound, func: FuncDef) -> ScheduleError | None:
    """bound names a Var of the pure definition."""
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
