"""Directives about how a loop is compiled, which change no loop: partition and prefetch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import Count, FuncName, LoopName, Policy, Strategy
from tensorlang.schedule.hint_rules import check_prefetched_exists, check_prefetched_once
from tensorlang.schedule.nest import PrefetchPlan
from tensorlang.schedule.plan import Plan
from tensorlang.schedule.rules import refuse
from tensorlang.schedule.strategies import PrefetchStrategy


@dataclass(frozen=True, slots=True)
class Partition(Directive):
    """Say whether a loop is split into a steady state without conditions and the iterations before and after it.

    Parameters
    ----------
    loop : str, Var or RVar
        A serial or parallel loop.
    policy : {"auto", "never", "always"}
        "auto", as every loop begins, splits where a condition in the innermost loops depends on the loop; "always"
        does for conditions further out too, where a test costs little, and for those of prefetches; "never" leaves the
        conditions where they are: slower code, in fewer copies, that compiles faster.

    Raises
    ------
    ScheduleError
        If there is no such loop; once all directives are known, if it is vectorized or unrolled.

    Notes
    -----
    Both halves of a split have the policy of the loop that they were made of. A serial loop is only split where its
    number of iterations is constant; a parallel loop is not split, but its body is, by one test.

    References
    ----------
    Halide's Func::partition.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, i = tl.Func("f"), tl.Var("i")
    >>> f[i] = tl.select(i < 10, i, 10 - i)
    >>> s = tl.Schedule(f)
    >>> print(tl.loop_nest(f, s, shape=(64,)))
    for i in 0..64:
      f[i] = ...
    >>> _ = s[f].partition("i", "never")
    >>> print(tl.loop_nest(f, s, shape=(64,)))
    for i in 0..64 (never partitioned):
      f[i] = ...
    """

    call: ClassVar[str] = "partition"
    is_for_cases: ClassVar[bool] = True
    loop: LoopName
    policy: Policy

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        stage.position(self, self.loop)
        loops = tuple(
            replace(loop, partition=self.policy, partitioned_by=self, partition_of=loop.name)
            if loop.name == self.loop
            else loop
            for loop in stage.loops
        )
        return plan.with_nest(self, replace(stage, loops=loops))


@dataclass(frozen=True, slots=True)
class Prefetch(Directive):
    """Ask for what a later iteration reads, so that it is near when it is read.

    At the top of each iteration of `at`, the box of `producer` that this iteration would read if `from_` were `offset`
    further is asked for, a cache line at a time.

    Parameters
    ----------
    producer : Func, Input or str
        What is read.
    at : str, Var or RVar
        The loop in whose body the prefetches are.
    from_ : str, Var or RVar
        The loop that is looked ahead in: `at`, or a loop around it.
    offset : int, >= 1
        How many iterations of `from_` ahead.
    strategy : {"guard", "clamp"}
        What is done where the box is not wholly in the buffer: "guard" asks for nothing, "clamp" for the nearest that
        there is. No address outside the buffer is ever asked for.

    Raises
    ------
    ScheduleError
        If there is no such loop, Func or Input, or `at` is not `from_` or inside it; once all directives are known, if
        `at` is vectorized or inside a vectorized loop, or the stage is computed with another; when the loop nest is
        built, if the loop does not read `producer`, or that is stored inside `from_`, or in registers.

    Notes
    -----
    A hint to the processor: results are the same with it and without. Processors prefetch what is read in order by
    themselves. In a short loop that is hot, `partition` of `from_` with "always" takes the test of "guard" out of it.

    References
    ----------
    Halide's Func::prefetch, with ``PrefetchBoundStrategy::GuardWithIf`` and ``Clamp``.

    Examples
    --------
    >>> import tensorlang as tl
    >>> x, (i, j) = tl.Input("x", (16, 64), tl.float32), tl.vars("i j")
    >>> f = tl.Func("f")
    >>> f[i, j] = x[i, j] * 2
    >>> s = tl.Schedule(f)
    >>> print(tl.loop_nest(f, s))
    for i in 0..16:
      for j in 0..64:
        f[i, j] = ...
    >>> _ = s[f].prefetch(x, "i", "i", 2)
    >>> print(tl.loop_nest(f, s))
    for i in 0..16:
      if i + 2 <= 15:
        for i.prefetch0.1 in 0..4:
          prefetch x[i + 2, i.prefetch0.1 * 16]
      for j in 0..64:
        f[i, j] = ...
    """

    call: ClassVar[str] = "prefetch"
    is_for_cases: ClassVar[bool] = True
    producer: FuncName
    at: LoopName
    from_: LoopName
    offset: Count = 1
    strategy: Strategy = PrefetchStrategy.GUARD

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        is_clamped = self.strategy is PrefetchStrategy.CLAMP
        wanted = PrefetchPlan(self, self.producer, self.at, self.from_, self.offset, is_clamped)
        refuse(check_prefetched_exists(self, plan.algorithm, self.producer), check_prefetched_once(stage, wanted))
        stage.position(self, self.at)
        stage.position(self, self.from_)
        return plan.with_nest(self, replace(stage, prefetches=(*stage.prefetches, wanted)))
