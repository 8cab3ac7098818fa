"""Nearness: which workloads make the same loops, and how far apart shapes are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schedules.nearness import distance, is_alike
from tensorlang.nn import Conv2d, DepthwiseConv2d, Gemm, Workload

GEMM = Gemm(64, 64, 64)
CONV = Conv2d(1, 56, 56, 64, 64, 3, 3, padding=(1, 1))
GROUPED = replace(CONV, groups=4)
DEPTHWISE = DepthwiseConv2d(1, 56, 56, 64, 3, 3, padding=(1, 1))


@pytest.mark.parametrize(
    ("other", "of"),
    [
        (replace(GEMM, dtype="float64"), GEMM),
        (CONV, GEMM),
        (replace(CONV, r=5), CONV),
        (replace(CONV, stride=(2, 2)), CONV),
        (replace(CONV, dilation=(1, 2)), CONV),
        (replace(CONV, padding=(0, 0)), CONV),
        (GROUPED, CONV),
        (replace(DEPTHWISE, multiplier=2), DEPTHWISE),
    ],
    ids=str,
)
def test_other_loops_are_not_alike(other: Workload, of: Workload) -> None:
    assert not is_alike(other, of) and not is_alike(of, other)


@pytest.mark.parametrize(
    ("other", "of", "doublings"),
    [
        (GEMM, GEMM, 0.0),
        (replace(GEMM, m=16), GEMM, 2.0),
        (replace(GEMM, m=32, n=128), GEMM, 2.0),
        (replace(GEMM, relu=True), GEMM, 1.0),
        (replace(GEMM, clip=(0, 6)), GEMM, 1.0),
        (replace(GEMM, clip=(0, 6)), replace(GEMM, clip=(0, 1)), 0.0),
        (replace(GEMM, activation="gelu"), GEMM, 1.0),
        (replace(CONV, residual=True), CONV, 1.0),
        (replace(CONV, padding=(0, 1)), CONV, 0.0),
        (replace(CONV, n=2), CONV, 1.0),
        (replace(GROUPED, groups=8), GROUPED, 1.0),
        (replace(DEPTHWISE, h=28, w=28), DEPTHWISE, 2.0),
    ],
    ids=str,
)
def test_alike_shapes_are_so_many_doublings_apart(other: Workload, of: Workload, doublings: float) -> None:
    assert is_alike(other, of)
    assert distance(other, of) == distance(of, other) == doublings
