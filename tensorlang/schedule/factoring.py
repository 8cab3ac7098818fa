"""The directive that computes a reduction in parts, which can run at the same time: rfactor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import FuncDef
from tensorlang.schedule.associativity import why_not_associative
from tensorlang.schedule.cases import check_factored_has_no_cases
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.factored import (
    Points,
    find_points,
    merge_definition,
    merge_stage,
    partial_func,
    partial_stage,
)
from tensorlang.schedule.fields import NewName, Pairs
from tensorlang.schedule.merging import find_reduction
from tensorlang.schedule.nest import StagePlan
from tensorlang.schedule.plan import FuncPlan, Plan, begin_func
from tensorlang.schedule.resolved import StorageDim
from tensorlang.schedule.rules import Family, refuse, rule


@dataclass(frozen=True, slots=True)
class Rfactor(Directive):
    """Split a reduction in two: a new Func of partial results, and an update that merges them.

    ``f[i] = f[i] op e(i, r, s)`` with `r` preserved as `u` becomes ``g[u, i] = g[u, i] op e(i, u, s)``, which starts
    from the identity of `op`, and ``f[i] = f[i] op g[r, i]``. The loops over `u` are free to be parallel or vectorized.

    Parameters
    ----------
    preserved : pair of loops, or list of such pairs
        Reduction loops of the update as they are now, after splits and fusions, each with the Var of the new Func that
        it becomes; a Var may take the name of its loop.
    name : str
        Of the new Func. Its first dimensions are the new Vars in the order given, then come those of the old Func.

    Returns
    -------
    StageHandle
        The pure definition of the new Func, which fills it with the identity; ``s[name, 1]`` is its update.

    Raises
    ------
    ScheduleError
        If the stage is a pure definition, a loop is not one of its reduction loops, the update is not proven
        associative, or a name is taken.

    Notes
    -----
    The update of the new Func takes over the loop nest, with the Vars in the place of the loops they were, and what
    is said of its loops. The merge runs over the pure Vars as the nest had them, and serially over the preserved
    loops; it has loops over all Vars of the Func, also where the update had an index instead of a Var. Where a
    split on the way to a preserved loop has a tail, its guard becomes a predicate of the new update. Place the new
    Func by compute_root or compute_at; by default it is computed where the merge uses it, part by part. Strict
    numerics refuse rfactor of floats, as the order of the terms changes.

    References
    ----------
    Suriana, Adams, Kamil, "Parallel Associative Reductions in Halide", CGO 2017.

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
    >>> _ = s[f.update()].split("k", "ko", "ki", 16).rfactor(("ko", "u"), "parts").compute_root()
    >>> _ = s["parts", 1].parallel("u")
    >>> print(tl.loop_nest(f, s))
    store parts[4] in heap:
      for u in 0..4:
        parts[u] = ...
      parallel u in 0..4:
        for ki in 0..16:
          parts[u] = ...
      f[] = ...
      for ko in 0..4:
        f[] = ...
    """

    call: ClassVar[str] = "rfactor"
    preserved: Pairs
    name: NewName

    def apply(self, plan: Plan) -> Plan:
        stage = plan.stage(self)
        refuse(check_factors_an_update(self, stage), check_factored_has_no_cases(self, stage))
        refuse(*(check_factors_reduction_loops(self, stage, loop) for loop, _ in self.preserved))
        func, preserved = plan.algorithm.func(stage.name.func), dict(self.preserved)
        refuse(check_factors_associative_updates(self, stage, func))
        points = find_points(stage, preserved)
        refuse(
            check_factored_func_is_new(self, plan),
            check_factored_vars_are_new(self, plan, stage),
            check_factored_loops_are_no_vars(self, stage, func, points),
        )
        return self._factored(plan, stage, func, points)

    def _factored(self, plan: Plan, stage: StagePlan, func: FuncDef, points: Points) -> Plan:
        preserved = dict(self.preserved)
        found = find_reduction(func, stage.name.update)
        assert found is not None, "check_factors_associative_updates lets only these pass"
        partial = partial_func(self.name, func, stage, found, preserved, points)
        merge = merge_definition(self.name, func, stage, found, preserved)
        updates = tuple(merge if n == stage.name.update else item for n, item in enumerate(func.updates, start=1))
        merged = replace(func, updates=updates)
        position = plan.algorithm.funcs.index(func)
        funcs = (*plan.algorithm.funcs[:position], partial, merged, *plan.algorithm.funcs[position + 1 :])
        _, (start, _) = begin_func(partial)
        stages = [
            start,
            partial_stage(self, self.name, stage, partial, preserved, points),
            merge_stage(self, stage, func, merge, preserved),
        ]
        storage = (
            *(StorageDim(var, var, divisor=1, modulus=None, align=1) for var in preserved.values()),
            *plan.funcs[func.name].storage,
        )
        return Plan(
            replace(plan.algorithm, funcs=funcs),
            stages={**plan.stages, **{item.name: item for item in stages}},
            funcs={**plan.funcs, self.name: FuncPlan(self.name, storage)},
        )


@rule(Family.FACTORS)
def check_factors_an_update(call: Rfactor, stage: StagePlan) -> ScheduleError | None:
    """What rfactor takes apart is an update."""
    if stage.name.update:
        return None
    return call.error(
        f"{stage.name} is a pure definition, which reduces nothing.",
        legal=f"s[{stage.name}.update()].{call.method_text(quote_stages=False)}",
    )


@rule(Family.FACTORS)
def check_factors_reduction_loops(call: Rfactor, stage: StagePlan, name: str) -> ScheduleError | None:
    """The loops that rfactor preserves are reduction loops; those over pure Vars stay as they are."""
    if stage.loop(call, name).is_reduction:
        return None
    loops = ", ".join(loop.name for loop in stage.loops if loop.is_reduction)
    return call.error(
        f"{name} is a loop over a pure Var of {stage.name.as_written}.",
        legal=f"reduction loops of {stage.name.as_written}, outermost first: {loops or 'none'}",
    )


@rule(Family.FACTORS)
def check_factors_associative_updates(call: Rfactor, stage: StagePlan, func: FuncDef) -> ScheduleError | None:
    """What rfactor takes apart accumulates, f = f op e, with op one of + - * min max and or & | ^, and an e that does
    not read f; or it is an argmin or argmax that keeps the RVars.
    """
    if find_reduction(func, stage.name.update) is not None:
        return None
    why = why_not_associative(stage.definition, stage.name.func)
    return call.error(f"the update is not proven associative: {why}.")


@rule(Family.FACTORS)
def check_factored_func_is_new(call: Rfactor, plan: Plan) -> ScheduleError | None:
    """The Func of partial results takes a name that no Func or Input has."""
    known = {func.name for func in plan.algorithm.funcs} | {source.name for source in plan.algorithm.inputs}
    if call.name not in known:
        return None
    return call.error(
        f"the name {call.name} is already used.",
        legal=f"names other than {', '.join(sorted(known))}",
    )


@rule(Family.FACTORS)
def check_factored_vars_are_new(call: Rfactor, plan: Plan, stage: StagePlan) -> ScheduleError | None:
    """A Var that rfactor makes has the name of its loop, or one that no loop, Var or dimension has."""
    func = stage.name.func
    storage = {dim.name for dim in plan.funcs[func].storage}
    taken = {*plan.algorithm.func(func).vars, *storage, *stage.made_by}
    for loop, var in call.preserved:
        if var != loop and var in taken:
            return call.error(
                f"the name {var} is already used in {stage.name.as_written}.",
                legal=f"names other than {', '.join(sorted(taken - {loop}))}",
            )
    return None


@rule(Family.FACTORS)
def check_factored_loops_are_no_vars(
    call: Rfactor, stage: StagePlan, func: FuncDef, points: Points
) -> ScheduleError | None:
    """The merge has loops over all Vars of the Func besides the preserved loops, so their names differ."""
    clash = [loop.name for loop in stage.loops if loop.is_reduction and loop.name in points.names & set(func.vars)]
    if not clash:
        return None
    return call.error(
        f"the reduction loop {clash[0]} has the name of a Var of {func.name}.",
        legal=f"loops named other than {', '.join(func.vars)}",
        hint=f'rename("{clash[0]}", ...) first',
    )
