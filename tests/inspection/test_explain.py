"""The page on a compiled kernel holds the facts of that kernel."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import tensorlang as tl
from tensorlang.inspection import Measured, analyse, find_limit
from tensorlang.inspection.explain import describe
from tensorlang.inspection.hot_loop import find_hot_loop
from tests.inspection.test_limits import FAST, GOOD
from tests.lowering import programs


def test_explain() -> None:
    kernel = tl.compile(*programs.packed_weights())
    analysis = analyse(kernel)
    lines = tl.explain(kernel).splitlines()
    assert re.fullmatch(r"made in     lowering \d+ ms, code \d+ ms( \(from the cache\))?", lines[2])
    assert lines[:2] + lines[3:] == [
        f"target      {kernel.target.name}, vectors of {kernel.target.vector_bits} bits, "
        f"{kernel.target.vector_registers} registers",
        f"memory      scratch {kernel.scratch_bytes()} B on one thread, state {kernel.state_bytes} B",
        *describe(analysis),
    ]
    assert lines[-1] == f"limited by  {find_limit(analysis)}"
    assert analysis.hot_loop == find_hot_loop(kernel.asm(remarks=True))
    assert analysis.needed_operations == 2 * 4 * 16 * 12 + 4 * 12
    assert analysis.array_bytes == 4 * (4 * 16 + 4 * 12) + kernel.state_bytes


def test_the_lines_of_a_page(golden: Callable[[str], None]) -> None:
    lines = "\n".join(describe(replace(GOOD, array_bytes=10**9, measured=replace(FAST, time_s=0.2))))
    golden(lines + "\n")


def test_a_measurement_adds_time_and_roofline() -> None:
    kernel = tl.compile(*programs.matmul())
    plain = tl.explain(kernel).splitlines()
    lines = tl.explain(kernel, threads=2, measured=Measured(1e-3, 100.0, 10.0)).splitlines()
    added = [line for line in lines if line.startswith(("measured", "roofline"))]
    assert added == [
        "measured    1.000 ms on 2 threads, 0.1 GFLOP/s",
        "roofline    0 % of 100 GFLOP/s: the peak, as its arrays stay in cache",
    ]
    assert [line for line in lines[:-1] if line not in added] == plain[:-1]


def test_a_kernel_loaded_again_says_that_it_comes_from_the_cache_and_is_counted_alike() -> None:
    first = tl.compile(*programs.matmul())
    again = tl.compile(*programs.matmul())
    assert "(from the cache)" in tl.explain(again)
    assert analyse(first).to_data() == analyse(again).to_data()


def test_a_kernel_made_without_an_algorithm_needs_what_it_executes() -> None:
    kernel = tl.compile(*programs.blur())
    kernel.algorithm = None
    analysis = analyse(kernel)
    assert analysis.needed_operations == analysis.work.operations > 0


def test_a_vectorized_reduction_multiplies_and_adds_in_vectors() -> None:
    loop = find_hot_loop(tl.compile(*programs.matmul()).asm(remarks=True))
    assert loop.fmas > 0
    assert loop.vector_bits >= 128
    assert loop.gathers == 0


def test_assembly_has_remarks_only_where_they_are_asked_for() -> None:
    kernel = tl.compile(*programs.matmul())
    assert "Inner Loop Header" in kernel.asm(remarks=True)
    assert "Loop Header" not in kernel.asm()
