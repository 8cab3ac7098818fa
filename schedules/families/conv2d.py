"""Dense and grouped 2-D convolution: direct, register tiles over packed weight panels, NHWC.

* A register tile holds `tile_p` x `tile_q` output positions by `tile_vectors` vectors of output channels. Each step of
  the reduction broadcasts one input element per position and multiplies it into the vectors of one row of weights, as
  in a matrix multiplication whose rows are gathered from the image (Georganas et al., "Anatomy of high-performance
  deep learning convolutions on SIMD architectures", 2018).
* Weights are packed once into panels as wide as a tile, ``(ko, r, s, c, ki)``, so that a tile reads them from front to
  back; the last panel is zero-padded, and only the store of the output is masked.
* `order` says which operand stays in cache: ``panels`` keeps a panel while all rows of the image pass, ``rows`` keeps
  `block_p` tiles of rows while all panels pass; both deal (panel, rows) pairs to threads. ``blocks`` is ``rows`` with
  whole blocks of rows dealt to threads.
* `image`: a padded image is made at once (``root``) or by block of output rows (``block``, needs ``blocks``), which
  computes the rows that blocks share twice, but leaves them in the first-level cache. Or none is made (``inline``):
  borders then have code of their own, taken out of the steady state. Without padding the input is read in place
  (``direct``) or copied by block (``block``). Copies have a skewed row length, because positions a power
  of two apart evict each other.
* `c_block` cuts the reduction over input channels, where a panel does not fit the cache: the accumulators of a block
  of rows then live in memory, and a tile of them visits the registers once for each cut and tap row.
* Bias and activation are computed on the tile as it leaves the registers, and an output that the caches cannot keep
  is stored past them.
* With groups, vectors are no wider than what divides a group's output channels, so that each broadcasts the input of
  one group; the channels of a tile that the last group does not fill need a copy of the image with room for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd

from schedules.families.image import BLOCK, DIRECT, INLINE, ROOT, image_choices, schedule_image
from schedules.families.tiles import (
    FAR_WEIGHT_LOADS,
    GOOD_BALANCE,
    RegisterTile,
    accumulate_in_vectors,
    balance,
    collides,
    divisors,
    element_bytes,
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
from tensorlang.dtypes import parse_dtype
from tensorlang.errors import TuningError
from tensorlang.nn import Conv2d, Layer, Workload
from tensorlang.schedule import Schedule

_TILE_P = (1, 2, 4)
_TILE_Q = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 28)
_VECTORS = (1, 2, 3, 4, 6, 8)
_BLOCK_P = (1, 2, 4, 7, 8, 14)
_C_BLOCKS = (16, 32, 64, 128, 256)
_UNROLL_C = (1, 2, 3, 4)
_MAX_WASTE = 0.34
# Share of the second-level cache that weights may take to be kept there while rows pass. Measured on 2 threads of an
# AMD family 25 model 17 core: 3x3 layers of 128 channels (0.56) run 2 to 5 % faster so.
_WEIGHTS_IN_L2 = 0.6
# Of the last cache, which other cores share. Stores past it gain 9 to 16 % where 26 MB are written on that core.
_SHARE_OF_L3 = 0.5
# Code for borders takes time to compile: 0.5 s more for 7x7 taps, which hide the copy.
_FEW_TAPS = 9
# Cycles per vector of output that is written apart from its neighbours, by another panel's pass: what 27 steps of
# reduction cannot hide (on that core, a tile of all 64 channels is 5 to 10 % faster at 224x224x3, and steadier).
_REVISIT_CYCLES = 1.0


@dataclass(frozen=True)
class _Point:
    """The knobs, typed."""

    tile_p: int
    tile_q: int
    tile_vectors: int
    block_p: int
    order: str
    c_block: int
    unroll_c: int
    image: str

    @classmethod
    def of(cls, knobs: Knobs) -> _Point:
        return cls(**knobs)  # type: ignore[arg-type]  # values come from `space`, which fixes their types

    @property
    def rows(self) -> int:
        """Output rows of a block."""
        return self.tile_p * self.block_p


class Conv2dFamily:
    """Schedules of `nn.conv2d`; see the module for the reasoning."""

    name = "conv2d"

    def accepts(self, workload: Workload) -> bool:
        return isinstance(workload, Conv2d)

    def space(self, workload: Workload, target: Target, threads: int) -> Space:
        conv = _as_conv(workload)
        channels = conv.c // conv.groups
        return Space(
            (
                Knob("tile_p", up_to(conv.p, _TILE_P)),
                Knob("tile_q", up_to(conv.q, _TILE_Q)),
                Knob("tile_vectors", up_to(steps(conv.k, _lanes(conv, target)), _VECTORS)),
                Knob("block_p", up_to(conv.p, _BLOCK_P)),
                Knob("order", ("panels", "rows", "blocks")),
                Knob("c_block", (0, *divisors(channels, _C_BLOCKS))),
                Knob("unroll_c", (1, *(n for n in _UNROLL_C[1:] if channels % n == 0))),
                Knob("image", image_choices(conv)),
            )
        )

    def is_legal(self, workload: Workload, knobs: Knobs, target: Target) -> bool:
        conv, point = _as_conv(workload), _Point.of(knobs)
        tile = _tile(conv, point, target)
        reduction = point.c_block or conv.c // conv.groups
        return (
            tile.fits(target)
            and point.rows <= conv.p
            and (1 + waste(conv.p, point.rows)) * (1 + waste(conv.q, point.tile_q)) <= 1 + _MAX_WASTE
            and (point.image != BLOCK or point.order == "blocks")
            and (point.image not in (DIRECT, INLINE) or conv.groups == 1 or conv.k % tile.width == 0)
            and (not point.c_block or conv.q % point.tile_q == 0)
            and reduction % point.unroll_c == 0
        )

    def default(self, workload: Workload, target: Target, threads: int) -> dict[str, KnobValue]:
        conv = _as_conv(workload)
        tile_p, tile_q, vectors = _best_tile(conv, target)
        weights_bytes = conv.r * conv.s * (conv.c // conv.groups) * conv.k * element_bytes(conv)
        tasks = conv.n * steps(conv.p, tile_p)
        is_skewed = collides(tile_p * tile_q, conv.stride[1] * conv.c * element_bytes(conv))
        is_small = weights_bytes <= _WEIGHTS_IN_L2 * target.l2_bytes
        by_rows = (is_small or is_skewed) and balance(tasks, threads) >= GOOD_BALANCE
        is_whole = by_rows and conv.p % tile_p == 0
        block_p = tall_block(conv.p // tile_p, _BLOCK_P, conv.n, threads) if is_whole else 1
        return {
            "tile_p": tile_p,
            "tile_q": tile_q,
            "tile_vectors": vectors,
            "block_p": block_p,
            "order": "blocks" if by_rows else "panels",
            "c_block": 0,
            "unroll_c": 1,
            "image": _default_image(conv, target, by_rows, is_skewed),
        }

    def schedule(self, layer: Layer, knobs: Knobs, target: Target, threads: int) -> Schedule:
        conv, point = _as_conv(layer.workload), _Point.of(knobs)
        tile = _tile(conv, point, target)
        s = Schedule(layer.output)
        packed = s.in_(layer.inputs[1], layer.stages["conv"], "packed")
        packed.split_storage("k", "ko", "ki", tile.width).reorder_storage("ko", "r", "s", "c", "ki").compute_at_init()
        site = _schedule_output(s, conv, point, tile, target, threads)
        schedule_image(s, layer, conv, point.image, target, threads)
        _schedule_conv(s, conv, point, tile, site)
        return s


def _schedule_output(s: Schedule, conv: Conv2d, point: _Point, tile: RegisterTile, target: Target, threads: int) -> str:
    """Tile and deal out the output; return the loop that computes one (panel, block of rows)."""
    out = s["out"].split("k", "ko", "ki", tile.width, guard_tail(conv.k, tile.width))
    out.split("q", "qo", "qi", point.tile_q, slide_tail(conv.q, point.tile_q))
    out.split("p", "pb", "pr", point.rows, slide_tail(conv.p, point.rows)).split("pr", "po", "pi", point.tile_p)
    outer = ("ko", "n", "pb") if point.order == "panels" else ("n", "pb", "ko")
    out.reorder(*outer, "po", "qo", "pi", "qi", "ki")
    out.vectorize("ki", tile.lanes).unroll("ki").unroll("qi").unroll("pi")
    if _overflows_caches(conv, target) and conv.k % tile.lanes == 0:
        out.stream_stores()
    if point.order == "blocks":
        out.fuse("n", "pb", "task")
        site = "ko"
    else:
        out.fuse(outer[1], outer[2], "inner").fuse(outer[0], "inner", "task")
        site = "task"
    if threads > 1:
        out.parallel("task")
    return site


def _schedule_conv(s: Schedule, workload: Conv2d, point: _Point, tile: RegisterTile, site: str) -> None:
    """Accumulate in registers over the whole reduction, or, cut by cut, in memory per block of rows."""
    update = s["conv", 1]
    if point.c_block:
        s["conv"].compute_at("out", site)
        update.split("c", "co", "c", point.c_block)
        update.split("q", "qo", "q", point.tile_q).split("p", "po", "p", point.tile_p)
        update.reorder("co", "po", "qo", "r", "s", "c", "p", "q", "k")
    else:
        s["conv"].compute_at("out", "qo").store_in("register").unroll("p").unroll("q")
        update.reorder("r", "s", "c", "p", "q", "k")
    update.unroll("q").unroll("p")
    accumulate_in_vectors(s, "conv", "k", workload.k, tile)
    if point.unroll_c > 1:
        update.unroll("c", point.unroll_c)


def _overflows_caches(conv: Conv2d, target: Target) -> bool:
    """True if image and output do not stay in the last cache, so that to fetch the output's lines first is a waste."""
    elements = conv.n * (conv.h * conv.w * conv.c + conv.p * conv.q * conv.k)
    return elements * element_bytes(conv) > _SHARE_OF_L3 * target.l3_bytes


