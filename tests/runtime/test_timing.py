"""Timing: batches, samples, refusals."""

from __future__ import annotations

import time

import pytest

from tensorlang.errors import TuningError
from tensorlang.runtime.timing import time_callable


def test_a_slow_function_is_timed_call_by_call() -> None:
    timing = time_callable(lambda: time.sleep(0.003), min_batch_s=0.001, repeats=3)
    assert timing.batch == 1 and len(timing.samples_s) == 3
    assert 0.003 <= timing.minimum_s <= timing.median_s < 1.0


def test_a_fast_function_is_timed_in_batches() -> None:
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    timing = time_callable(count, min_batch_s=0.001, repeats=2)
    assert timing.batch > 16 and timing.batch & (timing.batch - 1) == 0
    assert calls >= 2 * timing.batch
    assert timing.minimum_s < 1e-4


@pytest.mark.parametrize(("repeats", "min_batch_s"), [(0, 0.1), (1, -1.0), (1, float("nan"))])
def test_refusals(repeats: int, min_batch_s: float) -> None:
    with pytest.raises(TuningError) as caught:
        time_callable(lambda: None, repeats=repeats, min_batch_s=min_batch_s)
    assert str(caught.value) == f"repeats={repeats} and min_batch_s={min_batch_s} must be at least 1 and 0."
