"""A turn: warm-up, many calls, the least time; with a clock that the test winds."""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from autotune.bench.turn import take_turn


def _clocked(*durations_s: float) -> tuple[Callable[[], None], Callable[[], float], list[float]]:
    """A call that takes these times in order, then the last one for ever; the clock; the times it took so far."""
    taken: list[float] = []

    def call() -> None:
        taken.append(durations_s[min(len(taken), len(durations_s) - 1)])

    return call, lambda: sum(taken), taken


def test_the_least_time_counts_and_the_warm_up_does_not() -> None:
    call, clock, _ = _clocked(0.001, 0.002, 0.003, 0.010, 0.007, 0.009)
    assert take_turn(call, clock) == pytest.approx(0.007)


def test_slow_calls_are_made_few_times() -> None:
    call, clock, taken = _clocked(1.0)
    assert take_turn(call, clock) == 1.0
    assert len(taken) == 6


def test_short_calls_are_timed_in_batches() -> None:
    call, clock, taken = _clocked(1e-5)
    reads = 0

    def counting_clock() -> float:
        nonlocal reads
        reads += 1
        return clock()

    assert take_turn(call, counting_clock) == pytest.approx(1e-5)
    in_turn = len(taken) - 500  # the warm-up takes 5 ms
    assert in_turn == pytest.approx(3000, rel=0.02)
    assert reads < len(taken)


def test_the_garbage_collector_is_off_during_a_turn_only() -> None:
    seen: list[bool] = []
    call, clock, _ = _clocked(0.01)

    def watching() -> None:
        seen.append(gc.isenabled())
        call()

    assert gc.isenabled()
    take_turn(watching, clock)
    assert not any(seen)
    assert gc.isenabled()
