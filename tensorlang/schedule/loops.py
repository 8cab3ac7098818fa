"""Directives that change which loops there are: split, fuse, tile and rename."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.schedule import resolved
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import Count, LoopName, NewName, Tail
from tensorlang.schedule.loop_rules import (
    check_fused_loops_are_nested,
    check_fused_loops_are_of_one_sort,
    check_fused_loops_run_alike,
    check_tile_takes_two_loops,
)
from tensorlang.schedule.nest import LoopPlan
from tensorlang.schedule.order import reorder_loops
from tensorlang.schedule.plan import Plan
from tensorlang.schedule.rules import refuse
from tensorlang.schedule.splitting import split_loop
from tensorlang.schedule.tails import TailStrategy


@dataclass(frozen=True, slots=True)
class Split(Directive):
    """Split a loop into an outer and an inner one: ``old == min + outer * factor + inner``.

    Parameters
    ----------
    old : str, Var or RVar
        The loop to split.
    outer, inner : str or Var
        The new loops; one of them may take the name of `old`. Both inherit its kind.
    factor : int, >= 1
        Extent of `inner`.
    tail : TailStrategy or str
        What to do where `factor` does not divide the extent of `old`.

    Raises
    ------
    ScheduleError
        If there is no such loop, a name is taken, the loop is vectorized, or the tail is not legal for it.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, i = tl.Func("f"), tl.Var("i")
    >>> f[i] = i * 2
    >>> print(tl.loop_nest(f, shape=(64,)))
    for i in 0..64:
      f[i] = ...
    >>> s = tl.Schedule(f)
    >>> _ = s[f].split("i", "io", "ii", 8)
    >>> print(tl.loop_nest(f, s, shape=(64,)))
    for io in 0..8:
      for ii in 0..8:
        f[io * 8 + ii] = ...
    """

    call: ClassVar[str] = "split"
    is_for_cases: ClassVar[bool] = True
    old: LoopName
    outer: NewName
    inner: NewName
    factor: Count
    tail: Tail = TailStrategy.AUTO

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        return plan.with_nest(self, split_loop(stage, self, self.old, self.outer, self.inner, self.factor, self.tail))


@dataclass(frozen=True, slots=True)
class Fuse(Directive):
    """Make one loop of two that are directly nested: ``fused == outer * extent(inner) + inner``.

    Parameters
    ----------
    outer, inner : str, Var or RVar
        Loops of one kind, `inner` directly inside `outer`; both over pure Vars or both over RVars.
    fused : str or Var
        The new loop; it may take the name of either.

    Raises
    ------
    ScheduleError
        If there is no such loop, the name is taken, or the loops are not directly nested, of two kinds, vectorized, or
        one over a Var and one over an RVar.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, (i, j) = tl.Func("f"), tl.vars("i j")
    >>> f[i, j] = i + j
    >>> print(tl.loop_nest(f, shape=(4, 8)))
    for i in 0..4:
      for j in 0..8:
        f[i, j] = ...
    >>> s = tl.Schedule(f)
    >>> _ = s[f].fuse("i", "j", "task")
    >>> print(tl.loop_nest(f, s, shape=(4, 8)))
    for task in 0..32:
      f[task // 8, task % 8] = ...
    """

    call: ClassVar[str] = "fuse"
    is_for_cases: ClassVar[bool] = True
    outer: LoopName
    inner: LoopName
    fused: NewName

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        position = stage.position(self, self.outer)
        inner_position = stage.position(self, self.inner)
        stage.check_new_names(self, (self.fused,), reusable=(self.outer, self.inner))
        outer, inner = stage.loops[position], stage.loops[inner_position]
        refuse(
            check_fused_loops_are_nested(self, stage, outer, inner),
            check_fused_loops_are_of_one_sort(self, outer, inner),
            check_fused_loops_run_alike(self, outer, inner),
        )
        fused = LoopPlan(
            self.fused,
            outer.kind,
            outer.is_reduction,
            outer.roots | inner.roots,
            outer.is_from_inner or inner.is_from_inner,
            None if outer.extent is None or inner.extent is None else outer.extent * inner.extent,
            outer.marked_by,
            *((outer if outer.partitioned_by else inner).partitioning),
            is_from_shifted=outer.is_from_shifted or inner.is_from_shifted,
        )
        transform = resolved.Fuse(self.outer, self.inner, self.fused)
        return plan.with_nest(self, stage.replaced(self, position, 2, (fused,), transform))


@dataclass(frozen=True, slots=True)
class Tile(Directive):
    """Split two loops and put both outer loops around both inner ones.

    Means ``split(x, xo, xi, fx, tail)``, ``split(y, yo, yi, fy, tail)``, ``reorder(xo, yo, xi, yi)``.

    Parameters
    ----------
    x, y : str, Var or RVar
        The loops to split.
    xo, yo, xi, yi : str or Var
        The new loops.
    fx, fy : int, >= 1
        Extents of `xi` and `yi`.
    tail : TailStrategy or str
        As for `split`, for both.

    Raises
    ------
    ScheduleError
        As split and reorder.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, (i, j) = tl.Func("f"), tl.vars("i j")
    >>> f[i, j] = i + j
    >>> print(tl.loop_nest(f, shape=(16, 64)))
    for i in 0..16:
      for j in 0..64:
        f[i, j] = ...
    >>> s = tl.Schedule(f)
    >>> _ = s[f].tile("i", "j", "io", "jo", "ii", "ji", 4, 8)
    >>> print(tl.loop_nest(f, s, shape=(16, 64)))
    for io in 0..4:
      for jo in 0..8:
        for ii in 0..4:
          for ji in 0..8:
            f[io * 4 + ii, jo * 8 + ji] = ...
    """

    call: ClassVar[str] = "tile"
    is_for_cases: ClassVar[bool] = True
    x: LoopName
    y: LoopName
    xo: NewName
    yo: NewName
    xi: NewName
    yi: NewName
    fx: Count
    fy: Count
    tail: Tail = TailStrategy.AUTO

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        stage.position(self, self.y)
        refuse(check_tile_takes_two_loops(self, self.x, self.y))
        stage = split_loop(stage, self, self.x, self.xo, self.xi, self.fx, self.tail)
        stage = split_loop(stage, self, self.y, self.yo, self.yi, self.fy, self.tail)
        return plan.with_nest(self, reorder_loops(stage, self, (self.xo, self.yo, self.xi, self.yi)))


@dataclass(frozen=True, slots=True)
class Rename(Directive):
    """Give a loop another name.

    Parameters
    ----------
    old : str, Var or RVar
    new : str or Var
        A name that is not used in the stage.

    Raises
    ------
    ScheduleError
        If there is no such loop, or the name is taken.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, i = tl.Func("f"), tl.Var("i")
    >>> f[i] = i * 2
    >>> print(tl.loop_nest(f, shape=(64,)))
    for i in 0..64:
      f[i] = ...
    >>> s = tl.Schedule(f)
    >>> _ = s[f].rename("i", "row")
    >>> print(tl.loop_nest(f, s, shape=(64,)))
    for row in 0..64:
      f[row] = ...
    """

    call: ClassVar[str] = "rename"
    is_for_cases: ClassVar[bool] = True
    old: LoopName
    new: NewName

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        position = stage.position(self, self.old)
        stage.check_new_names(self, (self.new,), reusable=())
        renamed = replace(stage.loops[position], name=self.new)
        return plan.with_nest(self, stage.replaced(self, position, 1, (renamed,), resolved.Rename(self.old, self.new)))
