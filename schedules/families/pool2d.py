"""2-D pooling: vectors of channels, tiles of columns, windows unrolled; NHWC.

* Channels are independent, so vectors run over channels, and there is one operation for each vector that is loaded:
  the limit is loads, or memory. With the columns of a window unrolled (`unroll_s`), the columns of a tile share the
  vectors that several windows see.
* A register tile holds `tile_q` columns by `tile_vectors` vectors. Vectors come first: an image larger than the caches
  is read from front to back only if a tile holds all channels of a column. Measured for 225x225x100, 3x3 with stride 2,
  on an AMD family 25 model 17 core: 0.9 ms for 1 column of all 7 vectors, 5 to 15 ms for 14 columns of 1.
* `order`: ``rows`` deals blocks of `block_p` rows to threads, and finishes all channels of a tile of columns before
  moving on, so that rows are read from front to back; ``channels`` deals out tiles of channels too, which is what one
  window over the whole image (global pooling) needs.
* `chains` accumulates so many columns of a window apart from each other, so that one addition or comparison need not
  wait for the last: where the tile is smaller than what the latency of an operation takes.
* `image`: padding is reckoned with where elements are read (``direct``): clamped coordinates, which cost nothing beside
  whole vectors; or a padded image is made at once (``root``) or by block of output rows (``block``).
"""

from __future__ import annotations

from dataclasses import dataclass

from schedules.families.tiles import (
    GOOD_BALANCE,
    RegisterTile,
    balance,
    element_bytes,
    guard_tail,
    lanes_for,
    skewed,
    slide_tail,
    steps,
    tall_block,
    up_to,
    waste,
)
from schedules.space import Knob, Knobs, KnobValue, Space
from tensorlang.codegen.target import Target
from tensorlang.errors import TuningError
from tensorlang.nn import Layer, Pool2d, Workload
from tensorlang.schedule import Schedule

_TILE_Q = (1, 2, 3, 4, 5, 6, 7, 8, 10, 14)
_MOST_VECTORS = 8
_LONG_RUN = 3  # vectors of 64 bytes: more than a pair of lines, which is what a miss brings in
_BLOCK_P = (1, 2, 4, 7, 8, 14)
_CHAINS = (1, 2, 4, 8)
_MAX_WASTE = 0.34
_MOST_UNROLLED = 8  # columns of a window
_IN_FLIGHT = 8  # operations that keep two units busy, at a latency of four cycles


@dataclass(frozen=True)
class _Point:
    """The knobs, typed."""

    tile_q: int
    tile_vectors: int
    block_p: int
    order: str
    unroll_s: bool
    chains: int
    image: str

    @classmethod
    def of(cls, knobs: Knobs) -> _Point:
        return cls(**knobs)  # type: ignore[arg-type]  # values come from `space`, which fixes their types


class Pool2dFamily:
    """Schedules of `nn.pool2d`; see the module for the reasoning."""

    name = "pool2d"

    def accepts(self, workload: Workload) -> bool:
        return isinstance(workload, Pool2d)

    def space(self, workload: Workload, target: Target, threads: int) -> Space:
        pool = _as_pool(workload)
        return Space(
            (
                Knob("tile_q", up_to(pool.q, _TILE_Q)),
                Knob("tile_vectors", _vector_choices(pool, target)),
                Knob("block_p", up_to(pool.p, _BLOCK_P)),
                Knob("order", ("rows", "channels")),
                Knob("unroll_s", (True, False) if pool.s <= _MOST_UNROLLED else (False,)),
                Knob("chains", tuple(n for n in _CHAINS if n <= pool.s)),
                Knob("image", ("direct", "root", "block") if any(pool.padding) else ("direct",)),
            )
        )

    def is_legal(self, workload: Workload, knobs: Knobs, target: Target) -> bool:
        pool, point = _as_pool(workload), _Point.of(knobs)
        overlap = (1 + waste(pool.p, point.block_p)) * (1 + waste(pool.q, point.tile_q))
        accumulators = point.tile_q * point.tile_vectors
        # Copies of accumulators leave half of the registers for what they take in.
        needed = accumulators + 2 if point.chains == 1 else 2 * point.chains * accumulators
        may_chain = point.chains == 1 or not point.unroll_s
        return needed <= target.vector_registers and may_chain and overlap <= 1 + _MAX_WASTE

    def default(self, workload: Workload, target: Target, threads: int) -> dict[str, KnobValue]:
        pool = _as_pool(workload)
        tile_q, vectors = _best_tile(pool, target)
        is_unrolled = pool.s <= _MOST_UNROLLED
        chains = max(n for n in _CHAINS if n == 1 or (n <= pool.s and n * tile_q * vectors <= _IN_FLIGHT))
        block_p = tall_block(pool.p, _BLOCK_P, pool.n, threads)
        by_rows = balance(pool.n * steps(pool.p, block_p), threads) >= GOOD_BALANCE
        return {
            "tile_q": tile_q,
            "tile_vectors": vectors,
            "block_p": block_p,
            "order": "rows" if by_rows else "channels",
            "unroll_s": is_unrolled,
            "chains": 1 if is_unrolled else chains,
            "image": "direct",
        }

    def schedule(self, layer: Layer, knobs: Knobs, target: Target, threads: int) -> Schedule:
        pool, point = _as_pool(layer.workload), _Point.of(knobs)
        tile = _tile(pool, point, target)
        s = Schedule(layer.output)
        _schedule_output(s, pool, point, tile, threads)
        _schedule_pool(s, pool, point, tile)
        if point.image != "direct":
            _schedule_image(s, pool, point, target, threads)
        return s


