"""Which points of a family's space are slow for reasons that need no measuring: registers, caches, tasks.

The facts of a point are held against those of the heuristic default, which passes by definition, and only a difference
of `HOPELESS` counts. What this rejects is no less legal: a search tries it last. `autotune study exhaust` measures a
whole space, and says whether the fastest point was rejected; `tests/autotune/exhaustive` holds what it found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from schedules.families.tiles import RegisterTile, balance, element_bytes, lanes_for, steps
from schedules.space import Knobs
from tensorlang.codegen.target import Target
from tensorlang.nn import Conv2d, DepthwiseConv2d, Gemm, Pool2d, Workload

HOPELESS = 2.5
"""Times by which an estimate has to be worse than that of the default."""

# Bytes that a core takes in each cycle from its second-level cache, from the last one, and from memory: what published
# measurements of server cores of the last ten years have in common, rounded up, as only large ratios count.
_L2_BYTES_PER_CYCLE = 32.0
_L3_BYTES_PER_CYCLE = 16.0
_MEMORY_BYTES_PER_CYCLE = 8.0
# Work that is over sooner may take longer when it is shared: starting the other threads takes some microseconds.
# Measured on 2 threads: a depthwise layer of 14x14x64, 3500 cycles by this count, took 3 us in one task, 11 in two.
_LEAST_CYCLES_SHARED = 100_000
_MACS_PER_LANE = 2  # each cycle
_LEAST_BALANCE = 0.5


@dataclass(frozen=True)
class Facts:
    """What is known of a point without measuring.

    Attributes
    ----------
    registers : int
        Vector registers that the innermost tile takes.
    compute_cycles : float
        Cycles of one step of the reduction, over all tiles of the output, if nothing has to wait for memory.
    panel_bytes : int
        What one step of the reduction reads anew, over all tiles [B].
    resident_bytes : int
        The panel of weights, which is read again and again [B].
    tasks : int
        Equal pieces of work that threads can take.
    """

    registers: int = 0
    compute_cycles: float = 0.0
    panel_bytes: float = 0.0
    resident_bytes: int = 0
    tasks: int = 1

    def load_cycles(self, target: Target, threads: int) -> float:
        """Cycles to read the panel from the nearest cache that it fits."""
        if self.resident_bytes <= target.l2_bytes:
            return self.panel_bytes / _L2_BYTES_PER_CYCLE
        if self.resident_bytes <= target.l3_bytes // threads:
            return self.panel_bytes / _L3_BYTES_PER_CYCLE
        return self.panel_bytes / _MEMORY_BYTES_PER_CYCLE


def find_facts(workload: Workload, family: str, knobs: Knobs, target: Target) -> Facts | None:
    """The facts of a point of a family's space; None for a family of which nothing is known."""
    find = _FACTS.get(family)
    return find(workload, knobs, target) if find else None


def find_objection(workload: Workload, family: str, knobs: Knobs, default: Knobs, target: Target, threads: int) -> str:
    """Return why a point is hopeless; "" if it may be as fast as any.

    Parameters
    ----------
    workload : Workload
    family : str
        Name of the family that made the space.
    knobs, default : mapping
        The point, and the heuristic default.
    target : Target
    threads : int
        Threads that the kernel runs with.
    """
    facts = find_facts(workload, family, knobs, target)
    usual = find_facts(workload, family, default, target)
    if facts is None or usual is None or knobs == default:
        return ""
    usual_cycles = max(usual.compute_cycles, usual.load_cycles(target, threads))
    if facts.registers > max(target.vector_registers, usual.registers):
        return "the register tile does not fit"
    if facts.compute_cycles > HOPELESS * usual_cycles:
        return "the register tile is too small, or wasted"
    if facts.load_cycles(target, threads) > HOPELESS * usual_cycles:
        return "the working set is more than the caches give"
    is_long = workload.macs >= _LEAST_CYCLES_SHARED * _MACS_PER_LANE * lanes_for(workload, workload.macs, target)
    if is_long and balance(facts.tasks, threads) <= _LEAST_BALANCE * balance(usual.tasks, threads):
        return "too few parallel tasks"
    return ""


