"""Matrix multiplication: register tiles over packed weight panels, after Goto and BLIS.

* A register tile holds `tile_rows` x (`tile_vectors` vectors) accumulators. Each step of the reduction broadcasts one
  element per row of ``a`` and multiplies it into the vectors of one row of ``b``: rows x vectors multiply-adds for
  rows + vectors loads, so tiles are as large as the register file allows (Goto and van de Geijn, "Anatomy of
  high-performance matrix multiplication", 2008).
* ``b`` is constant and packed once into panels as wide as a tile, ``(jo, k, ji)``, so that a tile reads it from front
  to back; the last panel is zero-padded, and only the store of the output is masked.
* `order` says which operand stays in cache: ``panels`` keeps a panel while all rows pass, ``rows`` keeps a block of
  `block_rows` tiles of rows while all panels pass; both deal (panel, block) pairs to threads. ``blocks`` is ``rows``
  with whole blocks of rows dealt to threads.
* `k_block` cuts the reduction, where a panel does not fit the cache: the accumulators of a whole block of rows then
  live in memory, and a tile of them visits the registers once for each cut.
* `image` = ``block`` copies each block of rows with a skewed row length before it is used (needs ``blocks``), because
  rows a power of two apart evict each other from the first-level cache.
* Bias and activation are computed on the tile as it leaves the registers.
* With few rows each weight is used few times, and the limit is how fast weights are read, not multiplied: packed panels
  are read from front to back, and a tile needs two vectors or more, so that latencies overlap. Measured for
  1x1000x2048, whose 8 MB of weights fit the third-level cache, on an AMD family 25 model 17 core: 85 to 89 us for all
  tiles of 2 to 8 vectors, 138 us for one vector; 86 us are 95 GB/s, three times what memory gives, and 40 % of the
  multiply-add peak.
"""

from __future__ import annotations

from dataclasses import dataclass

from schedules.families.tiles import (
    GOOD_BALANCE,
    RegisterTile,
    accumulate_in_vectors,
    balance,
    collides,
    divisors,
    element_bytes,
    guard_tail,
    lanes_for,
    skewed,
    slide_tail,
    steps,
    up_to,
    waste,
)
from schedules.space import Knob, Knobs, KnobValue, Space
from tensorlang.codegen.target import Target
from tensorlang.errors import TuningError
from tensorlang.nn import Gemm, Layer, Workload
from tensorlang.schedule import Schedule

_ROWS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14)
_VECTORS = (1, 2, 3, 4, 6, 8)
_BLOCK_ROWS = (1, 2, 4, 8, 16)
_K_BLOCKS = (64, 128, 256, 512)
_UNROLL_K = (1, 2, 4)
_MAX_WASTE = 0.34


@dataclass(frozen=True)
class _Point:
    """The knobs, typed."""

    tile_rows: int
    tile_vectors: int
    block_rows: int
    order: str
    k_block: int
    unroll_k: int
    image: str

    @classmethod
    def of(cls, knobs: Knobs) -> _Point:
        return cls(**knobs)  # type: ignore[arg-type]  # values come from `space`, which fixes their types

    @property
    def rows(self) -> int:
        """Rows of a block."""
        return self.tile_rows * self.block_rows


