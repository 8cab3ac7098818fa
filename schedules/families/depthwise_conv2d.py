"""Depthwise 2-D convolution: vectors of channels, tiles of columns, taps unrolled; NHWC.

* Channels are independent, so vectors run over channels, and each input vector is multiplied by as many taps as see
  it: no panel to keep in cache, about as many loads as multiply-adds, and memory bandwidth is near. What counts is to
  load each input once per row of taps, which `unroll_s` allows: with the taps of a row unrolled, the columns of a tile
  share the vectors they load.
* A register tile holds `tile_q` columns by `tile_vectors` vectors. Weights stay in place: their vectors are contiguous
  already, unless the number of channels is no multiple of the tile, when a zero-padded copy is made once.
* `order`: ``channels_inner`` finishes all channels of a tile of columns before moving on, so that rows are read from
  front to back; ``channels_outer`` finishes the block of rows for one tile of channels, so that its weights stay near.
* `image`: a padded image is made at once (``root``) or by block of `block_p` output rows (``block``).
* Bias and activation are computed on the tile as it leaves the registers.
"""

from __future__ import annotations

from dataclasses import dataclass

from schedules.families.image import BLOCK, DIRECT, image_choices, schedule_image
from schedules.families.tiles import (
    RegisterTile,
    accumulate_in_vectors,
    guard_tail,
    lanes_for,
    slide_tail,
    steps,
    tall_block,
    up_to,
    waste,
)
from schedules.space import Knob, Knobs, KnobValue, Space
from tensorlang.codegen.target import Target
from tensorlang.errors import TuningError
from tensorlang.nn import DepthwiseConv2d, Layer, Workload
from tensorlang.schedule import Schedule

_TILE_Q = (1, 2, 3, 4, 5, 6, 7, 8, 10, 14)
_VECTORS = (1, 2, 4)
_BLOCK_P = (1, 2, 4, 7, 8, 14)
_MAX_WASTE = 0.34


@dataclass(frozen=True)
class _Point:
    """The knobs, typed."""

    tile_q: int
    tile_vectors: int
    block_p: int
    order: str
    unroll_s: bool
    image: str

    @classmethod
    def of(cls, knobs: Knobs) -> _Point:
        return cls(**knobs)  # type: ignore[arg-type]  # values come from `space`, which fixes their types


class DepthwiseConv2dFamily:
    """Schedules of `nn.depthwise_conv2d`; see the module for the reasoning."""

    name = "depthwise_conv2d"

    def accepts(self, workload: Workload) -> bool:
        return isinstance(workload, DepthwiseConv2d)

    def space(self, workload: Workload, target: Target, threads: int) -> Space:
        conv = _as_depthwise(workload)
        vectors = steps(conv.k, lanes_for(conv, conv.k, target))
        return Space(
            (
                Knob("tile_q", up_to(conv.q, _TILE_Q)),
                Knob("tile_vectors", up_to(vectors, _VECTORS)),
                Knob("block_p", up_to(conv.p, _BLOCK_P)),
                Knob("order", ("channels_inner", "channels_outer")),
                Knob("unroll_s", (True, False)),
                Knob("image", image_choices(conv)),
            )
        )

    def is_legal(self, workload: Workload, knobs: Knobs, target: Target) -> bool:
        conv, point = _as_depthwise(workload), _Point.of(knobs)
        tile = RegisterTile(point.tile_q, point.tile_vectors, lanes_for(conv, conv.k, target))
        overlap = (1 + waste(conv.p, point.block_p)) * (1 + waste(conv.q, point.tile_q))
        has_room = point.image != DIRECT or conv.k % tile.width == 0
        return tile.fits(target) and overlap <= 1 + _MAX_WASTE and has_room

    def default(self, workload: Workload, target: Target, threads: int) -> dict[str, KnobValue]:
        conv = _as_depthwise(workload)
        lanes = lanes_for(conv, conv.k, target)
        columns = [n for n in up_to(conv.q, _TILE_Q) if waste(conv.q, n) <= _MAX_WASTE]
        # Input vectors, shared among taps, take registers beside the accumulators: use about half of the file.
        fitting = [n for n in columns if 2 * n <= target.vector_registers]
        tile_q = max(fitting, key=lambda n: (n / (1 + waste(conv.q, n)), -n))
        vectors = 1 if tile_q > 4 or steps(conv.k, lanes) == 1 else 2
        return {
            "tile_q": tile_q,
            "tile_vectors": vectors,
            "block_p": tall_block(conv.p, _BLOCK_P, conv.n, threads),
            "order": "channels_inner",
            "unroll_s": True,
            "image": DIRECT if conv.padding == (0, 0) and conv.k % (vectors * lanes) == 0 else BLOCK,
        }

    def schedule(self, layer: Layer, knobs: Knobs, target: Target, threads: int) -> Schedule:
        conv, point = _as_depthwise(layer.workload), _Point.of(knobs)
        tile = RegisterTile(point.tile_q, point.tile_vectors, lanes_for(conv, conv.k, target))
        s = Schedule(layer.output)
        if conv.k % tile.width:
            packed = s.in_(layer.inputs[1], layer.stages["conv"], "packed")
            packed.align_storage("k", tile.width).compute_at_init()
        _schedule_output(s, conv, point, tile, threads)
        schedule_image(s, layer, conv, point.image, target, threads)
        site = "qo" if point.order == "channels_outer" else "ko"
        s["conv"].compute_at("out", site).store_in("register").unroll("q")
        update = s["conv", 1].reorder("r", "s", "q", "k").unroll("q")
        accumulate_in_vectors(s, "conv", "k", conv.k, tile)
        if point.unroll_s:
            update.unroll("s")
        return s


def _schedule_output(s: Schedule, conv: DepthwiseConv2d, point: _Point, tile: RegisterTile, threads: int) -> None:
    out = s["out"].split("k", "ko", "ki", tile.width, guard_tail(conv.k, tile.width))
    out.split("q", "qo", "qi", point.tile_q, slide_tail(conv.q, point.tile_q))
    out.split("p", "pb", "pi", point.block_p, slide_tail(conv.p, point.block_p))
    inner = ("ko", "pi", "qo") if point.order == "channels_outer" else ("pi", "qo", "ko")
    out.reorder("n", "pb", *inner, "qi", "ki").vectorize("ki", tile.lanes).unroll("ki").unroll("qi")
    out.fuse("n", "pb", "task")
    if threads > 1:
        out.parallel("task")


def _as_depthwise(workload: Workload) -> DepthwiseConv2d:
    if not isinstance(workload, DepthwiseConv2d):
        raise TuningError(f"the depthwise_conv2d family does not schedule {workload}.")
    return workload