def _default_image(conv: Conv2d, target: Target, by_rows: bool, is_skewed: bool) -> str:
    in_place, by_block, *without_copy = image_choices(conv)
    # With fewer channels than a vector, rows are copied an element or a few at a time: once is dear enough, and with
    # few taps no copy at all is better (5 to 10 % on 3x3 layers of 3 channels, on an AMD family 25 model 17 core).
    if conv.c < target.lanes(parse_dtype(conv.dtype)) and in_place == ROOT:
        return without_copy[0] if conv.groups == 1 and conv.r * conv.s <= _FEW_TAPS else in_place
    return by_block if by_rows and (in_place == ROOT or is_skewed) else in_place


def _best_tile(conv: Conv2d, target: Target) -> tuple[int, int, int]:
    """Rows, columns and vectors of the tile that covers the output in the fewest estimated cycles."""
    return min(_tiles(conv, target), key=lambda shape: _total_cycles(conv, target, *shape))


def _tiles(conv: Conv2d, target: Target) -> Iterator[tuple[int, int, int]]:
    lanes = _lanes(conv, target)
    for tile_p in up_to(conv.p, _TILE_P):
        for tile_q in up_to(conv.q, _TILE_Q):
            extra = (1 + waste(conv.p, tile_p)) * (1 + waste(conv.q, tile_q))
            for vectors in up_to(steps(conv.k, lanes), _VECTORS):
                if extra <= 1 + _MAX_WASTE and RegisterTile(tile_p * tile_q, vectors, lanes).fits(target):
                    yield tile_p, tile_q, vectors


