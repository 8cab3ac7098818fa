"""Where in the loop nests a Func is used, from the plan alone: the loops that enclose every use are its legal sites."""

from __future__ import annotations

from typing import TypeAlias

from tensorlang.ir.stmt import LoopKind
from tensorlang.schedule.finish import is_inlined
from tensorlang.schedule.plan import Plan
from tensorlang.schedule.reads import calls
from tensorlang.schedule.resolved import LoopLevel, Placement
from tensorlang.schedule.stages import StageName

Path: TypeAlias = tuple[tuple[StageName, str], ...]
"""The loops around a statement, outermost first."""


def paths_to_uses(plan: Plan, func: str) -> list[Path]:
    """The loops around each stage that reads `func`, itself or through inlined Funcs."""
    paths: list[Path] = []
    for reader in plan.algorithm.funcs:
        if reader.name == func:
            continue
        for index, definition in enumerate(reader.definitions):
            if not calls(definition, func):
                continue
            if is_inlined(plan, reader.name):
                paths.extend(paths_to_uses(plan, reader.name))
                break
            stage = StageName(reader.name, index)
            own = tuple(_shared_loop(plan, stage, loop.name) for loop in plan.stages[stage].loops)
            paths.append(path_to(plan, reader.name) + own)
    return paths


def _shared_loop(plan: Plan, stage: StageName, loop: str) -> tuple[StageName, str]:
    """A loop by the stage whose loop it is where stages are computed together."""
    level = plan.canonical(LoopLevel(stage.func, stage.update, loop))
    return StageName(level.func, level.index), level.loop


def path_to(plan: Plan, func: str) -> Path:
    """The loops inside which a Func is computed."""
    placed = plan.funcs[func]
    if placed.placement is Placement.AT and placed.level is not None:
        site = StageName(placed.level.func, placed.level.index)
        outside = path_to(plan, site.func)
        inside: list[tuple[StageName, str]] = []
        for loop in plan.stages[site].loops:
            inside.append(_shared_loop(plan, site, loop.name))
            if loop.name == placed.level.loop:
                break
        return outside + tuple(inside)
    if placed.placement is Placement.DEFAULT and func not in plan.algorithm.outputs:
        return legal_path(plan, func)
    return ()


def legal_path(plan: Plan, func: str) -> Path:
    """The loops that enclose every use of a Func, up to the first that is vectorized."""
    uses = paths_to_uses(plan, func)
    common: list[tuple[StageName, str]] = []
    for loops in zip(*uses, strict=False):
        if any(loop != loops[0] for loop in loops):
            break
        stage, name = loops[0]
        if any(loop.name == name and loop.kind is LoopKind.VECTORIZED for loop in plan.stages[stage].loops):
            break
        common.append(loops[0])
    return tuple(common)
