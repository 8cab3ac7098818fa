"""Draws store_in, split_storage, reorder_storage and align_storage."""

from __future__ import annotations

from tensorlang.fuzz.directives.scene import Scene
from tensorlang.ir.stmt import LoopKind, Memory
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.resolved import Placement, StorageDim
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.storage import AlignStorage, ReorderStorage, SplitStorage, StoreIn

_FACTORS = (2, 3, 4, 8, 5, 16)
_MOST_DIMS = 6


def _storage(scene: Scene, stage: StageName) -> tuple[StorageDim, ...]:
    """The storage dimensions of a Func that has storage of its own."""
    is_own = not scene.is_output(stage.func) and not scene.is_inlined(stage.func)
    return scene.plan.funcs[stage.func].storage if is_own else ()


def draw_store_in(scene: Scene, stage: StageName) -> Directive | None:
    """The heap or the stack; registers where every index will be a constant."""
    func = scene.plan.funcs[stage.func]
    if scene.is_output(stage.func) or scene.is_inlined(stage.func) or func.stored_by is not None:
        return None
    memories = [Memory.STACK, Memory.HEAP]
    is_streamed = any(nest.streamed_by for name in scene.stages(stage.func) for nest in scene.stage(name).nests)
    if func.placement is Placement.INIT or is_streamed:
        memories = [Memory.HEAP]
    elif _fits_registers(scene, stage):
        memories = [Memory.REGISTER, Memory.REGISTER, *memories]
    return StoreIn(stage, scene.chance.one_of(memories))


def _fits_registers(scene: Scene, stage: StageName) -> bool:
    """Whether the loops of the Func, and those of its consumers inside the site, are unrolled, vectorized or single."""
    sites = scene.sites(stage.func)
    if not sites or scene.plan.funcs[stage.func].placement is Placement.ROOT:
        return False
    consumer = sites[-1][0]
    return _is_straight(scene, scene.stages(stage.func)) and consumer.func != stage.func


def _is_straight(scene: Scene, stages: list[StageName]) -> bool:
    return all(
        loop.is_reduction
        or loop.kind in (LoopKind.UNROLLED, LoopKind.VECTORIZED)
        or scene.extent(stage, loop.name) == 1
        for stage in stages
        for loop in scene.stage(stage).loops
    )


def draw_split_storage(scene: Scene, stage: StageName) -> Directive | None:
    """A storage dimension into panels."""
    dims = _storage(scene, stage)
    free = [dim for dim in dims if dim.align == 1]
    if not free or len(dims) >= _MOST_DIMS:
        return None
    dim = scene.chance.one_of(free)
    factors = [f for f in _FACTORS if dim.modulus is None or dim.modulus % f == 0]
    if not factors:
        return None
    taken = {item.name for item in dims}
    outer, inner = (next(n for n in (f"{dim.name}{end}{k or ''}" for k in range(99)) if n not in taken) for end in "oi")
    return SplitStorage(stage, dim.name, outer, inner, scene.chance.one_of(factors))


def draw_reorder_storage(scene: Scene, stage: StageName) -> Directive | None:
    """Some of the storage dimensions in another order."""
    dims = _storage(scene, stage)
    if len(dims) < 2:
        return None
    return ReorderStorage(stage, tuple(dim.name for dim in scene.chance.some_of(dims, 2, len(dims))))


def draw_align_storage(scene: Scene, stage: StageName) -> Directive | None:
    """Padding for a storage dimension."""
    free = [dim for dim in _storage(scene, stage) if dim.align == 1]
    return AlignStorage(stage, scene.chance.one_of(free).name, scene.chance.one_of(_FACTORS)) if free else None
