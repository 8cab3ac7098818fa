"""Says in one sentence what limits a kernel, by a model of a core that its analysis and measurements are put into.

The core does 2 multiply-adds, 2 loads and 1 store a cycle, and issues 6 instructions, which is the most of today's; a
gather loads lane by lane. That is Intel from Haswell on and AMD from Zen 2 on (A. Fog, "The microarchitecture of
Intel, AMD and VIA CPUs"). Cores that halve the rate of 512-bit vectors halve that of their loads too, so that ratios
stay, but need half as many accumulators. From each cache it takes the bytes a cycle in `_BYTES_PER_CYCLE`, about what
is sustained (Intel's optimization reference manual, cache parameters), and from memory what was measured, if it was.
Starting a parallel loop takes 1.7 us, the median measured with libgomp.

Each cause slows multiply-adds at full width down by a factor; moving bytes and starting loops take time beside them.
The largest is named. It is what to look at first, not a proof: measure after changing it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tensorlang.inspection.analysis import Analysis
from tensorlang.inspection.latency import ARITHMETIC_CYCLES

UNITS_PER_CYCLE = 2
_LOADS_PER_CYCLE = 2
_STORES_PER_CYCLE = 1
_ISSUED_PER_CYCLE = 6
#: Into L1 from L2, into L2 from L3, into L3 from memory, per core [B/cycle].
_BYTES_PER_CYCLE = (32.0, 16.0, 4.0)
_SOURCES = ("the L2 cache", "the L3 cache", "memory")
_LAUNCH_S = 1.7e-6
#: Of the clock where it was not measured [Hz].
_CLOCK_HZ = 3e9
_NEAR_PEAK = 0.85
_NEAR_BANDWIDTH = 0.7
_WORTH_NAMING = 1.1
_EXPLAINED = 0.5


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that takes time: a factor on the time of the multiply-adds, and the sentence that says so."""

    factor: float
    text: str


def find_limit(analysis: Analysis) -> str:
    """Return one sentence that says what limits a kernel."""
    certain = _measured_limit(analysis)
    if certain:
        return certain
    causes = [cause for cause in slowdowns(analysis) if cause.factor >= _WORTH_NAMING]
    cycles = ideal_cycles(analysis)
    for cause in causes:
        cycles *= cause.factor
    beside = max(_beside(analysis), key=lambda cause: cause.factor)
    if beside.factor >= cycles:
        return beside.text + _doubt(analysis, beside.factor)
    text = max(causes, key=lambda cause: cause.factor).text if causes else _units_text(analysis)
    return text + _doubt(analysis, cycles)


def ideal_cycles(analysis: Analysis) -> float:
    """Cycles that a thread takes for the operations needed, on vectors as wide as the target's, all threads at work."""
    loop = analysis.hot_loop
    lanes = analysis.target.vector_bits // loop.element_bits
    each = 2 if loop.fmas + loop.scalar_fmas else 1
    if analysis.needed_operations:
        return analysis.needed_operations / (each * lanes * UNITS_PER_CYCLE * analysis.threads)
    return analysis.work.stored / (lanes * _STORES_PER_CYCLE * analysis.threads)


def slowdowns(analysis: Analysis) -> Iterator[Cause]:
    """Every cause that may slow the arithmetic down."""
    yield from _pass_causes(analysis)
    loop, target = analysis.hot_loop, analysis.target
    slots = loop.fmas + loop.scalar_fmas
    lanes = target.vector_bits // loop.element_bits
    if slots:
        mean_lanes = (loop.fmas * loop.lanes + loop.scalar_fmas) / slots
        what = f"vectors of {loop.vector_bits} bits" if loop.fmas else "single elements"
        yield Cause(lanes / mean_lanes, f"narrow code: {what} where the target has {target.vector_bits}")
    share = 100 * (1 - 1 / analysis.waste)
    yield Cause(
        analysis.waste,
        f"wasted work: {share:.0f} % of the operations are not needed (tails, tiles that overlap, recomputation)",
    )
    yield Cause(1 / analysis.work.efficiency(analysis.threads), _tasks_text(analysis))


def _pass_causes(analysis: Analysis) -> Iterator[Cause]:
    """What one pass of the hot loop takes longer for than its arithmetic does."""
    loop = analysis.hot_loop
    slots = loop.fmas + loop.scalar_fmas or loop.arithmetic
    units = slots / UNITS_PER_CYCLE or loop.stores / _STORES_PER_CYCLE
    if not loop.depth or not units:
        return
    work = f"{slots} {'multiply-adds' if loop.fmas + loop.scalar_fmas else 'operations'}"
    yield from _memory_causes(analysis, units, work)
    yield from _stack_causes(analysis, units, work)
    yield Cause(
        loop.carried_cycles / units,
        f"latency: chains of {loop.carried_cycles:.0f} cycles a pass for {work} in {loop.accumulators} accumulators; "
        f"{ARITHMETIC_CYCLES * UNITS_PER_CYCLE} independent ones keep a core busy",
    )
    yield Cause(
        loop.instructions / _ISSUED_PER_CYCLE / units,
        f"instructions: {loop.instructions} for {work}, more than a core issues meanwhile",
    )


