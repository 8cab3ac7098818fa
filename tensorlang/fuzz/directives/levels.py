"""Draws store_at, store_root, hoist_storage, hoist_storage_root and fold_storage."""

from __future__ import annotations

from tensorlang.fuzz.directives.scene import Scene
from tensorlang.fuzz.directives.uses import Path, path_to
from tensorlang.ir.stmt import LoopKind
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.folding import FoldStorage
from tensorlang.schedule.reads import stages_using
from tensorlang.schedule.resolved import ROOT_LEVEL, Placement
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.storage_levels import HoistStorage, HoistStorageRoot, StoreAt, StoreRoot

_FOLDS = (4, 8, 5, 16, 3, 32, 2)


def _around(scene: Scene, stage: StageName) -> Path:
    """The loops around the computation of a Func that is computed inside a consumer."""
    func = scene.plan.funcs[stage.func]
    if scene.is_output(stage.func) or scene.is_inlined(stage.func):
        return ()
    if func.placement not in (Placement.AT, Placement.DEFAULT):
        return ()
    return path_to(scene.plan, stage.func)


def _kinds(scene: Scene, path: Path) -> list[LoopKind]:
    loops = [next(item for item in scene.stage(stage).loops if item.name == loop) for stage, loop in path]
    return [loop.kind for loop in loops]


def _serial_part(scene: Scene, path: Path) -> int:
    """From which place of a path on no loop is parallel: storage that is older would be shared by threads."""
    kinds = _kinds(scene, path)
    return max((place + 1 for place, kind in enumerate(kinds) if kind is LoopKind.PARALLEL), default=0)


def draw_store_at(scene: Scene, stage: StageName) -> Directive | None:
    """The storage of a Func in a loop around that of its computation, with no parallel loop between."""
    path = _around(scene, stage)
    if not path or scene.plan.funcs[stage.func].kept_by is not None:
        return None
    users = stages_using(scene.plan.algorithm, stage.func)
    first = max(0, _serial_part(scene, path) - 1)
    sites = [site for site in path[first:-1] if site[0] in users]
    if not sites:
        return None
    consumer, loop = scene.chance.one_of(sites)
    return StoreAt(stage, consumer, loop)


def draw_store_root(scene: Scene, stage: StageName) -> Directive | None:
    """The storage of a Func outside all loops."""
    path = _around(scene, stage)
    if not path or scene.plan.funcs[stage.func].kept_by is not None or _serial_part(scene, path):
        return None
    return StoreRoot(stage)


def draw_hoist_storage(scene: Scene, stage: StageName) -> Directive | None:
    """The allocation of a Func in a loop around its storage."""
    func, path = scene.plan.funcs[stage.func], _around(scene, stage)
    if not path or func.hoisted_by is not None or func.store == ROOT_LEVEL:
        return None
    inside = path
    if func.store is not None:
        level = (StageName(func.store.func, func.store.index), func.store.loop)
        inside = path[: path.index(level) + 1] if level in path else ()
    users = stages_using(scene.plan.algorithm, stage.func)
    sites = [site for site in inside if site[0] in users]
    if not sites:
        return None
    consumer, loop = scene.chance.one_of(sites)
    return HoistStorage(stage, consumer, loop)


def draw_hoist_storage_root(scene: Scene, stage: StageName) -> Directive | None:
    """The allocation of a Func outside all loops."""
    if not _around(scene, stage) or scene.plan.funcs[stage.func].hoisted_by is not None:
        return None
    return HoistStorageRoot(stage)


def draw_fold_storage(scene: Scene, stage: StageName) -> Directive | None:
    """A circular buffer for a Func that is stored outside of the loop in which it is computed."""
    if scene.plan.funcs[stage.func].kept_by is None:
        wanted = draw_store_root(scene, stage) or draw_store_at(scene, stage)
        if wanted is None or not scene.give(wanted):
            return None
    func = scene.plan.funcs[stage.func]
    free = [var for var in scene.plan.algorithm.func(stage.func).vars if all(fold.var != var for fold in func.folds)]
    if not free or not _around(scene, stage):
        return None
    # The dimension that moves is mostly an outer one.
    var = free[0] if scene.chance.flag(60) else scene.chance.one_of(free)
    return FoldStorage(stage, var, scene.chance.one_of(_FOLDS), not scene.chance.flag(10))