def _total_cycles(conv: Conv2d, target: Target, tile_p: int, tile_q: int, vectors: int) -> float:
    tile = RegisterTile(tile_p * tile_q, vectors, _lanes(conv, target))
    reduction = conv.r * conv.s * (conv.c // conv.groups)
    revisits = _REVISIT_CYCLES * tile.rows * tile.vectors if tile.width < conv.k else 0.0
    is_near = reduction * tile.width * element_bytes(conv) <= target.l1d_bytes / 2
    cycles = reduction * tile.cycles(weight_loads=1 if is_near else FAR_WEIGHT_LOADS) + revisits
    return cycles * steps(conv.p, tile_p) * steps(conv.q, tile_q) * steps(conv.k, tile.width)


def _lanes(conv: Conv2d, target: Target) -> int:
    """Vector width; with groups, one that divides a group's channels, so that a vector reads the input of one group."""
    lanes = lanes_for(conv, conv.k // conv.groups, target)
    return lanes if conv.groups == 1 else gcd(lanes, conv.k // conv.groups)


def _tile(conv: Conv2d, point: _Point, target: Target) -> RegisterTile:
    return RegisterTile(point.tile_p * point.tile_q, point.tile_vectors, _lanes(conv, target))


def _as_conv(workload: Workload) -> Conv2d:
    if not isinstance(workload, Conv2d):
        raise TuningError(f"the conv2d family does not schedule {workload}.")
    return workload
