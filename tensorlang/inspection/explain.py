"""One page on a compiled kernel: what it holds, what its hot loop does, what it moves, and what limits it."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlang.inspection.analysis import Analysis, Measured, analyse
from tensorlang.inspection.limits import find_limit
from tensorlang.runtime.kernel import Kernel

_PREFIXES = ("", "k", "M", "G", "T")


def explain(kernel: Kernel, *, threads: int = 1, measured: Measured | None = None) -> str:
    """Describe a kernel: target, memory, times, the counted hot loop of its assembly, bytes moved, and what limits it.

    Parameters
    ----------
    kernel : Kernel
    threads : int, >= 1
        Threads that parallel loops run on.
    measured : Measured, optional
        Time of a call and peaks of the machine on so many threads; with it, the page says how near the roofline it is.

    Returns
    -------
    str
        A line a fact; one for each Func that is kept over loops, over which it slides, or why it does not.

    Notes
    -----
    Counts of instructions are from the machine code. Operations are counted in the loop nest. Bytes moved are estimates
    from the loop nest and the sizes of the caches (`tensorlang.inspection.traffic`), and so is what limits the kernel
    (`tensorlang.inspection.limits`).

    References
    ----------
    S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model", CACM 52(4), 2009.
    """
    return "\n".join([*_heading(kernel), *describe(analyse(kernel, threads=threads, measured=measured))])


def _heading(kernel: Kernel) -> Iterator[str]:
    yield (
        f"target      {kernel.target.name}, vectors of {kernel.target.vector_bits} bits, "
        f"{kernel.target.vector_registers} registers"
    )
    yield f"memory      scratch {kernel.scratch_bytes()} B on one thread, state {kernel.state_bytes} B"
    for number, remark in enumerate(kernel.module.remarks):
        yield f"{'kept' if number == 0 else '':<12}{remark}"
    yield (
        f"made in     lowering {kernel.lowering_s * 1e3:.0f} ms, code {kernel.compile_s * 1e3:.0f} ms"
        + (" (from the cache)" if kernel.from_cache else "")
    )


def describe(analysis: Analysis) -> Iterator[str]:
    """The lines of a page that an analysis gives."""
    yield from _hot_loop(analysis)
    needed, executed = analysis.needed_operations, analysis.work.operations
    yield f"operations  {_amount(needed)} needed, {_amount(executed)} executed"
    yield f"bytes       {_amount(analysis.array_bytes, 'B')} in arrays, {analysis.intensity:.2f} FLOP/B"
    into_l1, into_l2, into_l3 = (_amount(moved_bytes, "B") for moved_bytes in analysis.traffic_bytes)
    yield f"            estimated moves: {into_l3} from memory, {into_l2} from L3 to L2, {into_l1} from L2 to L1"
    yield from _roofline(analysis)
    yield f"limited by  {find_limit(analysis)}"


def _hot_loop(analysis: Analysis) -> Iterator[str]:
    loop = analysis.hot_loop
    where = f"in {loop.depth} loops" if loop.depth > 1 else "in a loop" if loop.depth else "in no loop"
    scalar = f", {loop.scalar_fmas} of single elements" if loop.scalar_fmas else ""
    yield f"hot loop    {loop.instructions} instructions {where}, {loop.calls} calls"
    yield (
        f"            {loop.fmas} fused multiply-adds of {loop.vector_bits} bits{scalar} in {loop.accumulators} "
        f"accumulators, {loop.arithmetic} other arithmetic"
    )
    yield (
        f"            {loop.loads} loads, {loop.stores} stores, {loop.broadcasts} broadcasts and "
        f"{loop.embedded_broadcasts} embedded, "
        f"{loop.gathers} gathers, {loop.inserts} inserts, {loop.scatters} scatters, {loop.masked} masked"
    )
    yield (
        f"            {loop.vector_registers} of {analysis.target.vector_registers} vector registers, "
        f"{loop.spills} spills, {loop.reloads} reloads, {loop.stack} other vector accesses to the stack"
    )


def _roofline(analysis: Analysis) -> Iterator[str]:
    measured, speed, roof, peak = analysis.measured, analysis.gflops, analysis.roof_gflops, analysis.peak_gflops
    if measured is None or speed is None or roof is None or peak is None:
        return
    if analysis.fits_cache:
        ceiling = "the peak, as its arrays stay in cache"
    else:
        memory = f"{analysis.intensity:.2f} FLOP/B at {measured.read_gbs:.1f} GB/s"
        ceiling = f"the lesser of the peak, {peak:.0f} GFLOP/s, and {memory}"
    threads = f"{analysis.threads} thread{'s' if analysis.threads > 1 else ''}"
    yield f"measured    {1e3 * measured.time_s:.3f} ms on {threads}, {speed:.1f} GFLOP/s"
    share = f"{100 * speed / roof:.0f} %" if roof else "-"
    yield f"roofline    {share} of {roof:.0f} GFLOP/s: {ceiling}"


def _amount(number: float, unit: str = "") -> str:
    """A number with a decimal prefix: ``"231.2 M"``, ``"64 B"``."""
    place = 0
    while number >= 1000 and place + 1 < len(_PREFIXES):
        number, place = number / 1000, place + 1
    return (f"{number:.1f} {_PREFIXES[place]}{unit}" if place else f"{number:.0f} {unit}").rstrip()
