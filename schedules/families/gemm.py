"""Matrix multiplication: register tiles over packed weight panels, after Goto and BLIS.

* A register tile holds `tile_rows` x (`tile_vectors` vectors) accumulators. Each step of the reduction broadcasts one
  element per row of ``a`` and multiplies it into the vectors of one row of ``b``: rows x vectors multiply-adds for
  rows + vectors loads, so tiles are as large as the register file allows (Goto and van de Geijn, "Anatomy of
  high-performance matrix multiplication", 2008).
* The output is dealt out in blocks: its rows are cut into `row_blocks` equal runs of tiles (0: every tile is one), its
  columns into runs of `block_panels` panels (0: one run), in the `order` that keeps the ``panels`` of a block in cache
  while all rows pass, or its ``rows`` while all panels pass.
* `b` says where the panels come from, ``(jo, k, ji)``, as wide as a tile, so that a tile reads them from front to back;
  the last one is zero-padded, and only the store of the output is masked. ``packed``: made once, ahead of all calls
  if ``b`` is constant, else at the start of the call. ``block``: each block's own, made when it is begun, while they
  are in cache. ``direct``: read in place, which costs nothing where a row of ``b`` is no wider than a tile.
* `a` = ``block`` copies the rows of a block with a skewed row length before they are used, because rows a power of two
  apart evict each other from the first-level cache; ``direct`` reads them in place.
* `k_block` cuts the reduction, where operands do not fit the caches: the accumulators of a block then live in memory,
  a tile of them visits the registers once for each cut, and copies are made of one cut at a time.
* `k_parts` > 1 sums parts of the reduction apart, each on a thread of its own, and then the parts: for outputs too
  small to give every thread a tile (split-K). The cuts of a part are as those of the whole.
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

PACKED, BLOCK, DIRECT = "packed", "block", "direct"

_ROWS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14)
_VECTORS = (1, 2, 3, 4, 6, 8)
_ROW_BLOCKS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64)
_BLOCK_PANELS = (1, 2, 4, 8, 16, 32)
_K_BLOCKS = (8, 16, 64, 128, 256, 384, 512, 768, 1024)
_K_PARTS = (2, 4, 8, 16, 32, 64)
_UNROLL_K = (1, 2, 4)
_MAX_WASTE = 0.34
# Vectors of b come from front to back, and prefetchers see them coming; the rows of a tile are as many streams of
# their own. Measured on an AMD family 25 model 17 core: 6 rows x 4 vectors run 5 to 8 % faster than 14 x 2 where the
# rows are not in the first-level cache.
_LOADS_OF_B = 1
# Steps of a cut of the reduction: a panel of 4 vectors and a block of rows stay in the second-level cache meanwhile.
_CUT = 512
_MANY_PANELS = 4
# Rows and vectors of b that a product with one row of a reads at a time: streams that prefetchers keep up with.
_STREAMED_ROWS = 8
_STREAMED_VECTORS = 4
# Steps that make a part of a reduction worth the sum of the parts.
_LEAST_PART = 256


@dataclass(frozen=True)
class _Point:
    """The knobs, typed."""

    tile_rows: int
    tile_vectors: int
    row_blocks: int
    block_panels: int
    order: str
    k_parts: int
    k_block: int
    unroll_k: int
    a: str
    b: str

    @classmethod
    def of(cls, knobs: Knobs) -> _Point:
        return cls(**knobs)  # type: ignore[arg-type]  # values come from `space`, which fixes their types

    def rows(self, gemm: Gemm) -> int:
        """Rows of a block."""
        tiles = steps(gemm.m, self.tile_rows)
        return self.tile_rows * (steps(tiles, self.row_blocks) if self.row_blocks else 1)

    @property
    def copies_by_outer(self) -> bool:
        """True if the outer of the two loops over blocks makes a copy that the inner one shares."""
        return not self.k_block and BLOCK in (self.a, self.b)


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
                Knob("row_blocks", tuple(n for n in _ROW_BLOCKS if n <= gemm.m)),
                Knob("block_panels", (0, *up_to(vectors, _BLOCK_PANELS))),
                Knob("order", ("panels", "rows")),
                Knob("k_parts", (1, *divisors(gemm.k, _K_PARTS))),
                Knob("k_block", (0, *divisors(gemm.k, _K_BLOCKS))),
                Knob("unroll_k", (1, *divisors(gemm.k, _UNROLL_K[1:]))),
                Knob("a", (DIRECT, BLOCK)),
                Knob("b", (PACKED, DIRECT) if gemm.constant_b else (PACKED, BLOCK, DIRECT)),
            )
        )

    def is_legal(self, workload: Workload, knobs: Knobs, target: Target) -> bool:
        gemm, point = _as_gemm(workload), _Point.of(knobs)
        tile = _tile(gemm, point, target)
        part = gemm.k // point.k_parts
        reduction, in_memory = point.k_block or part, bool(point.k_block) or point.k_parts > 1
        return (
            tile.fits(target)
            and part % reduction == 0
            and (point.k_parts == 1 or (BLOCK not in (point.a, point.b) and gemm.m % point.tile_rows == 0))
            and point.rows(gemm) <= gemm.m
            and waste(gemm.m, point.rows(gemm)) <= _MAX_WASTE
            and (not point.block_panels or steps(gemm.n, tile.width) % point.block_panels == 0)
            and (bool(point.k_block) or point.a != BLOCK or point.order == "rows")
            and (bool(point.k_block) or point.b != BLOCK or point.order == "panels")
            and (point.b != DIRECT or gemm.n % tile.width == 0 or (in_memory and point.block_panels == 0))
            and (not point.k_block or point.k_parts > 1 or point.rows(gemm) > point.tile_rows or gemm.m == 1)
            and reduction % point.unroll_k == 0
        )

    def default(self, workload: Workload, target: Target, threads: int) -> dict[str, KnobValue]:
        gemm = _as_gemm(workload)
        rows, vectors = _best_tile(gemm, target)
        tile = RegisterTile(rows, vectors, lanes_for(gemm, gemm.n, target))
        knobs: dict[str, KnobValue] = {
            "tile_rows": rows,
            "tile_vectors": vectors,
            "row_blocks": 0,
            "block_panels": 1,
            "order": "panels",
            "k_parts": 1,
            "k_block": _cut(gemm, tile, target),
            "unroll_k": 1,
            "a": DIRECT,
            "b": PACKED,
        }
        parts = _parts(gemm, threads)
        if gemm.m == 1 and not gemm.constant_b and divisors(gemm.k // parts, (_STREAMED_ROWS,)):
            return knobs | _stream(gemm, parts, target)
        if knobs["k_block"]:
            return knobs | _blocks_of_cuts(gemm, tile, target, threads)
        if parts > 1 and steps(gemm.m, rows) * steps(gemm.n, tile.width) < threads and gemm.m % rows == 0:
            return knobs | {"k_parts": parts}
        panels = steps(gemm.n, tile.width)
        if gemm.n == tile.width and gemm.m > 1:
            return knobs | {"order": "rows", "b": DIRECT}
        if not gemm.constant_b and balance(panels, threads) >= GOOD_BALANCE:
            return knobs | {"b": BLOCK}
        is_skewed = collides(rows, gemm.k * element_bytes(gemm))
        is_small = gemm.k * gemm.n * element_bytes(gemm) <= target.l2_bytes // 2
        if (is_small or is_skewed) and balance(steps(gemm.m, rows), threads) >= GOOD_BALANCE:
            return knobs | {"order": "rows", "a": BLOCK if is_skewed else DIRECT}
        return knobs

    def schedule(self, layer: Layer, knobs: Knobs, target: Target, threads: int) -> Schedule:
        gemm, point = _as_gemm(layer.workload), _Point.of(knobs)
        tile = _tile(gemm, point, target)
        s = Schedule(layer.output)
        if point.b != DIRECT:
            packed = s.in_(layer.inputs[1], layer.stages["matmul"], "packed")
            packed.split_storage("j", "jo", "ji", tile.width).reorder_storage("jo", "k", "ji")
        if point.a == BLOCK:
            rows = s.in_(layer.inputs[0], layer.stages["matmul"], "rows")
            rows.align_storage("k", skewed(point.k_block or gemm.k, element_bytes(gemm), tile.lanes))
        outer, site = _schedule_output(s, gemm, point, tile, threads)
        if point.k_parts > 1:
            _schedule_parts(s, gemm, point, tile, threads)
        else:
            _schedule_matmul(s, gemm, point, tile, site)
        _place_copies(s, gemm, point, tile, outer, threads)
        return s


def _schedule_output(s: Schedule, gemm: Gemm, point: _Point, tile: RegisterTile, threads: int) -> tuple[str, str]:
    """Tile and deal out the output; return the loop that makes copies, and the one that computes a block."""
    out = s["out"].split("j", "jo", "ji", tile.width, guard_tail(gemm.n, tile.width))
    rows = point.rows(gemm)
    out.split("i", "ib", "ir", rows, slide_tail(gemm.m, rows)).split("ir", "io", "ii", point.tile_rows)
    out.split("jo", "jb", "jo", point.block_panels or steps(gemm.n, tile.width))
    outer, inner = ("jb", "ib") if point.order == "panels" else ("ib", "jb")
    out.reorder(outer, inner, "jo", "io", "ii", "ji").vectorize("ji", tile.lanes).unroll("ji").unroll("ii")
    if not point.copies_by_outer:
        out.fuse(outer, inner, "task")
        outer = inner = "task"
    if threads > 1:
        out.parallel(outer)
    return outer, inner


def _place_copies(s: Schedule, gemm: Gemm, point: _Point, tile: RegisterTile, outer: str, threads: int) -> None:
    """Make copies of operands: by block, of one cut of the reduction or of all of it, or b at once."""
    site = (("matmul", 1), "ko") if point.k_block else ("out", outer)
    if point.a == BLOCK:
        s["rows"].compute_at(*site).vectorize("k", tile.lanes)
    if point.b == BLOCK:
        s["packed"].compute_at(*site).vectorize("j", tile.lanes)
    elif point.b == PACKED and gemm.constant_b:
        s["packed"].compute_at_init()
    elif point.b == PACKED:
        packed = s["packed"].compute_root().split("j", "jp", "j", tile.width, guard_tail(gemm.n, tile.width))
        packed.reorder("jp", "k", "j").vectorize("j", tile.lanes)
        if threads > 1:
            packed.parallel("jp")


def _schedule_matmul(s: Schedule, gemm: Gemm, point: _Point, tile: RegisterTile, site: str) -> None:
    """Accumulate in registers over the whole reduction, or, cut by cut, in memory per block."""
    update = s["matmul", 1]
    if point.k_block:
        s["matmul"].compute_at("out", site)
        _accumulate_in_memory(s, "matmul", gemm, point, tile)
    else:
        s["matmul"].compute_at("out", "io").store_in("register").unroll("i")
        update.reorder("k", "i", "j").unroll("i")
        accumulate_in_vectors(s, "matmul", "j", gemm.n, tile)
    if point.unroll_k > 1:
        update.unroll("k", point.unroll_k)


def _schedule_parts(s: Schedule, gemm: Gemm, point: _Point, tile: RegisterTile, threads: int) -> None:
    """Sum parts of the reduction apart, and the parts tile by tile of the output."""
    total = s["matmul", 1].split("k", "kp", "k", gemm.k // point.k_parts)
    parts = total.rfactor(("kp", "u"), "parts").compute_root()
    _accumulate_in_memory(s, "parts", gemm, point, tile)
    if point.unroll_k > 1:
        s["parts", 1].unroll("k", point.unroll_k)
    if threads > 1:
        parts.parallel("u")
        s["parts", 1].parallel("u")
    s["matmul"].compute_at("out", "io").store_in("register").unroll("i")
    total.reorder("kp", "i", "j").unroll("i")
    accumulate_in_vectors(s, "matmul", "j", gemm.n, tile)


def _accumulate_in_memory(s: Schedule, func: str, gemm: Gemm, point: _Point, tile: RegisterTile) -> None:
    """Keep the accumulators of `func` panel by panel, and let tiles of them visit the registers for each cut."""
    start, update = s[func], s[func, 1]
    around = ("u",) if point.k_parts > 1 else ()
    start.split_storage("j", "js", "jv", tile.width).reorder_storage(*around, "js", "i", "jv")
    for stage in (start, update):
        stage.split("j", "jo", "j", tile.width, guard_tail(gemm.n, tile.width))
    start.reorder(*around, "jo", "i", "j")
    update.split("i", "io", "i", point.tile_rows)
    if point.k_block:
        update.split("k", "ko", "k", point.k_block).reorder(*around, "ko", "jo", "io", "k", "i", "j")
    else:
        update.reorder(*around, "jo", "io", "k", "i", "j")
    update.unroll("i")
    accumulate_in_vectors(s, func, "j", gemm.n, tile)


def _best_tile(gemm: Gemm, target: Target) -> tuple[int, int]:
    """Rows and vectors of the tile that covers the output in the fewest estimated cycles."""
    lanes = lanes_for(gemm, gemm.n, target)
    tiles = [
        tile
        for rows in up_to(gemm.m, _ROWS)
        for vectors in up_to(steps(gemm.n, lanes), _VECTORS)
        if (tile := RegisterTile(rows, vectors, lanes)).fits(target) and waste(gemm.m, rows) <= _MAX_WASTE
    ]
    best = min(tiles, key=lambda tile: tile.cycles(_LOADS_OF_B) * steps(gemm.m, tile.rows) * steps(gemm.n, tile.width))
    return best.rows, best.vectors


def _parts(gemm: Gemm, threads: int) -> int:
    """The fewest parts of the reduction that keep all threads busy, none of them short; 1 if there are none."""
    even = [n for n in divisors(gemm.k, _K_PARTS) if n % threads == 0 and gemm.k // n >= _LEAST_PART]
    return min(even, default=1) if threads > 1 else 1


def _stream(gemm: Gemm, parts: int, target: Target) -> dict[str, KnobValue]:
    """Read b once and in place, a few rows at a time, each thread its own part of them: no copy pays for itself."""
    vectors = min(_STREAMED_VECTORS, steps(gemm.n, lanes_for(gemm, gemm.n, target)))
    return {"tile_vectors": vectors, "block_panels": 0, "k_parts": parts, "k_block": _STREAMED_ROWS, "b": DIRECT}


def _cut(gemm: Gemm, tile: RegisterTile, target: Target) -> int:
    """Length of the cuts of the reduction; 0 if the rows of a, or one panel of b, may as well be used whole."""
    rows_bytes = gemm.m * gemm.k * element_bytes(gemm)
    if gemm.k <= 2 * _CUT or rows_bytes <= 2 * target.l2_bytes or steps(gemm.n, tile.width) < _MANY_PANELS:
        return 0
    return max((n for n in divisors(gemm.k, _K_BLOCKS) if _CUT // 2 <= n <= _CUT), default=0)


def _blocks_of_cuts(gemm: Gemm, tile: RegisterTile, target: Target, threads: int) -> dict[str, KnobValue]:
    """Blocks of all panels, and of rows of which one cut takes half of the second-level cache."""
    rows = target.l2_bytes // 2 // (_CUT * element_bytes(gemm))
    least = max(steps(gemm.m, rows), threads)
    blocks = [n for n in _ROW_BLOCKS if 1 <= n <= steps(gemm.m, 2 * tile.rows)]
    enough = [n for n in blocks if n >= least and balance(n, threads) >= GOOD_BALANCE]
    return {"row_blocks": min(enough, default=max(blocks)), "block_panels": 0, "order": "rows", "a": BLOCK}


def _tile(gemm: Gemm, point: _Point, target: Target) -> RegisterTile:
    return RegisterTile(point.tile_rows, point.tile_vectors, lanes_for(gemm, gemm.n, target))


def _as_gemm(workload: Workload) -> Gemm:
    if not isinstance(workload, Gemm):
        raise TuningError(f"the gemm family does not schedule {workload}.")
    return workload
