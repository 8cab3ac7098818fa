"""The reorder directive, and the rule for changing the order of a reduction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import ClassVar

from tensorlang.errors import ScheduleError
from tensorlang.schedule.associativity import is_associative_update
from tensorlang.schedule.call import Call
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import Names
from tensorlang.schedule.nest import LoopPlan, StagePlan
from tensorlang.schedule.plan import Plan
from tensorlang.schedule.races import is_race_free
from tensorlang.schedule.rules import Family, refuse, rule


@dataclass(frozen=True, slots=True)
class Reorder(Directive):
    """Nest loops in the order given, outermost first.

    The loops listed take that order in the positions they occupy together; the others stay where they are.

    Parameters
    ----------
    loops : str, Var, RVar or RDom
        Outermost first; an RDom stands for its dimensions in order.

    Raises
    ------
    ScheduleError
        If there is no such loop, one is listed twice, or two reduction loops would change their order and the update
        is neither associative and commutative nor free of races over one of them.

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
    >>> _ = s[f].reorder("j", "i")
    >>> print(tl.loop_nest(f, s, shape=(16, 64)))
    for j in 0..64:
      for i in 0..16:
        f[i, j] = ...
    """

    call: ClassVar[str] = "reorder"
    is_for_cases: ClassVar[bool] = True
    loops: Names

    def apply(self, plan: Plan) -> Plan:
        return plan.with_nest(self, reorder_loops(plan.stage(self), self, self.loops))


def reorder_loops(stage: StagePlan, call: Call, names: tuple[str, ...]) -> StagePlan:
    """Return `stage` with the loops called `names` in that order in the positions they occupy; raises as `Reorder`."""
    positions = [stage.position(call, name) for name in names]
    loops = list(stage.loops)
    for target, source in zip(sorted(positions), positions, strict=True):
        loops[target] = stage.loops[source]
    swapped = _swapped_reductions(stage, loops)
    for outer, inner in swapped:
        refuse(check_order_of_reductions(stage, call, outer, inner))
    stage = replace(stage, loops=tuple(loops))
    return replace(stage, is_reduction_reordered=True, reordered_by=call) if swapped else stage


def _swapped_reductions(stage: StagePlan, loops: list[LoopPlan]) -> list[tuple[LoopPlan, LoopPlan]]:
    """The pairs of reduction loops that `loops` swaps, which changes the order in which terms come."""
    before = [loop for loop in stage.loops if loop.is_reduction]
    after = {loop.name: position for position, loop in enumerate(loops)}
    return [
        (outer, inner)
        for outer, inner in combinations(before, 2)
        if after[outer.name] > after[inner.name] and not _is_order_kept(stage, outer, inner)
    ]


@rule(Family.REDUCTION_ORDER)
def check_order_of_reductions(stage: StagePlan, call: Call, outer: LoopPlan, inner: LoopPlan) -> ScheduleError | None:
    """Reduction loops are swapped only where the update is proven associative and commutative
    (f = f op e, with op one of + - * min max and or & | ^), or free of races.
    """
    if is_associative_update(stage.definition, stage.name.func):
        return None
    return call.error(
        f"the update may depend on the order of {outer.name} and {inner.name}, which would be swapped.",
        legal=f"any order with {outer.name} before {inner.name}",
    )


def _is_order_kept(stage: StagePlan, outer: LoopPlan, inner: LoopPlan) -> bool:
    """Whether each place still sees its terms in order: the place tells the iteration of one of the two loops."""
    return any(
        all(is_race_free(stage.definition, stage.name.func, root) for root in loop.roots) for loop in (outer, inner)
    )
