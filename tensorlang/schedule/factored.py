"""What rfactor makes of an update: a Func of partial results, and an update that merges them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce

from tensorlang.ir.algorithm import Definition, FuncDef, ReductionVar
from tensorlang.ir.expr import Binary, BinaryOp, Call, Compare, CompareOp, Expr, Variable, index
from tensorlang.ir.stmt import LoopKind
from tensorlang.ir.visitor import conjuncts, rewrite, substitute
from tensorlang.schedule import resolved
from tensorlang.schedule.call import Call as DirectiveCall
from tensorlang.schedule.merging import Reduction
from tensorlang.schedule.nest import LoopPlan, StagePlan


@dataclass(frozen=True, slots=True)
class Points:
    """The points of the RVars that were taken apart, in terms of the loops that became RVars or Vars themselves.

    Attributes
    ----------
    values : mapping of str to Expr
        Each RVar that a preserved loop descends from.
    guards : tuple of Expr
        What holds of the loops where such a point is in the RDom.
    names : frozenset of str
        Every name of a loop on the way from those RVars to the loops, both included.
    """

    values: Mapping[str, Expr]
    guards: tuple[Expr, ...]
    names: frozenset[str]


def find_points(stage: StagePlan, preserved: Mapping[str, str]) -> Points:
    """The RVars that the loops `preserved` descend from, with those loops called as `preserved` says."""
    taken = _related_roots(stage, preserved)
    steps = _steps(stage, taken)
    loops = [loop for loop in stage.loops if loop.is_reduction and not loop.roots.isdisjoint(taken)]
    values: dict[str, Expr] = {loop.name: Variable(preserved.get(loop.name, loop.name)) for loop in loops}
    guards: list[Expr] = []
    for step, extent in reversed(steps):
        match step:
            case resolved.Split(old, outer, inner, factor, _):
                values[old] = _sum(_product(values.pop(outer), factor), values.pop(inner))
                if extent % factor:
                    guards.append(Compare(CompareOp.LT, values[old], index(extent)))
            case resolved.Fuse(outer, inner, fused):
                both = values.pop(fused)
                values[outer] = Binary(BinaryOp.FLOOR_DIV, both, index(extent))
                values[inner] = Binary(BinaryOp.MOD, both, index(extent))
            case resolved.Rename(old, new):
                values[old] = values.pop(new)
    mins = {rvar.name: rvar.min for rvar in stage.definition.rvars}
    points = {name: _sum(value, index(mins[name])) if mins[name] else value for name, value in values.items()}
    return Points(points, tuple(guards), _lineage(stage, taken))


def _related_roots(stage: StagePlan, preserved: Mapping[str, str]) -> frozenset[str]:
    """The RVars that the loops `preserved` descend from, and those fused with one of them somewhere."""
    taken: frozenset[str] = frozenset()
    more = frozenset(root for loop in stage.loops if loop.name in preserved for root in loop.roots)
    while more != taken:
        taken = more
        more = taken.union(*(loop.roots for loop in stage.loops if not loop.roots.isdisjoint(taken)))
    return taken


def _steps(stage: StagePlan, roots: frozenset[str]) -> list[tuple[resolved.Transform, int]]:
    """The transforms of `roots`, with the extent of what a split takes apart, or of the inner loop of a fuse."""
    extents = {rvar.name: rvar.extent for rvar in stage.definition.rvars if rvar.name in roots}
    steps: list[tuple[resolved.Transform, int]] = []
    for step in stage.transforms:
        match step:
            case resolved.Split(old, outer, inner, factor, _) if old in extents:
                extent = extents.pop(old)
                extents |= {outer: -(-extent // factor), inner: factor}
            case resolved.Fuse(outer, inner, fused) if outer in extents:
                extent = extents.pop(inner)
                extents[fused] = extents.pop(outer) * extent
            case resolved.Rename(old, new) if old in extents:
                extent = extents[new] = extents.pop(old)
            case _:
                continue
        steps.append((step, extent))
    return steps


def _lineage(stage: StagePlan, roots: frozenset[str]) -> frozenset[str]:
    """Every name that a Var or an RVar of `roots`, or a loop made of one, ever had."""
    names = set(roots)
    for step in stage.transforms:
        match step:
            case resolved.Split(old, outer, inner, _, _) if old in names:
                names |= {outer, inner}
            case resolved.Fuse(outer, _, fused) if outer in names:
                names.add(fused)
            case resolved.Rename(old, new) if old in names:
                names.add(new)
    return frozenset(names)


def _other_steps(stage: StagePlan, names: frozenset[str]) -> tuple[resolved.Transform, ...]:
    """The transforms of loops that are not among `names`."""
    return tuple(
        step for step in stage.transforms if (step.outer if isinstance(step, resolved.Fuse) else step.old) not in names
    )


def _extent(loop: LoopPlan) -> int:
    assert loop.extent is not None, "the extent of a reduction loop is a constant"
    return loop.extent


def _sum(a: Expr, b: Expr) -> Expr:
    return Binary(BinaryOp.ADD, a, b)


def _product(a: Expr, factor: int) -> Expr:
    return Binary(BinaryOp.MUL, a, index(factor))


def partial_func(
    name: str, func: FuncDef, stage: StagePlan, found: Reduction, preserved: Mapping[str, str], points: Points
) -> FuncDef:
    """The Func `name` of partial results, over the Vars that `preserved` names and then those of `func`."""
    own = tuple(Variable(var) for var in preserved.values())
    vars_ = (*preserved.values(), *func.vars)

    def localized(expr: Expr) -> Expr:
        # First the points: what `own` names may be called as the RVars were.
        return rewrite(substitute(expr, points.values), redirect)

    def redirect(node: Expr) -> Expr:
        if isinstance(node, Call) and node.name == func.name:
            return replace(node, name=name, args=(*own, *node.args))
        return node

    loops = [
        ReductionVar(loop.name, 0, _extent(loop))
        for loop in stage.loops
        if loop.is_reduction and loop.name in points.names and loop.name not in preserved
    ]
    rvars = [rvar for rvar in stage.definition.rvars if rvar.name not in points.values]
    there = stage.definition.map_exprs(localized)
    conditions = (*points.guards, *conjuncts(there.predicate))
    predicate = reduce(lambda a, b: Binary(BinaryOp.AND, a, b), conditions) if conditions else None
    update = Definition((*own, *there.args), there.values, (*rvars, *loops), predicate)
    start = Definition(tuple(Variable(var) for var in vars_), found.identities)
    return FuncDef(name, vars_, func.types, start, (update,))


def merge_definition(
    name: str, func: FuncDef, stage: StagePlan, found: Reduction, preserved: Mapping[str, str]
) -> Definition:
    """The update of `func` that merges the partial results of `name` over the loops `preserved`."""
    extents = {loop.name: _extent(loop) for loop in stage.loops if loop.name in preserved}
    point = tuple(Variable(var) for var in func.vars)
    totals = func.calls(point)
    parts = tuple(replace(total, name=name, args=(*map(Variable, preserved), *point)) for total in totals)
    rvars = tuple(ReductionVar(loop, 0, extents[loop]) for loop in preserved)
    return Definition(point, found.merged(totals, parts), rvars)


def partial_stage(
    call: DirectiveCall, name: str, stage: StagePlan, func: FuncDef, preserved: Mapping[str, str], points: Points
) -> StagePlan:
    """The nest of the update of partial results: that of the update they come from, the loops preserved being Vars."""
    loops = []
    for loop in stage.loops:
        if loop.name in preserved:
            var = preserved[loop.name]
            loop = replace(loop, name=var, is_reduction=False, roots=frozenset({var}), is_from_inner=False, extent=None)
        elif loop.is_reduction and loop.name in points.names:
            loop = replace(loop, roots=frozenset({loop.name}), is_from_inner=False)
        loops.append(loop)
    prefetches = tuple(
        replace(wanted, at=preserved.get(wanted.at, wanted.at), ahead=preserved.get(wanted.ahead, wanted.ahead))
        for wanted in stage.prefetches
    )
    return replace(
        stage,
        name=replace(stage.name, func=name, update=1),
        definition=func.updates[0],
        loops=tuple(loops),
        made_by={**stage.made_by, **dict.fromkeys(preserved.values(), call)},
        transforms=_other_steps(stage, points.names),
        prefetches=prefetches,
        streamed_by=None,
        fused=None,
        fused_by=None,
    )


def merge_stage(
    call: DirectiveCall, stage: StagePlan, func: FuncDef, merge: Definition, preserved: Mapping[str, str]
) -> StagePlan:
    """The nest of the merge: the loops over pure Vars as they were, Vars that the update did not have, then RVars."""
    has = {root for loop in stage.loops if not loop.is_reduction for root in loop.roots}
    added = tuple(LoopPlan(var, LoopKind.SERIAL, False, frozenset({var})) for var in func.vars if var not in has)
    first = next(position for position, loop in enumerate(stage.loops) if loop.is_reduction)
    kept = [
        replace(loop, kind=LoopKind.SERIAL, roots=frozenset({loop.name}), is_from_inner=False, marked_by=None)
        if loop.is_reduction
        else loop
        for loop in stage.loops[first:]
        if not loop.is_reduction or loop.name in preserved
    ]
    loops = (*stage.loops[:first], *added, *kept)
    gone = [loop.name for loop in stage.loops if loop.is_reduction and loop.name not in preserved]
    names = _lineage(stage, frozenset(rvar.name for rvar in stage.definition.rvars))
    return replace(
        stage,
        definition=merge,
        loops=loops,
        made_by={**stage.made_by, **dict.fromkeys(loop.name for loop in added), **dict.fromkeys(preserved, call)},
        gone_by={**stage.gone_by, **dict.fromkeys(gone, call)},
        transforms=_other_steps(stage, names),
        is_reduction_reordered=True,
        atomic_by=None,
        races_allowed_by=None,
        prefetches=(),
    )
