"""Figures of many cases: credit near the peak, shares of the machine's peaks, memory, noise."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from autotune.bench.case import Case
from autotune.bench.figures import (
    extra_memory,
    find_default_vs_tuned,
    find_figures,
    find_noise,
    share_of_read_bandwidth,
)
from autotune.bench.implementations import AGAIN, DEFAULT, PEERS, TUNED, Implementation
from autotune.bench.result import Timed
from tensorlang.nn import Conv2d, Gemm, Workload

_FACTS = {1: {"fma_peak_gflops": 100.0, "read_bandwidth_gbs": 10.0}}
_GFLOP = Gemm(m=500, n=1000, k=1000)


def _timed(
    implementation: Implementation,
    time_s: float,
    name: str = "a",
    workload: Workload = _GFLOP,
    figures: Mapping[str, float] | None = None,
) -> Timed:
    return Timed(Case(name, workload, "", "set"), 1, implementation, (time_s, time_s), "", figures or {})


def test_a_case_near_the_peak_counts_as_at_least_ten_percent_faster() -> None:
    timed = [
        _timed(TUNED, 1 / 86, "near"),
        _timed(PEERS[0], 0.9 / 86, "near"),
        _timed(TUNED, 1 / 84, "far"),
        _timed(PEERS[0], 0.95 / 84, "far"),
        _timed(TUNED, 1 / 90, "faster"),
        _timed(PEERS[0], 2 / 90, "faster"),
    ]
    found = find_figures(timed, "tuned", _FACTS)
    assert found["geomean_vs_best"] == pytest.approx((0.9 * 0.95 * 2) ** (1 / 3))
    assert found["geomean_vs_best_credited"] == pytest.approx((1.1 * 0.95 * 2) ** (1 / 3))
    assert (found["worst"]["case"], found["worst_credited"]["case"]) == ("near", "far")
    assert found["worst_credited"]["ratio"] == pytest.approx(0.95)
    assert found["share_of_fma_peak"] == pytest.approx((0.86 * 0.84 * 0.9) ** (1 / 3))


def test_without_a_peak_nothing_is_credited() -> None:
    found = find_figures([_timed(TUNED, 1 / 86), _timed(PEERS[0], 0.9 / 86)], "tuned", {1: {}})
    assert found["geomean_vs_best_credited"] == pytest.approx(0.9)
    assert found["share_of_fma_peak"] is None


def test_the_ten_largest_convolutions_have_a_figure_of_their_own() -> None:
    layers = [Conv2d(n=1, h=10, w=10, c=c, k=100, r=1, s=1) for c in range(1, 12)]
    # Every one at half the peak, but for the largest and the smallest.
    speeds = [1.0, *[50.0] * 9, 40.0]
    timed = [_timed(TUNED, 2e-9 * w.macs / speed, str(w.c), w) for w, speed in zip(layers, speeds, strict=True)]
    assert find_figures(timed, "tuned", _FACTS)["share_of_fma_peak_of_largest"] == pytest.approx(0.4)
    assert find_figures(timed[:9], "tuned", _FACTS)["share_of_fma_peak_of_largest"] is None


def test_the_share_of_the_bandwidth_is_that_of_reading_the_weights_of_a_product_with_a_vector() -> None:
    vector = _timed(DEFAULT, 1e-3, workload=Gemm(m=1, n=1000, k=2000))
    assert share_of_read_bandwidth(vector, _FACTS) == pytest.approx(0.8)
    assert share_of_read_bandwidth(vector, {}) is None
    assert share_of_read_bandwidth(_timed(DEFAULT, 1e-3), _FACTS) is None
    slower = _timed(DEFAULT, 2e-3, "b", Gemm(m=1, n=1000, k=2000))
    assert find_figures([vector, slower], "default", _FACTS)["share_of_read_bandwidth"] == pytest.approx(0.4)


def test_extra_memory_is_relative_to_the_tensors_of_the_layer() -> None:
    little = _timed(DEFAULT, 1.0, figures={"scratch_bytes": 10, "prepared_bytes": 20, "tensor_bytes": 60})
    much = _timed(DEFAULT, 1.0, "b", figures={"scratch_bytes": 0, "prepared_bytes": 90, "tensor_bytes": 60})
    assert extra_memory(little) == 0.5
    assert extra_memory(_timed(PEERS[0], 1.0)) is None
    assert find_figures([little, much], "default", {})["extra_memory"] == 1.5


def test_noise_is_what_the_default_is_off_itself_by() -> None:
    timed = []
    for name, again_s in zip("abcde", (0.9, 0.95, 1.0, 1.1, 1.3), strict=True):
        timed += [_timed(DEFAULT, 1.0, name), _timed(AGAIN, again_s, name), _timed(PEERS[0], 7.0, name)]
    assert find_noise(timed) == {"median": 1.0, "low": 0.95, "high": 1.1, "least": 0.9, "greatest": 1.3}
    assert find_noise(timed[2:3]) is None


def test_the_default_relative_to_the_tuned_schedule() -> None:
    timed = [_timed(DEFAULT, 1.0), _timed(TUNED, 0.9), _timed(DEFAULT, 1.0, "b"), _timed(TUNED, 0.4, "b")]
    assert find_default_vs_tuned(timed) == pytest.approx(0.6)
    assert find_default_vs_tuned(timed[:1]) is None