def _conv2d(workload: Workload, knobs: Knobs, target: Target) -> Facts:
    assert isinstance(workload, Conv2d)
    channels, size_bytes = workload.c // workload.groups, element_bytes(workload)
    tile_p, tile_q, vectors = _number(knobs, "tile_p"), _number(knobs, "tile_q"), _number(knobs, "tile_vectors")
    tile = RegisterTile(tile_p * tile_q, vectors, lanes_for(workload, workload.k // workload.groups, target))
    panels = steps(workload.k, tile.width)
    tiles = steps(workload.p, tile_p) * steps(workload.q, tile_q) * panels
    blocks = workload.n * steps(workload.p, tile_p * _number(knobs, "block_p"))
    taps = workload.r * workload.s
    return Facts(
        registers=_registers(tile),
        compute_cycles=tiles * tile.cycles(),
        panel_bytes=tiles * tile.width * size_bytes,
        resident_bytes=taps * (_number(knobs, "c_block") or channels) * tile.width * size_bytes,
        tasks=blocks if knobs["order"] == "blocks" else blocks * panels,
    )


def _gemm(workload: Workload, knobs: Knobs, target: Target) -> Facts:
    assert isinstance(workload, Gemm)
    size_bytes, parts = element_bytes(workload), _number(knobs, "k_parts")
    tile = RegisterTile(
        _number(knobs, "tile_rows"), _number(knobs, "tile_vectors"), lanes_for(workload, workload.n, target)
    )
    rows, panels = steps(workload.m, tile.rows), steps(workload.n, tile.width)
    is_used_once = rows == 1
    depth = _number(knobs, "k_block") or workload.k // parts
    row_blocks = min(_number(knobs, "row_blocks") or rows, rows)
    column_blocks = steps(panels, _number(knobs, "block_panels") or panels)
    makes_copies = not knobs["k_block"] and "block" in (knobs["a"], knobs["b"])
    outer = column_blocks if knobs["order"] == "panels" else row_blocks
    tasks = outer if makes_copies else row_blocks * column_blocks
    return Facts(
        registers=_registers(tile),
        compute_cycles=rows * panels * tile.cycles(),
        panel_bytes=rows * panels * tile.width * size_bytes,
        resident_bytes=(workload.k * workload.n if is_used_once else depth * tile.width) * size_bytes,
        tasks=parts if parts > 1 else tasks,
    )


def _depthwise_conv2d(workload: Workload, knobs: Knobs, target: Target) -> Facts:
    """Only registers and tasks: its reductions are short, and the next tile begins before one has ended."""
    assert isinstance(workload, DepthwiseConv2d)
    tile = RegisterTile(
        _number(knobs, "tile_q"), _number(knobs, "tile_vectors"), lanes_for(workload, workload.k, target)
    )
    blocks = workload.n * (_number(knobs, "row_blocks") or workload.p)
    panels = steps(workload.k, tile.width) if knobs["order"] == "channels_outer" else 1
    return Facts(registers=_registers(tile), tasks=blocks * panels)


def _pool2d(workload: Workload, knobs: Knobs, target: Target) -> Facts:
    assert isinstance(workload, Pool2d)
    blocks = workload.n * steps(workload.p, _number(knobs, "block_p"))
    width = _number(knobs, "tile_vectors") * lanes_for(workload, workload.c, target)
    panels = steps(workload.c, width) if knobs["order"] == "channels" else 1
    return Facts(registers=_number(knobs, "tile_q") * _number(knobs, "tile_vectors"), tasks=blocks * panels)


def _registers(tile: RegisterTile) -> int:
    """Accumulators, a vector of weights per column, and a broadcast."""
    return (tile.rows + 1) * tile.vectors + 1


def _number(knobs: Knobs, name: str) -> int:
    value = knobs[name]
    assert isinstance(value, int)
    return value


_FACTS: Mapping[str, Callable[[Workload, Knobs, Target], Facts]] = MappingProxyType(
    {"conv2d": _conv2d, "gemm": _gemm, "depthwise_conv2d": _depthwise_conv2d, "pool2d": _pool2d}
)
