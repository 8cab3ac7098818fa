"""Depthwise 2-D convolution: vectors of channels, tiles of columns, taps unrolled; NHWC.

* Channels are independent, so vectors run over channels, and each input vector is multiplied by as many taps as see
  it: no panel to keep in cache, about as many loads as multiply-adds, and memory bandwidth is near. What counts is to
  load each input once per row of taps, which `unroll_s` allows: with the taps of a row unrolled, the columns of a tile
  share the vectors they load.
* A register tile holds `tile_q` columns by `tile_vectors` vectors. With one vector and all taps unrolled (`unroll_r`),
  3x3 taps stay in 32 registers while the rows of a tile of channels are computed. Weights stay in place: their vectors
  are contiguous, unless the number of channels is no multiple of the tile; then a zero-padded copy is made once.
* The rows of the output are cut into `row_blocks` equal blocks (0: every row is one). `order`: ``channels_inner``
  finishes all channels of a tile of columns before moving on, so that rows are read from front to back;
  ``channels_outer`` finishes the block for one tile of channels, and deals tiles of channels to threads as well.
* `image`: a padded image costs a copy of the input, which is dear where each element takes part in nine
  multiply-adds. ``inline`` makes none: conditions on the borders are taken out of the steady state of the loops, and
  the first and last rows and columns have code of their own. Else it is made at once (``root``), by block of rows
  (``block``), or row by row, and only those kept that are still needed (``rows``).
* Bias and activation are computed on the tile as it leaves the registers.
"""

from __future__ import annotations

from dataclasses import dataclass

from schedules.families.image import BLOCK, DIRECT, INLINE, ROOT, ROWS, schedule_image
from schedules.families.tiles import (
    GOOD_BALANCE,
    RegisterTile,
    accumulate_in_vectors,
    balance,
    collides,
    element_bytes,
    guard_tail,
    lanes_for,
    slide_tail,
    steps,
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
_ROW_BLOCKS = (0, 1, 2, 4, 8, 16, 32)
_MAX_WASTE = 0.34
_MANY_REGISTERS = 32
_MOST_COLUMNS = 8
# Registers for weights and for an input that is not yet shared.
_SPARE = 4
# Threads that are dealt fewer tiles of channels than these write to neighbouring lines all the time.
_TILES_PER_THREAD = 2


@dataclass(frozen=True)
class _Point:
    """The knobs, typed."""

    tile_q: int
    tile_vectors: int
    row_blocks: int
    order: str
    unroll_r: bool
    unroll_s: bool
    image: str

    @classmethod
    def of(cls, knobs: Knobs) -> _Point:
        return cls(**knobs)  # type: ignore[arg-type]  # values come from `space`, which fixes their types

    def rows(self, conv: DepthwiseConv2d) -> int:
        """Output rows of a block."""
        return steps(conv.p, self.row_blocks) if self.row_blocks else 1


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
                Knob("row_blocks", tuple(n for n in _ROW_BLOCKS if n <= conv.p)),
                Knob("order", ("channels_inner", "channels_outer")),
                Knob("unroll_r", (False, True)),
                Knob("unroll_s", (True, False)),
                Knob("image", _images(conv)),
            )
        )

    def is_legal(self, workload: Workload, knobs: Knobs, target: Target) -> bool:
        conv, point = _as_depthwise(workload), _Point.of(knobs)
        tile = RegisterTile(point.tile_q, point.tile_vectors, lanes_for(conv, conv.k, target))
        has_room = point.image not in (DIRECT, INLINE) or conv.k % tile.width == 0
        return tile.fits(target) and _overlap(conv, point.rows(conv), tile) <= _MAX_WASTE and has_room

    def default(self, workload: Workload, target: Target, threads: int) -> dict[str, KnobValue]:
        conv = _as_depthwise(workload)
        narrow = _best_tile(conv, 1, target)
        is_crowded = _evicts_itself(conv, narrow)
        if conv.k % narrow.width == 0 and not is_crowded and _keeps_taps(conv, narrow, target):
            shared = conv.k // narrow.width if conv.k // narrow.width >= _TILES_PER_THREAD * threads else 1
            blocks = _row_blocks(conv, narrow, shared, threads) or 1
            return _knobs(narrow, blocks, "channels_outer", image=_images(conv)[-1], unroll_r=True)
        tile = _best_tile(conv, _vectors(conv, target), target)
        row_blocks = _row_blocks(conv, tile, 1, threads)
        in_place = conv.k % tile.width == 0
        is_worth_a_copy = is_crowded and conv.stride == (1, 1) and threads == 1
        return _knobs(
            tile,
            row_blocks or 1,
            "channels_outer" if is_worth_a_copy or not row_blocks else "channels_inner",
            image=_images(conv)[-1] if in_place and not is_worth_a_copy else ROWS,
            unroll_r=False,
        )

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
        if point.unroll_r:
            update.unroll("r")
        return s