def _schedule_output(s: Schedule, pool: Pool2d, point: _Point, tile: RegisterTile, threads: int) -> None:
    out = s["out"].split("k", "ko", "ki", tile.width, guard_tail(pool.c, tile.width))
    out.split("q", "qo", "qi", point.tile_q, slide_tail(pool.q, point.tile_q))
    out.split("p", "pb", "pi", point.block_p, slide_tail(pool.p, point.block_p))
    inner = ("ko", "pi", "qo") if point.order == "channels" else ("pi", "qo", "ko")
    out.reorder("n", "pb", *inner, "qi", "ki").vectorize("ki", tile.lanes).unroll("ki").unroll("qi")
    out.fuse("n", "pb", "task")
    if point.order == "channels":
        out.fuse("task", "ko", "task")
    if threads > 1:
        out.parallel("task")


def _schedule_pool(s: Schedule, pool: Pool2d, point: _Point, tile: RegisterTile) -> None:
    # Whole vectors apart, accumulators of a masked tile are registers too.
    accumulators = s["pool"].align_storage("k", tile.lanes).store_in("register").unroll("q")
    accumulators.compute_at("out", "qo" if point.order == "channels" else "ko")
    update = s["pool", 1]
    if point.chains > 1:
        update.atomic()
    update.reorder("r", "s", "q", "k").unroll("q")
    for stage in (s["pool"], update):
        stage.vectorize("k", tile.lanes, guard_tail(pool.c, tile.lanes)).unroll("k")
    if point.unroll_s:
        update.unroll("s")
    elif point.chains > 1:
        update.unroll("s", point.chains)


def _schedule_image(s: Schedule, pool: Pool2d, point: _Point, target: Target, threads: int) -> None:
    """Make the padded image, its rows of a skewed length."""
    lanes = lanes_for(pool, pool.c, target)
    image = s["padded"].align_storage("c", skewed(pool.c, element_bytes(pool), lanes))
    if point.image == "block":
        image.compute_at("out", "task")
    else:
        image.compute_root()
        if threads > 1:
            image.parallel("h")
    image.vectorize("c", lanes, guard_tail(pool.c, lanes))


def _vector_choices(pool: Pool2d, target: Target) -> tuple[int, ...]:
    """Vectors of a tile: those that divide the whole, so that all tiles have as many."""
    vectors = steps(pool.c, lanes_for(pool, pool.c, target))
    return tuple(n for n in range(1, _MOST_VECTORS + 1) if vectors % n == 0)


def _best_tile(pool: Pool2d, target: Target) -> tuple[int, int]:
    """Columns and vectors of the tile that loads the least for each result, and of those the widest.

    Widths of less than `_LONG_RUN` are left out, if there are others, as they read memory in small pieces.
    """
    choices = _vector_choices(pool, target)
    tiles = [
        (tile_q, vectors)
        for vectors in choices
        if vectors >= min(_LONG_RUN, choices[-1])
        for tile_q in up_to(pool.q, _TILE_Q)
        if tile_q == 1 or _is_shared(pool, tile_q, vectors, target)
    ]
    return min(tiles, key=lambda tile: (_seen(pool, tile[0]) / tile[0], -tile[1]))


def _seen(pool: Pool2d, tile_q: int) -> int:
    """Columns of the image under the windows of so many columns of the output."""
    return (tile_q - 1) * pool.stride[1] + pool.s


def _is_shared(pool: Pool2d, tile_q: int, vectors: int, target: Target) -> bool:
    """True if a tile of so many columns is no larger than what keeps the units busy, wastes little, and fits registers.

    Beside the accumulators there is each vector that windows share.
    """
    return (
        tile_q * vectors <= _IN_FLIGHT
        and waste(pool.q, tile_q) <= _MAX_WASTE
        and (tile_q + _seen(pool, tile_q)) * vectors <= target.vector_registers
    )


def _tile(pool: Pool2d, point: _Point, target: Target) -> RegisterTile:
    return RegisterTile(point.tile_q, point.tile_vectors, lanes_for(pool, pool.c, target))


def _as_pool(workload: Workload) -> Pool2d:
    if not isinstance(workload, Pool2d):
        raise TuningError(f"the pool2d family does not schedule {workload}.")
    return workload
