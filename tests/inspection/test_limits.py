"""Which of several causes is named, and what measurements add."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tensorlang.codegen import host_target
from tensorlang.inspection import Analysis, Measured, find_limit
from tensorlang.inspection.hot_loop import HotLoop
from tensorlang.inspection.operations import Launch, Work

# A register tile of 14 x 2 on 512 bits: nothing is wrong with it.
TILE = HotLoop(
    depth=3,
    instructions=47,
    vector_instructions=44,
    fmas=28,
    scalar_fmas=0,
    arithmetic=0,
    accumulators=28,
    carried_cycles=4.0,
    loads=16,
    stores=0,
    loaded_bytes=184,
    broadcasts=14,
    embedded_broadcasts=0,
    spills=0,
    reloads=0,
    stack=0,
    gathers=0,
    copies=0,
    inserts=0,
    scatters=0,
    masked=0,
    calls=0,
    vector_registers=31,
    vector_bits=512,
)
TARGET = replace(
    host_target(),
    name="avx512",
    vector_bits=512,
    vector_registers=32,
    l1d_bytes=1 << 15,
    l2_bytes=1 << 20,
    l3_bytes=1 << 25,
)
GOOD = Analysis(
    target=TARGET,
    threads=1,
    hot_loop=TILE,
    work=Work(operations=1e9),
    needed_operations=1e9,
    array_bytes=1 << 20,
    traffic_bytes=(1e7, 1e6, 1e6),
)
# At 200 GFLOP/s, 64 a cycle.
FAST = Measured(time_s=5.2e-3, fma_gflops=200.0, read_gbs=10.0)


def limit(**changes: object) -> str:
    return find_limit(replace(GOOD, **changes))  # type: ignore[arg-type]


def test_nothing_wrong_leaves_the_multiply_add_units() -> None:
    assert limit() == "multiply-add units: nothing beside the 28 multiply-adds takes longer than they do"


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"stores": 28}, "store port: 28 stores for 28 multiply-adds"),
        ({"stack": 30}, "stack: 30 accesses for 28 multiply-adds to arrays on the stack"),
        ({"instructions": 140}, "instructions: 140 for 28 multiply-adds"),
        ({"loads": 56}, "load ports: 56 loads for 28 multiply-adds"),
        ({"loads": 20, "gathers": 4}, "gathers: 4 of vectors and 0 of elements"),
        ({"fmas": 0, "scalar_fmas": 28, "vector_bits": 128}, "narrow code: single elements where the target has 512"),
        (
            {"carried_cycles": 112.0, "accumulators": 1},
            "latency: chains of 112 cycles a pass for 28 ",
        ),
    ],
)
def test_what_the_hot_loop_waits_for_is_named(changes: dict[str, int], start: str) -> None:
    assert limit(hot_loop=replace(TILE, **changes)).startswith(start)


def test_of_several_causes_the_largest_is_named() -> None:
    loop = replace(TILE, stores=20, instructions=200)
    assert limit(hot_loop=loop).startswith("instructions: 200")
    assert limit(hot_loop=loop, work=Work(operations=4e9)).startswith("wasted work: 75 % of the operations")


def test_too_few_tasks_are_named() -> None:
    work = Work(operations=1e9, launches=[Launch(3, 1.0, 1.0)])
    assert limit(threads=2, work=work) == (
        "parallelism: the largest parallel loop has 3 tasks and 100 % of the work, for 2 threads"
    )
    assert limit(threads=2) == "parallelism: no loop is parallel, 2 threads are there"
    assert limit(threads=2, work=replace(work, launches=[Launch(64, 1.0, 1.0)])).startswith("multiply-add units")


def test_launches_of_little_work_are_named() -> None:
    work = Work(operations=1e4, launches=[Launch(4, 1.0, 1.0)])
    text = "launch overhead: starting parallel loops takes 1.7 us, more than their work"
    assert limit(threads=2, work=work, needed_operations=1e4, traffic_bytes=(0.0, 0.0, 0.0)) == text


@pytest.mark.parametrize(
    ("array_bytes", "traffic_bytes", "source"),
    [
        (1 << 28, (1e9, 1e9, 1e9), "memory"),
        (1 << 22, (1e9, 1e9, 1e9), "the L3 cache"),
        (1 << 16, (1e9, 1e7, 1e7), "the L2 cache"),
    ],
)
def test_the_level_that_takes_longest_is_named(array_bytes: int, traffic_bytes: tuple[float, ...], source: str) -> None:
    assert limit(array_bytes=array_bytes, traffic_bytes=traffic_bytes) == (
        f"bandwidth of {source}: 1000.0 MB (estimated) move for 1000.0 million operations"
    )


def test_what_is_measured_near_the_peak_needs_no_model() -> None:
    loop = replace(TILE, stores=100)
    assert limit(hot_loop=loop, measured=FAST) == "multiply-add units: it runs at 96 % of their measured peak"


def test_what_is_measured_near_the_bandwidth_needs_no_model() -> None:
    measured = replace(FAST, time_s=1 / 8)
    assert (
        limit(array_bytes=10**9, measured=measured)
        == "bandwidth of memory: 8.0 GB/s of the 10.0 GB/s measured for reads"
    )


def test_a_time_that_the_model_does_not_explain_is_said() -> None:
    text = limit(measured=replace(FAST, time_s=0.05))
    assert text.endswith("takes longer than they do; that explains only 10 % of the time measured")
    assert limit(measured=replace(FAST, time_s=7e-3)).endswith("takes longer than they do")


def test_the_roofline_is_the_peak_for_arrays_in_cache_and_else_at_most_what_memory_feeds() -> None:
    in_cache = replace(GOOD, measured=FAST)
    large = replace(in_cache, array_bytes=10**9)
    assert (in_cache.roof_gflops, large.roof_gflops) == (200.0, 10.0)
    assert in_cache.gflops == pytest.approx(192.3, abs=0.1)
    doubles = replace(in_cache, hot_loop=replace(TILE, element_bits=64))
    assert doubles.roof_gflops == 100.0
    assert GOOD.roof_gflops is None