def _schedule_output(s: Schedule, conv: DepthwiseConv2d, point: _Point, tile: RegisterTile, threads: int) -> None:
    out = s["out"].split("k", "ko", "ki", tile.width, guard_tail(conv.k, tile.width))
    out.split("q", "qo", "qi", point.tile_q, slide_tail(conv.q, point.tile_q))
    rows = point.rows(conv)
    out.split("p", "pb", "pi", rows, slide_tail(conv.p, rows))
    inner = ("ko", "pi", "qo") if point.order == "channels_outer" else ("pi", "qo", "ko")
    out.reorder("n", "pb", *inner, "qi", "ki").vectorize("ki", tile.lanes).unroll("ki").unroll("qi")
    out.fuse("n", "pb", "task")
    if point.order == "channels_outer":
        out.fuse("task", "ko", "task")
    if threads > 1:
        out.parallel("task")


def _knobs(tile: RegisterTile, row_blocks: int, order: str, *, image: str, unroll_r: bool) -> dict[str, KnobValue]:
    return {
        "tile_q": tile.rows,
        "tile_vectors": tile.vectors,
        "row_blocks": row_blocks,
        "order": order,
        "unroll_r": unroll_r,
        "unroll_s": True,
        "image": image,
    }


def _keeps_taps(conv: DepthwiseConv2d, tile: RegisterTile, target: Target) -> bool:
    """True if all taps stay in registers beside the accumulators, over the rows of a tile of channels."""
    return tile.vectors * (tile.rows + conv.r * conv.s) + _SPARE <= target.vector_registers


def _vectors(conv: DepthwiseConv2d, target: Target) -> int:
    """Vectors of a tile that loads its taps again: two where registers hold them and they divide the channels."""
    many = target.vector_registers >= _MANY_REGISTERS
    return 2 if many and conv.k % (2 * lanes_for(conv, conv.k, target)) == 0 else 1


def _best_tile(conv: DepthwiseConv2d, vectors: int, target: Target) -> RegisterTile:
    """Columns of which the accumulators take less than half of the registers: taps share the others.

    More columns gain nothing, and tiles that reach from border to border have no steady state without conditions.
    """
    lanes = lanes_for(conv, conv.k, target)
    columns = [n for n in up_to(conv.q, _TILE_Q) if waste(conv.q, n) <= _MAX_WASTE]
    fitting = [n for n in columns if n <= _MOST_COLUMNS and 2 * n * vectors <= target.vector_registers - _SPARE]
    return RegisterTile(max(fitting, key=lambda n: (n / (1 + waste(conv.q, n)), -n)), vectors, lanes)


def _evicts_itself(conv: DepthwiseConv2d, tile: RegisterTile) -> bool:
    """True if the inputs of one tile share so few sets of a cache that some are gone before the next row needs them.

    A copy row by row is denser. It pays where one thread uses each input nine times, and not with strides, nor where
    other threads take their part of the rows.
    """
    columns = (tile.rows - 1) * conv.stride[1] + conv.s
    return collides(conv.r * columns, conv.c * element_bytes(conv))


def _row_blocks(conv: DepthwiseConv2d, tile: RegisterTile, shared: int, threads: int) -> int:
    """The fewest blocks of rows that keep all threads busy, `shared` tiles of channels being dealt out with each.

    0 if none do.
    """
    return next(
        (
            n
            for n in _ROW_BLOCKS[1:]
            if n <= conv.p
            and balance(conv.n * n * shared, threads) >= GOOD_BALANCE
            and waste(conv.p, steps(conv.p, n)) <= 1 - GOOD_BALANCE
            and _overlap(conv, steps(conv.p, n), tile) <= _MAX_WASTE
        ),
        0,
    )


def _overlap(conv: DepthwiseConv2d, rows: int, tile: RegisterTile) -> float:
    """Points computed over points needed, minus one, with blocks of so many rows."""
    return (1 + waste(conv.p, rows)) * (1 + waste(conv.q, tile.rows)) - 1


def _images(conv: DepthwiseConv2d) -> tuple[str, ...]:
    """Choices of the knob ``image``; the last needs no copy."""
    return (ROOT, BLOCK, ROWS, INLINE) if conv.padding != (0, 0) else (BLOCK, ROWS, DIRECT)


def _as_depthwise(workload: Workload) -> DepthwiseConv2d:
    if not isinstance(workload, DepthwiseConv2d):
        raise TuningError(f"the depthwise_conv2d family does not schedule {workload}.")
    return workload
