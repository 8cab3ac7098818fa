"""One page on a compiled kernel: what it holds, how long it took to make, and what its hot loop does."""

from __future__ import annotations

from tensorlang.inspection.assembly import find_hot_block
from tensorlang.runtime.kernel import Kernel


def explain(kernel: Kernel) -> str:
    """Describe a kernel: target, memory, times, and the counted hot loop of its assembly.

    Parameters
    ----------
    kernel : Kernel

    Returns
    -------
    str
        A line a fact; one for each Func that is kept over loops, over which it slides, or why it does not. Spills of a
        register tile, gathers and narrow vectors are what to look for first.
    """
    block = find_hot_block(kernel.asm())
    lines = [
        f"target      {kernel.target.name}, vectors of {kernel.target.vector_bits} bits, "
        f"{kernel.target.vector_registers} registers",
        f"memory      scratch {kernel.scratch_bytes()} B on one thread, state {kernel.state_bytes} B",
        f"made in     lowering {kernel.lowering_s * 1e3:.0f} ms, code {kernel.compile_s * 1e3:.0f} ms"
        + (" (from the cache)" if kernel.from_cache else ""),
        f"hot loop    {block.instructions} instructions, {block.fmas} fused multiply-adds of {block.vector_bits} bits",
        f"            {block.loads} loads, {block.broadcasts} broadcasts, "
        f"{block.gathers} gathers, {block.masked} masked",
        f"            {block.vector_registers} vector registers, {block.spills} vector accesses to the stack",
    ]
    remarks = kernel.module.remarks
    lines[2:2] = [f"{'kept' if n == 0 else '':<12}{remark}" for n, remark in enumerate(remarks)]
    return "\n".join(lines)
