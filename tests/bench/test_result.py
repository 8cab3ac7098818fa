"""Ratios: per round, robust against load that hits both sides; means and worst cases."""

from __future__ import annotations

import pytest

from autotune.bench.case import Case
from autotune.bench.implementations import DEFAULT, PEERS, TUNED, Implementation
from autotune.bench.result import Timed, compare, compare_all, geometric_mean, keep_least
from tensorlang.nn import Gemm

PEER = PEERS[0]
OTHER = Implementation("other", None, "nowhere")


def _timed(implementation: Implementation, *samples_s: float, case: str = "a", threads: int = 1) -> Timed:
    return Timed(Case(case, Gemm(m=1, n=500, k=1000), "", "net"), threads, implementation, samples_s, "")


def test_load_that_hits_both_sides_of_a_round_leaves_the_ratio_alone() -> None:
    ratio = compare(_timed(TUNED, 1.0, 5.0, 1.0), _timed(PEER, 2.0, 10.0, 2.0))
    assert (ratio.value, ratio.low, ratio.high, ratio.spread) == (2.0, 2.0, 2.0, 0.0)


def test_one_disturbed_turn_does_not_move_the_ratio_but_the_spread_may_show_it() -> None:
    ratio = compare(_timed(TUNED, 1.0, 1.0, 4.0, 1.0, 1.0), _timed(PEER, 2.0, 2.1, 2.0, 1.9, 2.0))
    assert ratio.value == 2.0
    assert ratio.spread == pytest.approx(0.05)


def test_one_round_has_no_spread() -> None:
    assert compare(_timed(TUNED, 2.0), _timed(PEER, 1.0)).spread == 0.0


def test_only_the_same_case_with_as_many_threads_is_compared() -> None:
    timed = [
        _timed(DEFAULT, 9.0),
        _timed(TUNED, 1.0),
        _timed(PEER, 2.0),
        _timed(TUNED, 1.0, threads=2),
        _timed(PEER, 3.0, threads=2),
        _timed(PEER, 4.0, case="b"),
    ]
    assert [ratio.value for ratio in compare_all(timed, "tuned")] == [2.0, 3.0]


def test_the_fastest_peer_is_the_one_that_counts_as_best() -> None:
    ratios = compare_all([_timed(TUNED, 1.0), _timed(PEER, 2.0), _timed(OTHER, 0.5)], "tuned")
    assert [(ratio.peer.implementation.name, ratio.value) for ratio in keep_least(ratios)] == [("other", 0.5)]


def test_geometric_mean() -> None:
    assert geometric_mean([0.5, 2.0, 8.0]) == pytest.approx(2.0)


def test_speed_is_that_of_the_median_time() -> None:
    assert _timed(TUNED, 0.001, 0.004, 0.002).gflops == pytest.approx(0.5)
