"""Directives about when the memory of a Func comes and goes: store_at, store_root and hoist_storage(_root)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.errors import TensorlangError
from tensorlang.schedule.call import Call
from tensorlang.schedule.cases import check_level_is_of_all_cases
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import LoopName, Site
from tensorlang.schedule.plan import FuncPlan, Plan
from tensorlang.schedule.reads import stages_using
from tensorlang.schedule.resolved import ROOT_LEVEL, LoopLevel
from tensorlang.schedule.rules import Family, refuse, rule
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.storage_rules import check_output_is_stored_by_the_caller


@dataclass(frozen=True, slots=True)
class StoreAt(Directive):
    """Keep what is computed of the Func from iteration to iteration of the loops inside a loop of a consumer.

    The storage is made once in each iteration of `loop`, and holds all that the loops inside need. Where the loops
    between it and the `compute_at` are serial, and what they need of the Func moves one way, each iteration computes
    only what the ones before it have not (sliding window), and storage that only a part of is in use at a time is
    folded onto itself (`fold_storage`). `loop_nest` says over which loops a Func slides, or why it does not.

    Parameters
    ----------
    consumer : Func, StageRef or str
        A stage that uses the Func, directly or through others.
    loop : str, Var or RVar
        One of its loops: that of the `compute_at`, or one around it.

    Raises
    ------
    ScheduleError
        If there is no such stage or loop, the stage does not use the Func, the Func is an output or has a storage level
        already; once all directives are known, if the Func has no `compute_at`; when the loop nest is built, if `loop`
        is not around the computation, or a parallel loop lies between.

    Notes
    -----
    Iterations before the first compute what the first one needs of earlier rows; the loop runs longer for them, and
    the rest of its body starts with the first. Where the start of the region cannot be reached that way, the first
    iteration computes all it needs.

    References
    ----------
    .. [1] J. Ragan-Kelley et al., "Halide: a language and compiler for optimizing parallelism, locality, and
       recomputation in image processing pipelines", PLDI 2013, section 4.3.

    Examples
    --------
    Rows of `g` in strips of 8 rows of `f`, each strip on its own.

    >>> import tensorlang as tl
    >>> f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    >>> g[i, j] = i + j
    >>> f[i, j] = g[i, j] + g[i + 1, j] + g[i + 2, j]
    >>> s = tl.Schedule(f)
    >>> _ = s[f].split("i", "io", "ii", 8).parallel("io")
    >>> _ = s[g].compute_at(f, "ii")
    >>> print(tl.loop_nest(f, s, shape=(16, 64)))
    parallel io in 0..2:
      for ii in 0..8:
        store g[3, 64] in heap:
          for i in 0..3:
            for j in 0..64:
              g[io * 8 + ii + i, j] = ...
          for j in 0..64:
            f[io * 8 + ii, j] = ...
    >>> _ = s[g].store_at(f, "io")
    >>> print(tl.loop_nest(f, s, shape=(16, 64)))
    parallel io in 0..2:
      store g[3, 64] in heap (slides over ii; i is folded to 3):
        for ii in 0..10:
          for j in 0..64:
            g[io * 8 + ii, j] = ...
          if ii >= 2:
            for j in 0..64:
              f[io * 8 + ii - 2, j] = ...
    """

    call: ClassVar[str] = "store_at"
    consumer: Site
    loop: LoopName

    def apply(self, plan: Plan) -> Plan:
        refuse(check_output_is_stored_by_the_caller(self, plan))
        return plan.with_func(_kept(self, plan.func(self), _level(self, plan, self.consumer, self.loop)))


@dataclass(frozen=True, slots=True)
class StoreRoot(Directive):
    """Keep what is computed of the Func over all loops: `store_at` outside every loop.

    Raises
    ------
    ScheduleError
        If the Func is an output or has a storage level already; once all directives are known, if it has no
        `compute_at`; when the loop nest is built, if a parallel loop lies between.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    >>> g[i, j] = i + j
    >>> f[i, j] = g[i, j] + g[i + 1, j] + g[i + 2, j]
    >>> s = tl.Schedule(f)
    >>> _ = s[g].compute_at(f, "i")
    >>> print(tl.loop_nest(f, s, shape=(16, 64)))
    for i in 0..16:
      store g[3, 64] in heap:
        for g.i in 0..3:
          for j in 0..64:
            g[i + g.i, j] = ...
        for j in 0..64:
          f[i, j] = ...
    >>> _ = s[g].store_root()
    >>> print(tl.loop_nest(f, s, shape=(16, 64)))
    store g[3, 64] in heap (slides over i; i is folded to 3):
      for i in 0..18:
        for j in 0..64:
          g[i, j] = ...
        if i >= 2:
          for j in 0..64:
            f[i - 2, j] = ...
    """

    call: ClassVar[str] = "store_root"

    def apply(self, plan: Plan) -> Plan:
        refuse(check_output_is_stored_by_the_caller(self, plan))
        return plan.with_func(_kept(self, plan.func(self), ROOT_LEVEL))


@dataclass(frozen=True, slots=True)
class HoistStorage(Directive):
    """Allocate the memory of the Func further out than it is used: in the body of a loop of a consumer.

    What is computed, and when, stays as it is, as does what the storage holds at a time; only the allocation moves,
    with the largest size that any iteration needs. Out of a parallel loop it moves as one piece for each worker.

    Parameters
    ----------
    consumer : Func, StageRef or str
        A stage that uses the Func, directly or through others.
    loop : str, Var or RVar
        One of its loops: that of the storage level, or one around it.

    Raises
    ------
    ScheduleError
        If there is no such stage or loop, the stage does not use the Func, the Func is an output or its allocation is
        placed already; once all directives are known, if the Func has no `compute_at`; when the loop nest is built, if
        `loop` is not around the storage level.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    >>> g[i, j] = i + j
    >>> f[i, j] = g[i, j] + g[i, j + 1]
    >>> s = tl.Schedule(f)
    >>> _ = s[g].compute_at(f, "j")
    >>> print(tl.loop_nest(f, s, shape=(16, 64)))
    for i in 0..16:
      for j in 0..64:
        store g[1, 2] in heap:
          for g.j in 0..2:
            g[i, j + g.j] = ...
          f[i, j] = ...
    >>> _ = s[g].hoist_storage(f, "i")
    >>> print(tl.loop_nest(f, s, shape=(16, 64)))
    for i in 0..16:
      for j in 0..64:
        store g[1, 2] in heap (allocated at f, i):
          for g.j in 0..2:
            g[i, j + g.j] = ...
          f[i, j] = ...
    """

    call: ClassVar[str] = "hoist_storage"
    consumer: Site
    loop: LoopName

    def apply(self, plan: Plan) -> Plan:
        refuse(check_output_is_stored_by_the_caller(self, plan))
        return plan.with_func(_hoisted(self, plan.func(self), _level(self, plan, self.consumer, self.loop)))


@dataclass(frozen=True, slots=True)
class HoistStorageRoot(Directive):
    """Allocate the memory of the Func outside every loop: `hoist_storage` to the root.

    Raises
    ------
    ScheduleError
        If the Func is an output or its allocation is placed already; once all directives are known, if it has no
        `compute_at`.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    >>> g[i, j] = i + j
    >>> f[i, j] = g[i, j] + g[i, j + 1]
    >>> s = tl.Schedule(f)
    >>> _ = s[g].compute_at(f, "i")
    >>> print(tl.loop_nest(f, s, shape=(16, 64)))
    for i in 0..16:
      store g[1, 65] in heap:
        for j in 0..65:
          g[i, j] = ...
        for j in 0..64:
          f[i, j] = ...
    >>> _ = s[g].hoist_storage_root()
    >>> print(tl.loop_nest(f, s, shape=(16, 64)))
    for i in 0..16:
      store g[1, 65] in heap (allocated at root):
        for j in 0..65:
          g[i, j] = ...
        for j in 0..64:
          f[i, j] = ...
    """

    call: ClassVar[str] = "hoist_storage_root"

    def apply(self, plan: Plan) -> Plan:
        refuse(check_output_is_stored_by_the_caller(self, plan))
        return plan.with_func(_hoisted(self, plan.func(self), ROOT_LEVEL))


def _level(call: Call, plan: Plan, consumer: StageName, loop: str) -> LoopLevel:
    """The level that a directive names; ScheduleError if there is none, or it lies in a stage without a use."""
    refuse(check_level_is_of_all_cases(call, consumer))
    site = plan.stage(call, consumer)
    refuse(check_level_of_a_user(plan, call, consumer))
    site.position(call, loop)
    return LoopLevel(consumer.func, consumer.update, loop)


def _kept(call: Call, func: FuncPlan, level: LoopLevel) -> FuncPlan:
    refuse(check_storage_level_chosen_once(func, call))
    return replace(func, store=level, kept_by=call)


def _hoisted(call: Call, func: FuncPlan, level: LoopLevel) -> FuncPlan:
    refuse(check_allocation_placed_once(func, call))
    return replace(func, hoist=level, hoisted_by=call)


@rule(Family.STORAGE)
def check_level_of_a_user(plan: Plan, call: Call, consumer: StageName) -> TensorlangError | None:
    """Storage is placed at a loop of a stage that uses the Func, directly or through others."""
    users = stages_using(plan.algorithm, call.stage.func)
    if consumer in users:
        return None
    return call.error(
        f"{consumer.as_written} does not use {call.stage.func}.",
        legal=f"loops of {', '.join(user.as_written for user in users)}",
    )


@rule(Family.STORAGE)
def check_storage_level_chosen_once(func: FuncPlan, call: Call) -> TensorlangError | None:
    """The storage level of a Func is chosen once."""
    if func.kept_by is None:
        return None
    return call.error(
        f"the storage level of {func.name} is already chosen, by {func.kept_by.asked}.",
        hint="keep one of the two",
    )


@rule(Family.STORAGE)
def check_allocation_placed_once(func: FuncPlan, call: Call) -> TensorlangError | None:
    """The allocation of a Func is placed once."""
    if func.hoisted_by is None:
        return None
    return call.error(
        f"the allocation of {func.name} is already placed, by {func.hoisted_by.asked}.",
        hint="keep one of the two",
    )
