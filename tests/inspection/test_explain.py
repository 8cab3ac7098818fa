"""The page on a compiled kernel holds the facts of that kernel."""

from __future__ import annotations

import re

import tensorlang as tl
from tensorlang.inspection.assembly import find_hot_block
from tests.lowering import programs


def test_explain() -> None:
    kernel = tl.compile(*programs.packed_weights())
    block = find_hot_block(kernel.asm())
    lines = tl.explain(kernel).splitlines()
    assert re.fullmatch(r"made in     lowering \d+ ms, code \d+ ms( \(from the cache\))?", lines[2])
    assert lines[:2] + lines[3:] == [
        f"target      {kernel.target.name}, vectors of {kernel.target.vector_bits} bits, "
        f"{kernel.target.vector_registers} registers",
        f"memory      scratch {kernel.scratch_bytes()} B on one thread, state {kernel.state_bytes} B",
        f"hot loop    {block.instructions} instructions, {block.fmas} fused multiply-adds of {block.vector_bits} bits",
        f"            {block.loads} loads, {block.broadcasts} broadcasts, "
        f"{block.gathers} gathers, {block.masked} masked",
        f"            {block.vector_registers} vector registers, {block.spills} vector accesses to the stack",
    ]
    assert kernel.state_bytes >= 2 * 16 * 8 * 4


def test_a_kernel_loaded_again_says_that_it_comes_from_the_cache() -> None:
    tl.compile(*programs.matmul())
    assert "(from the cache)" in tl.explain(tl.compile(*programs.matmul()))


def test_a_vectorized_reduction_multiplies_and_adds_in_vectors() -> None:
    block = find_hot_block(tl.compile(*programs.matmul()).asm())
    assert block.fmas > 0
    assert block.vector_bits >= 128
    assert block.gathers == 0
