"""Directives that say where a Func is computed: compute_inline, compute_root, compute_at and compute_at_init."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.schedule.call import Call
from tensorlang.schedule.cases import check_level_is_of_all_cases
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import LoopName, Site
from tensorlang.schedule.placement_rules import (
    check_initialised_once,
    check_initialised_reads_no_output,
    check_inlined_func_has_no_updates,
    check_level_is_of_a_user,
    check_output_is_at_root,
    check_placed_once,
)
from tensorlang.schedule.plan import FuncPlan, Plan
from tensorlang.schedule.resolved import LoopLevel, Placement
from tensorlang.schedule.rules import refuse


@dataclass(frozen=True, slots=True)
class ComputeInline(Directive):
    """Put the Func's expression in place of each of its uses; it has no loops and no storage.

    Raises
    ------
    ScheduleError
        If the Func has updates, is an output, or is placed already.

    Notes
    -----
    This is the default of Funcs without updates. Points that are used twice are computed twice.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, g, i = tl.Func("f"), tl.Func("g"), tl.Var("i")
    >>> g[i] = i * 2
    >>> f[i] = g[i] + g[i + 1]
    >>> s, root = tl.Schedule(f), tl.Schedule(f)
    >>> _ = root[g].compute_root()
    >>> print(tl.loop_nest(f, root, shape=(16,)))
    store g[17] in heap:
      for i in 0..17:
        g[i] = ...
      for i in 0..16:
        f[i] = ...
    >>> _ = s[g].compute_inline()
    >>> print(tl.loop_nest(f, s, shape=(16,)))
    for i in 0..16:
      f[i] = ...
    """

    call: ClassVar[str] = "compute_inline"

    def apply(self, plan: Plan) -> Plan:
        func = plan.func(self)
        refuse(check_output_is_at_root(self, plan), check_inlined_func_has_no_updates(self, plan))
        return plan.with_func(place(self, func, Placement.INLINE))


@dataclass(frozen=True, slots=True)
class ComputeRoot(Directive):
    """Compute all of the Func that is needed before any of its consumers starts.

    Raises
    ------
    ScheduleError
        If the Func is placed already.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, g, i = tl.Func("f"), tl.Func("g"), tl.Var("i")
    >>> g[i] = i * 2
    >>> f[i] = g[i] + g[i + 1]
    >>> print(tl.loop_nest(f, shape=(16,)))
    for i in 0..16:
      f[i] = ...
    >>> s = tl.Schedule(f)
    >>> _ = s[g].compute_root()
    >>> print(tl.loop_nest(f, s, shape=(16,)))
    store g[17] in heap:
      for i in 0..17:
        g[i] = ...
      for i in 0..16:
        f[i] = ...
    """

    call: ClassVar[str] = "compute_root"

    def apply(self, plan: Plan) -> Plan:
        return plan.with_func(place(self, plan.func(self), Placement.ROOT))


@dataclass(frozen=True, slots=True)
class ComputeAt(Directive):
    """Compute, in each iteration of a loop of a consumer, what that iteration needs of the Func.

    Parameters
    ----------
    consumer : Func, StageRef or str
        A stage that uses the Func, directly or through others.
    loop : str, Var or RVar
        One of its loops. It must enclose every use, which is checked when the loop nest is built.

    Raises
    ------
    ScheduleError
        If there is no such stage or loop, the stage does not use the Func, the Func is an output, or is placed already.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    >>> g[i, j] = i + j
    >>> f[i, j] = g[i, j] + g[i, j + 1]
    >>> print(tl.loop_nest(f, shape=(16, 64)))
    for i in 0..16:
      for j in 0..64:
        f[i, j] = ...
    >>> s = tl.Schedule(f)
    >>> _ = s[g].compute_at(f, "i")
    >>> print(tl.loop_nest(f, s, shape=(16, 64)))
    for i in 0..16:
      store g[1, 65] in heap:
        for j in 0..65:
          g[i, j] = ...
        for j in 0..64:
          f[i, j] = ...
    """

    call: ClassVar[str] = "compute_at"
    consumer: Site
    loop: LoopName

    def apply(self, plan: Plan) -> Plan:
        func = plan.func(self)
        refuse(check_output_is_at_root(self, plan), check_level_is_of_all_cases(self, self.consumer))
        site = plan.stage(self, self.consumer)
        refuse(check_level_is_of_a_user(self, plan, self.consumer))
        site.position(self, self.loop)
        level = LoopLevel(self.consumer.func, self.consumer.update, self.loop)
        return plan.with_func(replace(place(self, func, Placement.AT), level=level))


@dataclass(frozen=True, slots=True)
class ComputeAtInit(Directive):
    """Compute the Func once, in the kernel's `prepare` function, and keep it for all calls.

    This is where packed, blocked or transformed weights come from.

    Raises
    ------
    ScheduleError
        If the Func depends on an Input that is not constant or on an output, is an output, or is placed already.

    Examples
    --------
    ``state = kernel.prepare(w=w)`` fills `g`, and ``kernel(x, state=state)`` reads it.

    >>> import tensorlang as tl
    >>> x, w = tl.Input("x", (8, 4), tl.float32), tl.Input("w", (4,), tl.float32, constant=True)
    >>> f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    >>> g[j] = tl.exp(w[j])
    >>> f[i, j] = x[i, j] * g[j]
    >>> print(tl.loop_nest(f))
    for i in 0..8:
      for j in 0..4:
        f[i, j] = ...
    >>> s = tl.Schedule(f)
    >>> _ = s[g].compute_at_init()
    >>> print(tl.loop_nest(f, s))
    initialisation:
      store g[4] in state
      for j in 0..4:
        g[j] = ...
    for i in 0..8:
      for j in 0..4:
        f[i, j] = ...
    """

    call: ClassVar[str] = "compute_at_init"

    def apply(self, plan: Plan) -> Plan:
        func = plan.func(self)
        refuse(
            check_output_is_at_root(self, plan),
            check_initialised_once(self, plan),
            check_initialised_reads_no_output(self, plan),
        )
        return plan.with_func(place(self, func, Placement.INIT))


def place(call: Call, func: FuncPlan, placement: Placement) -> FuncPlan:
    """Return `func` placed; ScheduleError if it was placed before, as neither directive may be ignored."""
    refuse(check_placed_once(call, func))
    return replace(func, placement=placement, placed_by=call)
