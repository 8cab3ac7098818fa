"""Reasoning that the layer families share: register tiles, tails, panels, balance over threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, gcd

from tensorlang.codegen.target import Target
from tensorlang.dtypes import parse_dtype
from tensorlang.nn import Workload
from tensorlang.schedule import Schedule, TailStrategy

# A model core: two multiply-adds and two loads start per cycle, and a result is ready four cycles later. Cores differ
# (some start one 512-bit multiply-add per cycle); the model only ranks tiles, and the tuner measures.
_FMA_PER_CYCLE = 2
_LOADS_PER_CYCLE = 2
_FMA_LATENCY_CYCLES = 4
# What a vector of weights costs, in broadcasts, where a panel is larger than the first-level cache.
FAR_WEIGHT_LOADS = 4
# Among tiles that the ports cannot tell apart, prefer the one that loads less.
_LOAD_TIE_BREAK = 0.02
# First-level data caches of x86 cores have 8 or 12 ways of 4 KiB, the size of a page.
_WAYS = 8
_WAY_BYTES = 4096
# Share of the threads' time that must find work for a way of dealing out tasks to be the default.
GOOD_BALANCE = 0.85


@dataclass(frozen=True)
class RegisterTile:
    """Accumulators held in registers: `rows` outputs by `vectors` vectors of `lanes` channels [lanes]."""

    rows: int
    vectors: int
    lanes: int

    @property
    def width(self) -> int:
        """Channels of the tile."""
        return self.vectors * self.lanes

    def fits(self, target: Target) -> bool:
        """True if accumulators, one vector of weights per column and one broadcast input fit the register file."""
        return (self.rows + 1) * self.vectors + 1 <= target.vector_registers

    def cycles(self, weight_loads: int = FAR_WEIGHT_LOADS) -> float:
        """Estimated cycles of one step of the reduction: the busiest of multipliers, load ports and latency.

        Among equals, a tile that loads less is better, where a vector of weights counts as `weight_loads` broadcasts.
        """
        fmas, loads = self.rows * self.vectors, self.rows + self.vectors
        busiest = max(fmas / _FMA_PER_CYCLE, loads / _LOADS_PER_CYCLE, _FMA_LATENCY_CYCLES)
        return busiest + _LOAD_TIE_BREAK * (self.rows + weight_loads * self.vectors)


def lanes_for(workload: Workload, channels: int, target: Target) -> int:
    """Vector width for `channels` channels: the target's, or the least power of two that holds them all [lanes]."""
    lanes = target.lanes(parse_dtype(workload.dtype))
    while lanes // 2 >= channels:
        lanes //= 2
    return lanes


def accumulate_in_vectors(s: Schedule, func: str, channel: str, extent: int, tile: RegisterTile) -> None:
    """Vectorize and unroll the channels of both stages of an accumulator, padded to the whole tile.

    Where the last tile of the output is masked, fewer channels are required of `func` than a tile has; rounding up
    computes them all the same, from the padding of the packed weights, so that every tile is full.
    """
    for stage in (s[func], s[func, 1]):
        if extent % tile.width:
            stage.split(channel, f"{channel}t", channel, tile.width, TailStrategy.ROUND_UP)
        stage.vectorize(channel, tile.lanes).unroll(channel)


def element_bytes(workload: Workload) -> int:
    """Size of an element [B]."""
    return parse_dtype(workload.dtype).size_bytes


def steps(extent: int, factor: int) -> int:
    """Iterations of the outer loop of a split."""
    return ceil(extent / factor)


def waste(extent: int, factor: int) -> float:
    """Points computed over points needed, minus one, when tiles of `factor` cover `extent`."""
    return steps(extent, factor) * factor / extent - 1


def slide_tail(extent: int, factor: int) -> TailStrategy:
    """Tail of a split of an output dimension outside the vectors: the last tile slides back and recomputes."""
    return TailStrategy.SHIFT_INWARDS if extent % factor else TailStrategy.AUTO


def guard_tail(extent: int, factor: int) -> TailStrategy:
    """Tail of a split whose tiles must stay aligned with packed panels: the last one is masked."""
    return TailStrategy.GUARD_WITH_IF if extent % factor else TailStrategy.AUTO


def up_to(limit: int, choices: Sequence[int]) -> tuple[int, ...]:
    """The choices that do not exceed `limit`, and `limit` itself if it is less than the greatest."""
    return tuple(sorted({choice for choice in choices if choice <= limit} | {min(limit, max(choices))}))


def divisors(extent: int, choices: Sequence[int]) -> tuple[int, ...]:
    """The choices, less than `extent`, that divide it."""
    return tuple(choice for choice in choices if choice < extent and extent % choice == 0)


def balance(tasks: int, threads: int) -> float:
    """Mean over greatest load when equal tasks are dealt to threads: 1 is perfect."""
    return tasks / (steps(tasks, threads) * threads)


def tall_block(extent: int, choices: Sequence[int], copies: int, threads: int) -> int:
    """The most tiles, up to 4, per block of `extent` tiles that waste none and share the work out best; 1 at least.

    The taller a block, the fewer rows of a padded image are made for two blocks, but a thread that has a block more
    than the others keeps them waiting for longer. There are `copies` such extents.
    """
    whole = [n for n in choices if n <= 4 and extent % n == 0]
    return max(whole, key=lambda n: (balance(copies * extent // n, threads), n), default=1)


def collides(rows: int, step_bytes: int) -> bool:
    """True if a column of `rows` elements, `step_bytes` apart, overflows the cache sets that it maps to.

    Reckoned for 64 sets of 8 lines of 64 bytes, 4 KiB a way: rows 4 KiB apart share one set. Measured once, on an
    AMD family 25 model 17 core, on a 1x1 convolution of 14x14x1024 to 256: 14 positions 4 KiB apart ran at 0.79 of the
    speed that they reached when copied with a skewed row length (90 and 114 GFLOP/s).
    """
    return rows * gcd(step_bytes, _WAY_BYTES) > _WAYS * _WAY_BYTES


def skewed(extent: int, size_bytes: int, lanes: int) -> int:
    """Least row length, in elements, that spreads rows over the sets of a cache.

    Rows a multiple of 1 KiB apart fall into few sets of a 64-set first-level cache of 64-byte lines (4 KiB a way), and
    a tile that reads a column of them evicts its own lines; one more vector moves each row on by a line.
    """
    return extent + lanes if extent * size_bytes % 1024 == 0 else extent
