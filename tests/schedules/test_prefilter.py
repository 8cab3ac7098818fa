"""What the pre-filter says of points, by registers, caches and tasks, against the default."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedules.families import find_family
from schedules.prefilter import Facts, find_facts, find_objection
from schedules.space import Knobs
from tensorlang.codegen.target import Target
from tensorlang.nn import Conv2d, DepthwiseConv2d, Gemm, Pool2d, Softmax, Workload
from tests.schedules.examples import AVX2, AVX512, WORKLOADS

CONV = Conv2d(n=1, h=14, w=14, c=256, k=256, r=3, s=3, padding=(1, 1))
GEMM = Gemm(64, 256, 256)
DEPTHWISE = DepthwiseConv2d(n=1, h=112, w=112, c=64, r=3, s=3, padding=(1, 1))
POOL = Pool2d(n=1, h=114, w=114, c=64, r=3, s=3, kind="max")


def objection(workload: Workload, changes: Knobs, threads: int = 1, target: Target = AVX512) -> str:
    """What is said of the default with some knobs changed."""
    family = find_family(workload)
    default = family.default(workload, target, threads)
    return find_objection(workload, family.name, {**default, **changes}, default, target, threads)


@pytest.mark.parametrize("target", [AVX512, AVX2], ids=lambda target: target.name)
@pytest.mark.parametrize("threads", [1, 2, 64])
def test_default_passes(threads: int, target: Target) -> None:
    assert [objection(workload, {}, threads, target) for workload in WORKLOADS] == [""] * len(WORKLOADS)


@pytest.mark.parametrize(
    ("workload", "threads", "changes", "expected"),
    [
        (CONV, 1, {"tile_q": 14, "tile_vectors": 3}, "the register tile does not fit"),
        (CONV, 1, {"tile_q": 2, "tile_vectors": 1}, "the register tile is too small, or wasted"),
        (CONV, 1, {"tile_q": 8}, ""),  # a seventh of its work is wasted
        (CONV, 1, {"tile_q": 2, "tile_vectors": 8}, "the working set is more than the caches give"),
        (CONV, 1, {"tile_q": 2, "tile_vectors": 8, "c_block": 64}, ""),  # a cut of the panel fits
        (CONV, 2, {"order": "blocks", "block_p": 14, "image": "block"}, "too few parallel tasks"),
        (CONV, 1, {"order": "blocks", "block_p": 14, "image": "block"}, ""),
        (GEMM, 1, {"tile_rows": 1, "tile_vectors": 1}, "the register tile is too small, or wasted"),
        (GEMM, 2, {"row_blocks": 1, "block_panels": 0}, "too few parallel tasks"),
        (GEMM, 2, {"row_blocks": 2, "block_panels": 0}, ""),
        (GEMM, 2, {"row_blocks": 1, "block_panels": 1, "a": "block"}, "too few parallel tasks"),
        (GEMM, 2, {"k_parts": 2, "row_blocks": 1, "block_panels": 0}, ""),
        (DEPTHWISE, 2, {"row_blocks": 1, "order": "channels_inner"}, "too few parallel tasks"),
        (DEPTHWISE, 2, {"row_blocks": 1, "order": "channels_outer"}, ""),
        (POOL, 2, {"block_p": 112, "order": "rows"}, "too few parallel tasks"),
        # Over before the other thread begins.
        (replace(DEPTHWISE, h=14, w=14), 2, {"row_blocks": 1, "order": "channels_inner"}, ""),
        (Softmax(8, 64), 2, {"block": 8}, ""),  # nothing is known of its family
    ],
)
def test_what_is_said(workload: Workload, threads: int, changes: Knobs, expected: str) -> None:
    assert objection(workload, changes, threads) == expected


def test_weights_that_are_used_once_are_no_reason() -> None:
    """With one row every tile reads all weights from where they are, however wide it is."""
    assert objection(Gemm(1, 1000, 2048), {"tile_vectors": 2}) == ""


def test_smaller_caches_reject_more() -> None:
    tight = replace(AVX512, l2_bytes=128 << 10, l3_bytes=512 << 10)
    changes: Knobs = {"tile_q": 4, "tile_vectors": 6}
    assert objection(CONV, changes) == ""
    assert objection(CONV, changes, 1, tight) != ""
    facts = find_facts(CONV, "conv2d", {**find_family(CONV).default(CONV, AVX512, 1), **changes}, AVX512)
    assert facts is not None
    assert facts.load_cycles(AVX512, 1) < facts.load_cycles(tight, 1)


def test_facts_of_a_tile() -> None:
    default = find_family(CONV).default(CONV, AVX512, 1)
    facts = find_facts(CONV, "conv2d", default, AVX512)
    assert facts is not None
    assert facts.compute_cycles == pytest.approx(14 * 8 * (14 + 0.02 * (14 + 8)))
    assert replace(facts, compute_cycles=0.0) == Facts(
        registers=15 * 2 + 1, panel_bytes=14 * 8 * 32 * 4, resident_bytes=9 * 256 * 32 * 4, tasks=14 * 8
    )
