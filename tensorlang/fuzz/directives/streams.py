"""Draws stream_stores."""

from __future__ import annotations

from tensorlang.fuzz.directives.scene import Scene
from tensorlang.ir.stmt import LoopKind, Memory
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.streaming import StreamStores

_PIECE_BYTES = 16


def draw_stream_stores(scene: Scene, stage: StageName) -> Directive | None:
    """A stage whose lanes lie along the innermost dimension of memory, and make whole pieces."""
    nest, func = scene.stage(stage), scene.plan.funcs[stage.func]
    lanes = next((loop for loop in nest.loops if loop.kind is LoopKind.VECTORIZED), None)
    if lanes is None or nest.streamed_by is not None or nest.atomic_by is not None or not func.storage:
        return None
    extent, innermost = scene.extent(stage, lanes.name), func.storage[-1]
    is_dense = lanes.roots == {innermost.var} and innermost.divisor == 1 and func.memory in (None, Memory.HEAP)
    if extent is None or not is_dense:
        return None
    sizes = [kind.size_bytes for _, kind in scene.plan.algorithm.func(stage.func).elements]
    return None if any(extent * size % _PIECE_BYTES for size in sizes) else StreamStores(stage)
