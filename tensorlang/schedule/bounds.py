"""The directive that promises the region over which a Func is computed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import Coordinate, Count, LoopName
from tensorlang.schedule.plan import Plan


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
        if self.var not in func.vars:
            raise self.error(
                f"{func.name} has no Var {self.var}.",
                rule="bound names a Var of the pure definition",
                legal=f"Vars of {func.name}: {', '.join(func.vars) or 'none'}",
            )
        if any(var == self.var for var, _, _ in plan.stage(self).bounds):
            raise self.error(f"{self.var} is already bound in {func.name}.", rule="a Var is bound once")
        for stage in plan.stages.values():
            if stage.name.func == func.name:
                bounds = (*stage.bounds, (self.var, self.min, self.extent))
                plan = plan.with_nest(self, replace(stage, bounds=bounds))
        return plan
