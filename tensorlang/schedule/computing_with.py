"""The directive that runs the loops of two stages as one: compute_with, and what it asks of the two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.errors import ScheduleError, TensorlangError
from tensorlang.ir.stmt import LoopKind, PartitionPolicy
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import LoopName, Site
from tensorlang.schedule.fused_groups import clusters_in_order, groups_in_order
from tensorlang.schedule.nest import LoopPlan, StagePlan
from tensorlang.schedule.plan import Plan
from tensorlang.schedule.reads import producers_of
from tensorlang.schedule.resolved import LoopLevel, Placement
from tensorlang.schedule.rules import Family, refuse, rule
from tensorlang.schedule.stages import StageName


@dataclass(frozen=True, slots=True)
class ComputeWith(Directive):
    """Run the outer loops of a stage as those of another stage, with both bodies in them.

    In each iteration of the fused loops the other stage comes first, then this one. What both read is then read once
    while it is near, and one parallel loop starts the threads for both.

    Parameters
    ----------
    other : Func, StageRef or str
        A stage of another Func, whose loops stay.
    loop : str, Var or RVar
        The innermost of its loops that is fused; this stage has the same loops down to it, by name and kind.

    Raises
    ------
    ScheduleError
        If there is no such stage or loop, the stages are of one Func, one of their Funcs depends on the other, or the
        stage is computed with another already; once all directives are known, if the loops differ, the Funcs are not
        computed at one place, or no order of the stages keeps the updates of each Func in order.

    Notes
    -----
    Extents may differ: the fused loop runs over the iterations of both, and each body under the condition that it has
    that iteration. Loops over plain Vars and RVars meet where their values are equal, loops made by split or fuse where
    they are equally far from their start. A Func that is computed at a fused loop is computed for both stages.

    References
    ----------
    Halide's Func::compute_with, with ``LoopAlignStrategy::NoAlign``.

    Examples
    --------
    >>> import tensorlang as tl
    >>> x, (i, j) = tl.Input("x", (16, 64), tl.float32), tl.vars("i j")
    >>> f, g = tl.Func("f"), tl.Func("g")
    >>> f[i, j] = x[i, j] * 2.0
    >>> g[i, j] = x[i, j] + 1.0
    >>> print(tl.loop_nest([f, g]))
    for i in 0..16:
      for j in 0..64:
        f[i, j] = ...
    for i in 0..16:
      for j in 0..64:
        g[i, j] = ...
    >>> s = tl.Schedule([f, g])
    >>> _ = s[g].compute_with(f, "i")
    >>> print(tl.loop_nest([f, g], s))
    for i in 0..16:
      for j in 0..64:
        f[i, j] = ...
      for j in 0..64:
        g[i, j] = ...
    """

    call: ClassVar[str] = "compute_with"
    other: Site
    loop: LoopName

    def apply(self, plan: Plan) -> Plan:
        stage, other = plan.stage(self), plan.stage(self, self.other)
        other.position(self, self.loop)
        refuse(
            check_fused_stages_are_of_two_funcs(self),
            check_fused_once(self, stage),
            check_fused_one_way(self, plan),
            check_fused_funcs_are_independent(self, plan),
        )
        return plan.with_nest(self, replace(stage, fused=LoopLevel(*_key(self.other), self.loop), fused_by=self))


def _key(stage: StageName) -> tuple[str, int]:
    return stage.func, stage.update


def fusion_problems(plan: Plan) -> Iterator[ScheduleError]:
    """The errors of stages that are computed with others, once all directives are known."""
    fused = {name: stage for name, stage in plan.stages.items() if stage.fused is not None}
    problems: list[TensorlangError | None] = []
    for stage in fused.values():
        problems += [check_fused_loops_are_alike(plan, stage), check_fused_at_one_place(plan, stage)]
        problems.append(check_fused_stages_have_no_cases(plan, stage))
    problems += [check_fused_groups_have_an_order(plan, fused), check_fused_stages_have_an_order(plan, fused)]
    yield from (problem for problem in problems if isinstance(problem, ScheduleError))


@rule(Family.FUSED)
def check_fused_stages_are_of_two_funcs(call: ComputeWith) -> ScheduleError | None:
    """A stage is computed with a stage of another Func."""
    if call.stage.func != call.other.func:
        return None
    return call.error(f"{call.stage.as_written} and {call.other.as_written} are stages of one Func.")


@rule(Family.FUSED)
def check_fused_once(call: ComputeWith, stage: StagePlan) -> ScheduleError | None:
    """A stage is computed with one other stage."""
    if stage.fused_by is None:
        return None
    return call.error(f"{stage.name.as_written} is already computed with another, by {stage.fused_by.asked}.")


@rule(Family.FUSED)
def check_fused_one_way(call: ComputeWith, plan: Plan) -> ScheduleError | None:
    """A stage is not computed with one that is computed with it."""
    name = call.other
    while (fused := plan.stages[name].fused) is not None:
        name = StageName(fused.func, fused.index)
        if name == call.stage:
            return call.error(f"{call.other.as_written} is computed with {call.stage.as_written} already.")
    return None


@rule(Family.FUSED)
def check_fused_funcs_are_independent(call: ComputeWith, plan: Plan) -> ScheduleError | None:
    """Of two Funcs that are computed together none depends on the other, neither directly nor through others."""
    for user, used in ((call.stage.func, call.other.func), (call.other.func, call.stage.func)):
        if used in producers_of(plan.algorithm, user):
            return call.error(f"{user} depends on {used}.", legal=f"s[{used}].compute_at({user}, loop)")
    return None


@rule(Family.FUSED)
def check_fused_loops_are_alike(plan: Plan, stage: StagePlan) -> ScheduleError | None:
    """Two stages that are computed together have the same loops down to the fused one, by name, kind and order."""
    assert stage.fused is not None and stage.fused_by is not None, "asked of fused stages"
    other = plan.stages[StageName(stage.fused.func, stage.fused.index)]
    names = [loop.name for loop in other.loops]
    depth = names.index(stage.fused.loop) + 1 if stage.fused.loop in names else 0
    if depth and _heads(stage.loops[:depth]) == _heads(other.loops[:depth]):
        return None
    return stage.fused_by.error(
        f"the loops of {stage.name.as_written} are {_text(stage.loops)}, those of {other.name.as_written} "
        f"{_text(other.loops)}.",
        hint="give both stages the same splits and marks, then say compute_with",
    )


def _heads(loops: tuple[LoopPlan, ...]) -> list[tuple[str, str, str]]:
    return [(loop.name, str(loop.kind), str(loop.partition)) for loop in loops]


def _text(loops: tuple[LoopPlan, ...]) -> str:
    remarks = [
        [str(loop.kind)] * (loop.kind is not LoopKind.SERIAL)
        + [f"{loop.partition} partitioned"] * (loop.partition is not PartitionPolicy.AUTO)
        for loop in loops
    ]
    shown = [loop.name + (f" ({', '.join(said)})" if said else "") for loop, said in zip(loops, remarks, strict=True)]
    return ", ".join(shown) or "none"


@rule(Family.FUSED)
def check_fused_stages_have_no_cases(plan: Plan, stage: StagePlan) -> ScheduleError | None:
    """Stages that are computed together have no cases."""
    assert stage.fused is not None and stage.fused_by is not None, "asked of fused stages"
    for part in (stage, plan.stages[StageName(stage.fused.func, stage.fused.index)]):
        if part.cases:
            return stage.fused_by.error(f"{part.name.as_written} has a case, by {part.cases[0].call.asked}.")
    return None


@rule(Family.FUSED)
def check_fused_at_one_place(plan: Plan, stage: StagePlan) -> ScheduleError | None:
    """Two stages that are computed together are computed at root, or at the same loop."""
    assert stage.fused is not None and stage.fused_by is not None, "asked of fused stages"
    places = [_place(plan, name) for name in (stage.name.func, stage.fused.func)]
    if places[0] == places[1] and places[0] is not None:
        return None
    texts = ["by default" if place is None else place for place in places]
    return stage.fused_by.error(
        f"{stage.name.func} is computed {texts[0]}, {stage.fused.func} {texts[1]}.",
        hint="place both alike: compute_root(), or compute_at(consumer, loop) with the same consumer and loop",
    )


def _place(plan: Plan, name: str) -> str | None:
    """Where a Func is computed and stored, as a text; None where it is left to the lowering, or is not at one place."""
    func = plan.funcs[name]
    if name in plan.algorithm.outputs or func.placement is Placement.ROOT:
        return "at root"
    if func.placement is Placement.AT and func.level is not None:
        level = plan.canonical(func.level)
        return f"at loop {level.loop} of {StageName(level.func, level.index).as_written}"
    return {Placement.INLINE: "inline", Placement.INIT: None}.get(func.placement)


@rule(Family.FUSED)
def check_fused_groups_have_an_order(plan: Plan, fused: dict[StageName, StagePlan]) -> ScheduleError | None:
    """Of two groups of Funcs that are computed together, one can be computed before the other."""
    pairs = [(name.func, stage.fused.func) for name, stage in fused.items() if stage.fused is not None]
    order = groups_in_order(plan.algorithm, pairs)
    if not order.left:
        return None
    last = [stage for name, stage in fused.items() if name.func in order.left][-1]
    assert last.fused_by is not None, "it is fused"
    return last.fused_by.error(f"{', '.join(order.left)} would each have to be computed before the others.")


@rule(Family.FUSED)
def check_fused_stages_have_an_order(plan: Plan, fused: dict[StageName, StagePlan]) -> ScheduleError | None:
    """The stages of each Func stay in order where they are computed with stages of others."""
    pairs = {_key(name): (stage.fused.func, stage.fused.index) for name, stage in fused.items() if stage.fused}
    order = clusters_in_order([_key(name) for name in plan.stages], pairs)
    if not order.left:
        return None
    last = [stage for name, stage in fused.items() if _key(name) in order.left][-1]
    assert last.fused_by is not None, "it is fused"
    stages = ", ".join(StageName(*key).as_written for key in order.left)
    return last.fused_by.error(f"{stages} would each have to be computed before the others.")
