"""Directives for updates whose iterations may meet at one element: atomic and allow_race_conditions, and their rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.errors import ScheduleError
from tensorlang.schedule.associativity import why_not_associative
from tensorlang.schedule.call import Call
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.nest import LoopPlan, StagePlan
from tensorlang.schedule.plan import Plan
from tensorlang.schedule.races import may_race
from tensorlang.schedule.rules import Family, refuse, rule


@dataclass(frozen=True, slots=True)
class Atomic(Directive):
    """Let the iterations of an associative update meet: accumulate in one step that no thread and no lane sees half of.

    Reduction loops of the stage may then be parallel, which makes the update an atomic instruction or a loop around
    one, and vectorized: where the lanes add to one element, they are combined by a vector reduction, which moves out
    of the serial loops that keep adding to that element.

    Raises
    ------
    ScheduleError
        If the stage is a pure definition, or its update is not proven to be ``f = f op e``, with one of + * min max
        and or & | ^.

    Notes
    -----
    The order of the terms is lost, which rounding of floats shows; strict numerics refuse that. To spread a reduction
    over threads `rfactor` is mostly faster: atomic instructions of many threads on few elements take turns.

    Examples
    --------
    >>> import tensorlang as tl
    >>> x, k, f = tl.Input("x", (64,), tl.float32), tl.RDom("k", 64), tl.Func("f")
    >>> f[()] += x[k]
    >>> print(tl.loop_nest(f))
    f[] = ...
    for k in 0..64:
      f[] = ...
    >>> s = tl.Schedule(f)
    >>> _ = s[f.update()].atomic().vectorize("k", 16)
    >>> print(tl.loop_nest(f, s))
    f[] = ...
    for k in 0..4:
      vectorized k.lane in 0..16:
        f[] = ...
    """

    call: ClassVar[str] = "atomic"
    is_for_cases: ClassVar[bool] = True

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        refuse(check_atomic_is_for_updates(self, stage), check_atomic_accumulates(self, stage))
        return plan.with_nest(self, replace(stage, atomic_by=self))


@dataclass(frozen=True, slots=True)
class AllowRaceConditions(Directive):
    """Promise that it does no harm where iterations of the stage's reduction loops touch the same element.

    It is right, for example, where an index on the left is read from a permutation, or where all iterations that meet
    store the same value. It switches the proof off: nothing keeps a promise that is wrong from giving wrong results.

    Raises
    ------
    ScheduleError
        If the stage is a pure definition.

    Examples
    --------
    >>> import tensorlang as tl
    >>> x, place = tl.Input("x", (64,), tl.float32), tl.Input("place", (64,), tl.int32)
    >>> i, k, f = tl.Var("i"), tl.RDom("k", 64), tl.Func("f")
    >>> f[i] = 0.0
    >>> f[tl.clamp(tl.cast(tl.int64, place[k]), 0, 63)] = x[k]
    >>> s = tl.Schedule(f)
    >>> _ = s[f.update()].allow_race_conditions()
    >>> print(tl.loop_nest(f, s, shape=(64,)))
    for i in 0..64:
      f[i] = ...
    for k in 0..64:
      f[min(max(int64(place[k]), 0), 63)] = ...
    >>> _ = s[f.update()].parallel("k")
    >>> print(tl.loop_nest(f, s, shape=(64,)))
    for i in 0..64:
      f[i] = ...
    parallel k in 0..64:
      f[min(max(int64(place[k]), 0), 63)] = ...
    """

    call: ClassVar[str] = "allow_race_conditions"
    is_for_cases: ClassVar[bool] = True

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        refuse(check_races_are_in_updates(self, stage))
        return plan.with_nest(self, replace(stage, races_allowed_by=self))


@rule(Family.RACES)
def check_races(call: Call, stage: StagePlan, loop: LoopPlan) -> ScheduleError | None:
    """A parallel or vectorized reduction loop is proven free of races (an index on the left is affine in it, and the
    update reads its own Func only there), or its update is associative and said to be atomic.
    """
    if stage.atomic_by or stage.races_allowed_by or not may_race(stage, loop):
        return None
    func, why = stage.name.func, why_not_associative(stage.definition, stage.name.func)
    pure = ", ".join(item.name for item in stage.loops if not item.is_reduction)
    legal = [f"loops over pure Vars: {pure}"] if pure else []
    if not why:
        legal += [f"atomic().{call.method_text(quote_stages=False)}", f'rfactor(("{loop.name}", "u"), "{func}_parts")']
    hint = f"the update is not proven associative: {why}; allow_race_conditions() promises that races do no harm"
    return call.error(
        f"{loop.name} is a reduction loop, and two of its iterations may touch the same element of {func}.",
        legal=" | ".join(legal),
        hint=hint if why else "",
    )


@rule(Family.RACES)
def check_atomic_is_for_updates(call: Call, stage: StagePlan) -> ScheduleError | None:
    """Only an update is atomic, as the iterations of a pure definition never meet."""
    return _pure_definition(call, stage)


@rule(Family.RACES)
def check_races_are_in_updates(call: Call, stage: StagePlan) -> ScheduleError | None:
    """Only an update has races to allow, as the iterations of a pure definition never meet."""
    return _pure_definition(call, stage)


def _pure_definition(call: Call, stage: StagePlan) -> ScheduleError | None:
    if stage.name.update:
        return None
    return call.error(
        f"{stage.name} is a pure definition, and no two of its iterations write one element.",
        legal=f"s[{stage.name}.update()].{call.method_text(quote_stages=False)}",
    )


@rule(Family.RACES)
def check_atomic_accumulates(call: Call, stage: StagePlan) -> ScheduleError | None:
    """An atomic update accumulates, f = f op e, with op one of + - * min max and or & | ^, and an e that does not
    read f.
    """
    why = why_not_associative(stage.definition, stage.name.func)
    if not why or not stage.name.update:
        return None
    return call.error(
        f"the update is not proven associative: {why}.",
        legal="allow_race_conditions(), if races do no harm",
    )