def _memory_causes(analysis: Analysis, units: float, work: str) -> Iterator[Cause]:
    """Ports that loads and stores wait for while the arithmetic takes `units` cycles."""
    loop = analysis.hot_loop
    single = loop.gathers * loop.lanes + loop.inserts
    loads = loop.loads - loop.gathers + loop.gathers * loop.lanes
    yield Cause(
        max(loads / _LOADS_PER_CYCLE, loop.instructions / _ISSUED_PER_CYCLE) / units if 2 * single > loads else 0.0,
        f"gathers: {loop.gathers} of vectors and {loop.inserts} of elements; every lane is a load",
    )
    yield Cause(
        loads / _LOADS_PER_CYCLE / units if loop.fmas + loop.scalar_fmas + loop.arithmetic else 0.0,
        f"load ports: {loads} loads for {work}, and a core does one for each",
    )
    yield Cause(
        loop.stores / _STORES_PER_CYCLE / units,
        f"store port: {loop.stores} stores for {work}, and a core does one for two",
    )


def _stack_causes(analysis: Analysis, units: float, work: str) -> Iterator[Cause]:
    """Accesses to the stack; they are in the chains of accumulators, so they take a cycle's share of their own."""
    loop, registers = analysis.hot_loop, analysis.target.vector_registers
    spilled = loop.spills + loop.reloads
    yield Cause(
        1 + spilled / UNITS_PER_CYCLE / units,
        f"spills: {loop.spills} stores and {loop.reloads} loads of registers for {work}; "
        f"the tile does not fit {registers} registers",
    )
    yield Cause(
        1 + loop.stack / UNITS_PER_CYCLE / units,
        f"stack: {loop.stack} accesses for {work} to arrays on the stack, which are not kept in registers",
    )


def _beside(analysis: Analysis) -> Iterator[Cause]:
    """Times of what happens beside arithmetic, on each thread [cycle]."""
    hertz = clock_hz(analysis)
    launches = sum(launch.times for launch in analysis.work.launches) if analysis.threads > 1 else 0.0
    yield Cause(
        launches * _LAUNCH_S * hertz,
        f"launch overhead: starting parallel loops takes {1e6 * launches * _LAUNCH_S:.1f} us, more than their work",
    )
    levels = zip(_SOURCES, analysis.traffic_bytes, analysis.cache_bytes, _BYTES_PER_CYCLE, strict=True)
    for level, (source, moved_bytes, size_bytes, rate) in enumerate(levels):
        is_shared = level + 1 == len(_SOURCES)
        is_warm = 2 * analysis.array_bytes <= size_bytes * (1 if is_shared else analysis.threads)
        if is_shared and analysis.measured:
            rate = 1e9 * analysis.measured.read_gbs / hertz / analysis.threads
        yield Cause(
            0.0 if is_warm else moved_bytes / analysis.threads / rate,
            f"bandwidth of {source}: {moved_bytes / 1e6:.1f} MB (estimated) move for "
            f"{analysis.needed_operations / 1e6:.1f} million operations",
        )


def clock_hz(analysis: Analysis) -> float:
    """The clock, from the measured peak of multiply-adds if there is one [Hz]."""
    if analysis.measured is None:
        return _CLOCK_HZ
    per_cycle = 2 * UNITS_PER_CYCLE * analysis.target.vector_bits // 32
    return 1e9 * analysis.measured.fma_gflops / per_cycle / analysis.threads


def _measured_limit(analysis: Analysis) -> str:
    """What measurements alone show; empty if they do not tell."""
    if analysis.measured is None or analysis.gflops is None or analysis.peak_gflops is None:
        return ""
    share = analysis.gflops / analysis.peak_gflops
    if share >= _NEAR_PEAK:
        return f"multiply-add units: it runs at {100 * share:.0f} % of their measured peak"
    rate = analysis.array_bytes / analysis.measured.time_s / 1e9
    if not analysis.fits_cache and rate >= _NEAR_BANDWIDTH * analysis.measured.read_gbs:
        return f"bandwidth of memory: {rate:.1f} GB/s of the {analysis.measured.read_gbs:.1f} GB/s measured for reads"
    return ""


def _units_text(analysis: Analysis) -> str:
    loop = analysis.hot_loop
    if not analysis.needed_operations:
        return "loads and stores: there is no arithmetic, and its arrays stay in cache"
    if not loop.fmas:
        return "arithmetic: nothing else in the hot loop takes longer"
    return f"multiply-add units: nothing beside the {loop.fmas} multiply-adds takes longer than they do"


def _tasks_text(analysis: Analysis) -> str:
    launches = analysis.work.launches
    if not launches:
        return f"parallelism: no loop is parallel, {analysis.threads} threads are there"
    largest = max(launches, key=lambda launch: launch.share)
    return (
        f"parallelism: the largest parallel loop has {largest.tasks} tasks and {100 * largest.share:.0f} % of the "
        f"work, for {analysis.threads} threads"
    )


def _doubt(analysis: Analysis, cycles: float) -> str:
    """What to add where the model does not explain the time that was measured."""
    if analysis.measured is None:
        return ""
    share = cycles / clock_hz(analysis) / analysis.measured.time_s
    return f"; that explains only {100 * share:.0f} % of the time measured" if share < _EXPLAINED else ""