class GemmFamily:
    """Schedules of `nn.gemm`; see the module for the reasoning."""

    name = "gemm"

    def accepts(self, workload: Workload) -> bool:
        return isinstance(workload, Gemm)

    def space(self, workload: Workload, target: Target, threads: int) -> Space:
        gemm = _as_gemm(workload)
        vectors = steps(gemm.n, lanes_for(gemm, gemm.n, target))
        return Space(
            (
                Knob("tile_rows", up_to(gemm.m, _ROWS)),
                Knob("tile_vectors", up_to(vectors, _VECTORS)),
                Knob("block_rows", up_to(gemm.m, _BLOCK_ROWS)),
                Knob("order", ("panels", "rows", "blocks")),
                Knob("k_block", (0, *divisors(gemm.k, _K_BLOCKS))),
                Knob("unroll_k", (1, *divisors(gemm.k, _UNROLL_K[1:]))),
                Knob("image", ("direct", "block")),
            )
        )

    def is_legal(self, workload: Workload, knobs: Knobs, target: Target) -> bool:
        gemm, point = _as_gemm(workload), _Point.of(knobs)
        reduction = point.k_block or gemm.k
        return (
            _tile(gemm, point, target).fits(target)
            and point.rows <= gemm.m
            and waste(gemm.m, point.rows) <= _MAX_WASTE
            and (point.image == "direct" or point.order == "blocks")
            and (not point.k_block or point.block_rows > 1)
            and reduction % point.unroll_k == 0
        )

    def default(self, workload: Workload, target: Target, threads: int) -> dict[str, KnobValue]:
        gemm = _as_gemm(workload)
        rows, vectors = _best_tile(gemm, target)
        tasks = steps(gemm.m, rows)
        weights_bytes = gemm.k * gemm.n * element_bytes(gemm)
        is_skewed = collides(rows, gemm.k * element_bytes(gemm))
        is_small = weights_bytes <= target.l2_bytes // 2
        by_rows = (is_small or is_skewed) and balance(tasks, threads) >= GOOD_BALANCE
        return {
            "tile_rows": rows,
            "tile_vectors": vectors,
            "block_rows": 1,
            "order": "blocks" if by_rows else "panels",
            "k_block": 0,
            "unroll_k": 1,
            "image": "block" if by_rows and is_skewed else "direct",
        }

    def schedule(self, layer: Layer, knobs: Knobs, target: Target, threads: int) -> Schedule:
        gemm, point = _as_gemm(layer.workload), _Point.of(knobs)
        tile = _tile(gemm, point, target)
        s = Schedule(layer.output)
        packed = s.in_(layer.inputs[1], layer.stages["matmul"], "packed")
        packed.split_storage("j", "jo", "ji", tile.width).reorder_storage("jo", "k", "ji")
        site = _schedule_output(s, gemm, point, tile, threads)
        if gemm.constant_b:
            packed.compute_at_init()
        else:
            packed.compute_root().vectorize("j", tile.lanes, guard_tail(gemm.n, tile.lanes))
            if threads > 1:
                packed.parallel("k")
        if point.image == "block":
            rows = s.in_(layer.inputs[0], layer.stages["matmul"], "rows")
            rows.align_storage("k", skewed(gemm.k, element_bytes(gemm), tile.lanes))
            rows.compute_at("out", "ib").vectorize("k", tile.lanes)
        _schedule_matmul(s, gemm, point, tile, site)
        return s


def _schedule_output(s: Schedule, gemm: Gemm, point: _Point, tile: RegisterTile, threads: int) -> str:
    """Tile and deal out the output; return the loop that computes one (panel, block of rows)."""
    out = s["out"].split("j", "jo", "ji", tile.width, guard_tail(gemm.n, tile.width))
    out.split("i", "ib", "ir", point.rows, slide_tail(gemm.m, point.rows)).split("ir", "io", "ii", point.tile_rows)
    outer = ("jo", "ib") if point.order == "panels" else ("ib", "jo")
    out.reorder(*outer, "io", "ii", "ji").vectorize("ji", tile.lanes).unroll("ji").unroll("ii")
    if point.order == "blocks":
        if threads > 1:
            out.parallel("ib")
        return "jo"
    out.fuse(*outer, "task")
    if threads > 1:
        out.parallel("task")
    return "task"


def _schedule_matmul(s: Schedule, gemm: Gemm, point: _Point, tile: RegisterTile, site: str) -> None:
    """Accumulate in registers over the whole reduction, or, cut by cut, in memory per block of rows."""
    update = s["matmul", 1]
    if point.k_block:
        s["matmul"].compute_at("out", site)
        update.split("k", "ko", "k", point.k_block).split("i", "io", "i", point.tile_rows)
        update.reorder("ko", "io", "k", "i", "j")
    else:
        s["matmul"].compute_at("out", "io").store_in("register").unroll("i")
        update.reorder("k", "i", "j")
    update.unroll("i")
    accumulate_in_vectors(s, "matmul", "j", gemm.n, tile)
    if point.unroll_k > 1:
        update.unroll("k", point.unroll_k)


def _best_tile(gemm: Gemm, target: Target) -> tuple[int, int]:
    """Rows and vectors of the tile that covers the output in the fewest estimated cycles."""
    lanes = lanes_for(gemm, gemm.n, target)
    tiles = [
        tile
        for rows in up_to(gemm.m, _ROWS)
        for vectors in up_to(steps(gemm.n, lanes), _VECTORS)
        if (tile := RegisterTile(rows, vectors, lanes)).fits(target) and waste(gemm.m, rows) <= _MAX_WASTE
    ]
    best = min(tiles, key=lambda tile: tile.cycles * steps(gemm.m, tile.rows) * steps(gemm.n, tile.width))
    return best.rows, best.vectors


def _tile(gemm: Gemm, point: _Point, target: Target) -> RegisterTile:
    return RegisterTile(point.tile_rows, point.tile_vectors, lanes_for(gemm, gemm.n, target))


def _as_gemm(workload: Workload) -> Gemm:
    if not isinstance(workload, Gemm):
        raise TuningError(f"the gemm family does not schedule {workload}.")
    return workload
