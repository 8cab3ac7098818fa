"""Directives that say how a loop runs: unroll, vectorize, parallel and serial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tensorlang.ir.stmt import LoopKind
from tensorlang.schedule.call import Call
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import LoopName, OptionalCount, Tail
from tensorlang.schedule.mark_rules import (
    check_one_loop_is_vectorized,
    check_runs_in_one_way,
    check_tail_belongs_to_a_split,
)
from tensorlang.schedule.nest import StagePlan
from tensorlang.schedule.plan import Plan
from tensorlang.schedule.racing import check_races
from tensorlang.schedule.rules import refuse
from tensorlang.schedule.splitting import split_loop
from tensorlang.schedule.tails import TailStrategy


@dataclass(frozen=True, slots=True)
class Unroll(Directive):
    """Write the iterations of a loop one after the other.

    Parameters
    ----------
    v : str, Var or RVar
        The loop. Its extent must be constant, which is checked when bounds are known.
    n : int, >= 1, optional
        Split by `n` first and unroll the inner loop, named ``v.unroll``; `v` goes on naming the outer loop.
    tail : TailStrategy or str
        Of that split.

    Raises
    ------
    ScheduleError
        If there is no such loop, or it already runs in another way; with `n`, as split.

    Notes
    -----
    Code size grows by the extent, and compile time with it. The order of iterations does not change.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, i = tl.Func("f"), tl.Var("i")
    >>> f[i] = i * 2
    >>> print(tl.loop_nest(f, shape=(64,)))
    for i in 0..64:
      f[i] = ...
    >>> s = tl.Schedule(f)
    >>> _ = s[f].unroll("i", 4)
    >>> print(tl.loop_nest(f, s, shape=(64,)))
    for i in 0..16:
      unrolled i.unroll in 0..4:
        f[i * 4 + i.unroll] = ...
    """

    call: ClassVar[str] = "unroll"
    is_for_cases: ClassVar[bool] = True
    v: LoopName
    n: OptionalCount = None
    tail: Tail = TailStrategy.AUTO

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        refuse(check_tail_belongs_to_a_split(self, self.v, self.n, self.tail))
        if self.n is None:
            return plan.with_nest(self, mark(stage, self, self.v, LoopKind.UNROLLED))
        inner = f"{self.v}.unroll"
        stage = split_loop(stage, self, self.v, self.v, inner, self.n, self.tail)
        return plan.with_nest(self, stage.marked(self, inner, LoopKind.UNROLLED))


@dataclass(frozen=True, slots=True)
class Vectorize(Directive):
    """Run the iterations of a loop as the lanes of vector instructions.

    Parameters
    ----------
    v : str, Var or RVar
        The loop. Its extent must be constant, which is checked when bounds are known.
    n : int, >= 1, optional
        Split by `n` [lanes] first and vectorize the inner loop, named ``v.lane``; `v` goes on naming the outer loop.
    tail : TailStrategy or str
        Of that split.

    Raises
    ------
    ScheduleError
        If there is no such loop, it already runs in another way, another loop of the stage is vectorized, or it is a
        reduction loop that is neither proven free of races nor of an update that is `atomic`; with `n`, as split.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, i = tl.Func("f"), tl.Var("i")
    >>> f[i] = i * 2
    >>> print(tl.loop_nest(f, shape=(64,)))
    for i in 0..64:
      f[i] = ...
    >>> s = tl.Schedule(f)
    >>> _ = s[f].vectorize("i", 16)
    >>> print(tl.loop_nest(f, s, shape=(64,)))
    for i in 0..4:
      vectorized i.lane in 0..16:
        f[i * 16 + i.lane] = ...
    """

    call: ClassVar[str] = "vectorize"
    is_for_cases: ClassVar[bool] = True
    v: LoopName
    n: OptionalCount = None
    tail: Tail = TailStrategy.AUTO

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        refuse(check_tail_belongs_to_a_split(self, self.v, self.n, self.tail))
        refuse(check_races(self, stage, stage.loop(self, self.v)))
        refuse(check_one_loop_is_vectorized(self, stage, self.v))
        if self.n is None:
            return plan.with_nest(self, mark(stage, self, self.v, LoopKind.VECTORIZED))
        inner = f"{self.v}.lane"
        stage = split_loop(stage, self, self.v, self.v, inner, self.n, self.tail)
        return plan.with_nest(self, stage.marked(self, inner, LoopKind.VECTORIZED))


@dataclass(frozen=True, slots=True)
class Parallel(Directive):
    """Spread the iterations of a loop over threads.

    Parameters
    ----------
    v : str, Var or RVar
        The loop.
    n : int, >= 1, optional
        Split by `n` first, so that each task runs `n` iterations: the loop over tasks goes on being named `v`, the one
        inside a task is named ``v.task``.
    tail : TailStrategy or str
        Of that split.

    Raises
    ------
    ScheduleError
        If there is no such loop, it already runs in another way, or it is a reduction loop that is neither proven free
        of races nor of an update that is `atomic`; with `n`, as split.

    Notes
    -----
    A parallel loop inside another runs serially. Starting the threads costs microseconds: make the outermost loops
    parallel.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, i = tl.Func("f"), tl.Var("i")
    >>> f[i] = i * 2
    >>> print(tl.loop_nest(f, shape=(64,)))
    for i in 0..64:
      f[i] = ...
    >>> s = tl.Schedule(f)
    >>> _ = s[f].parallel("i", 8)
    >>> print(tl.loop_nest(f, s, shape=(64,)))
    parallel i in 0..8:
      for i.task in 0..8:
        f[i * 8 + i.task] = ...
    """

    call: ClassVar[str] = "parallel"
    is_for_cases: ClassVar[bool] = True
    v: LoopName
    n: OptionalCount = None
    tail: Tail = TailStrategy.AUTO

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        refuse(check_tail_belongs_to_a_split(self, self.v, self.n, self.tail))
        refuse(check_races(self, stage, stage.loop(self, self.v)))
        if self.n is None:
            return plan.with_nest(self, mark(stage, self, self.v, LoopKind.PARALLEL))
        refuse(check_runs_in_one_way(self, stage, stage.loop(self, self.v), LoopKind.PARALLEL))
        stage = split_loop(stage, self, self.v, self.v, f"{self.v}.task", self.n, self.tail)
        return plan.with_nest(self, stage.marked(self, self.v, LoopKind.PARALLEL))


@dataclass(frozen=True, slots=True)
class Serial(Directive):
    """Run the iterations of a loop one after the other in one thread, which is how every loop begins.

    Parameters
    ----------
    v : str, Var or RVar
        The loop.

    Raises
    ------
    ScheduleError
        If there is no such loop.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, i = tl.Func("f"), tl.Var("i")
    >>> f[i] = i * 2
    >>> s = tl.Schedule(f)
    >>> _ = s[f].parallel("i")
    >>> print(tl.loop_nest(f, s, shape=(64,)))
    parallel i in 0..64:
      f[i] = ...
    >>> _ = s[f].serial("i")
    >>> print(tl.loop_nest(f, s, shape=(64,)))
    for i in 0..64:
      f[i] = ...
    """

    call: ClassVar[str] = "serial"
    is_for_cases: ClassVar[bool] = True
    v: LoopName

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        stage.position(self, self.v)
        return plan.with_nest(self, stage.marked(self, self.v, LoopKind.SERIAL))


def mark(stage: StagePlan, call: Call, loop: str, kind: LoopKind) -> StagePlan:
    """Return `stage` with a loop running as `kind`; ScheduleError unless it exists and ran serially so far."""
    refuse(check_runs_in_one_way(call, stage, stage.loop(call, loop), kind))
    return stage.marked(call, loop, kind)
