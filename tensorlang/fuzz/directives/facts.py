"""What bounds inference says of a schedule: is it legal, what the extents are, which splits do not divide them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tensorlang.bounds.nest import loop_variable
from tensorlang.errors import TensorlangError
from tensorlang.lowering.pipeline import place
from tensorlang.schedule.finish import find_problems
from tensorlang.schedule.nest import begin_stage
from tensorlang.schedule.plan import Plan
from tensorlang.schedule.replay import as_resolved
from tensorlang.schedule.resolved import Fuse, Placement, Rename, Split, Transform
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.tails import TailStrategy
from tensorlang.symbolic.simplify import as_int


@dataclass(frozen=True)
class Facts:
    """What is known of a plan.

    Attributes
    ----------
    problem : TensorlangError or None
        Why it is not legal, if it is not.
    sizes : mapping from stage to mapping from Var or RVar to int or None
        Extents of the dimensions of all stages that are computed; None where they differ from iteration to iteration.
    sides : mapping from (Func, Var) to (min, extent)
        Over which constant coordinates the pure definition of a Func is computed.
    """

    problem: TensorlangError | None = None
    sizes: Mapping[StageName, Mapping[str, int | None]] = field(default_factory=dict)
    sides: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)


def find_facts(plan: Plan, shapes: Mapping[str, tuple[int, ...]]) -> Facts:
    """Infer bounds for a plan; its first problem comes back as data. Copies not placed yet are computed at root."""
    for func in plan.funcs.values():
        if func.wrapped_by is not None and func.placement is Placement.DEFAULT:
            plan = plan.with_func(replace(func, placement=Placement.ROOT))
    problems = find_problems(plan)
    if problems:
        return Facts(problems[0])
    try:
        _, placed = place(as_resolved(plan), shapes)
    except TensorlangError as problem:
        return Facts(problem)
    found: dict[StageName, dict[str, int | None]] = {}
    sides: dict[tuple[str, str], tuple[int, int]] = {}
    for name in plan.stages:
        domains = {root: placed.domains.get(_let(name, root)) for root in roots(plan, name)}
        if None in domains.values():
            continue
        sizes = found[name] = {
            root: None if domain is None else as_int(domain.extent) for root, domain in domains.items()
        }
        for root, domain in domains.items():
            low, extent = None if domain is None else as_int(domain.min), sizes[root]
            if name.update == 0 and low is not None and extent is not None:
                sides[name.func, root] = low, extent
    return Facts(None, found, sides)


def _let(stage: StageName, root: str) -> str:
    """The name that lowering binds a Var of a stage to."""
    return f"{loop_variable(stage.func, stage.update, root)}.at"


def roots(plan: Plan, name: StageName) -> list[str]:
    """The Vars and RVars of a definition."""
    func = plan.algorithm.func(name.func)
    return [loop.name for loop in begin_stage(func, name.update, func.definitions[name.update]).loops]


def follow(
    transforms: tuple[Transform, ...], sizes: Mapping[str, int | None]
) -> tuple[dict[str, int | None], list[TailStrategy]]:
    """The extents of a definition's loops from those of its dimensions, and the tails of splits that do not divide.

    A split of an extent that differs from iteration to iteration is not among them, as it may divide all of them.
    """
    sizes, undivided = dict(sizes), []
    for step in transforms:
        match step:
            case Split(old, outer, inner, factor, tail):
                extent = sizes.pop(old)
                if extent is not None and extent % factor:
                    undivided.append(tail)
                sizes |= {outer: None if extent is None else -(-extent // factor), inner: factor}
            case Fuse(outer, inner, fused):
                a, b = sizes.pop(outer), sizes.pop(inner)
                sizes[fused] = None if a is None or b is None else a * b
            case Rename(old, new):
                sizes[new] = sizes.pop(old)
    return sizes, undivided
