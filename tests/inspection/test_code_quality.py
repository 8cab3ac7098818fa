"""What is said of compiled kernels that each show one thing, in machine code for AVX-512 and AVX2."""

from __future__ import annotations

from typing import Any

import pytest

from tensorlang.codegen import host_target
from tests.inspection.quality_programs import CPUS, analyses

pytestmark = pytest.mark.skipif("sse2" not in host_target().features, reason="needs LLVM's code generator for x86-64")
REGISTERS = {"avx512": 32, "avx2": 16}


@pytest.fixture(params=CPUS)
def target(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def look(target: str, program: str) -> tuple[dict[str, Any], str]:
    """The counts of a program's hot loop, and what limits it."""
    found = analyses(target)[program]
    assert found["target"] == target
    return found["hot_loop"], found["limited_by"]


def test_a_tile_that_fits_is_multiply_adds_and_no_spills(target: str) -> None:
    loop, limit = look(target, "fits")
    rows = 14 if target == "avx512" else 6
    assert (loop["fmas"], loop["accumulators"], loop["loads"]) == (2 * rows, 2 * rows, rows + 2)
    assert loop["broadcasts"] + loop["embedded_broadcasts"] == rows
    assert (loop["spills"], loop["reloads"], loop["stack"], loop["masked"], loop["gathers"]) == (0, 0, 0, 0, 0)
    assert (loop["depth"], loop["carried_cycles"]) == (3, 4)
    assert 2 * rows < loop["vector_registers"] <= REGISTERS[target]
    assert limit == f"multiply-add units: nothing beside the {2 * rows} multiply-adds takes longer than they do"


def test_a_tile_that_does_not_fit_spills(target: str) -> None:
    loop, limit = look(target, "spills")
    assert loop["fmas"] == 64
    assert loop["spills"] > 16 and loop["reloads"] > 16
    assert limit == (
        f"spills: {loop['spills']} stores and {loop['reloads']} loads of registers for 64 multiply-adds; "
        f"the tile does not fit {REGISTERS[target]} registers"
    )


def test_embedded_broadcasts_are_loads_and_are_told_from_explicit_ones() -> None:
    wide, narrow = look("avx512", "loads")[0], look("avx2", "loads")[0]
    assert (wide["embedded_broadcasts"], wide["broadcasts"], wide["loads"]) == (8, 0, 9)
    assert (narrow["embedded_broadcasts"], narrow["broadcasts"], narrow["loads"]) == (0, 8, 9)
    assert (wide["loaded_bytes"], narrow["loaded_bytes"]) == (64 + 8 * 4, 32 + 8 * 4)


def test_a_tile_of_one_vector_waits_for_the_load_ports(target: str) -> None:
    assert look(target, "loads")[1] == "load ports: 9 loads for 8 multiply-adds, and a core does one for each"


def test_few_accumulators_wait_for_each_other(target: str) -> None:
    loop, limit = look(target, "chains")
    assert (loop["fmas"], loop["accumulators"]) == (2, 2)
    assert limit == (
        "latency: chains of 4 cycles a pass for 2 multiply-adds in 2 accumulators; 8 independent ones keep a core busy"
    )


def test_narrow_vectors_are_named(target: str) -> None:
    loop, limit = look(target, "narrow")
    assert loop["vector_bits"] == 128
    assert limit == f"narrow code: vectors of 128 bits where the target has {512 if target == 'avx512' else 256}"


def test_gathers_are_counted_as_instructions_or_as_inserts(target: str) -> None:
    loop, limit = look(target, "gather")
    assert (loop["gathers"] > 0, loop["inserts"] > 0) == ((True, False) if target == "avx512" else (False, True))
    assert limit == (f"gathers: {loop['gathers']} of vectors and {loop['inserts']} of elements; every lane is a load")


def test_masked_loads_and_stores_are_counted(target: str) -> None:
    loop, _ = look(target, "masked")
    assert loop["masked"] == loop["loads"] + loop["stores"] > 0
    work = analyses(target)["masked"]["operations"]
    lanes = 16 if target == "avx512" else 8
    assert (work["needed"], work["executed"]) == (64 * (lanes // 2 + 1), 64 * lanes)


def test_a_tail_that_computes_too_much_is_waste(target: str) -> None:
    work = analyses(target)["tail"]["operations"]
    lanes, rows = (16, 28) if target == "avx512" else (8, 12)
    assert (work["needed"], work["executed"]) == (2 * 64 * rows * (lanes + 1), 2 * 64 * rows * 2 * lanes)
    percent = round(100 * (lanes - 1) / (2 * lanes))
    assert look(target, "tail")[1] == (
        f"wasted work: {percent} % of the operations are not needed (tails, tiles that overlap, recomputation)"
    )


@pytest.mark.parametrize(("program", "operations"), [("copy", 0.0), ("scale", 1 << 25)])
def test_one_pass_over_large_arrays_waits_for_memory(target: str, program: str, operations: float) -> None:
    found = analyses(target)[program]
    assert found["operations"] == {"needed": operations, "executed": operations}
    assert found["array_bytes"] == 2 * 4 << 25
    assert set(found["estimated_traffic_bytes"].values()) == {2.0 * 4 * (1 << 25)}
    assert found["limited_by"].startswith("bandwidth of memory: 268.4 MB (estimated) move for ")
