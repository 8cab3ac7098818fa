"""A record holds if the ratio measured now agrees with the recorded one within the spread of both."""

from __future__ import annotations

from random import Random

import pytest

from autotune.reproduction import Ratio, Reproduction, reproduce
from schedules import Timing


def rounds_of(gain: float, noise: float, seed: int) -> tuple[list[float], list[float]]:
    """Times of ten rounds of a schedule and of the default, `gain` times as slow [s]."""
    random = Random(seed)
    best, default = ([1e-3 * random.gauss(1, noise) for _ in range(10)] for _ in range(2))
    return best, [gain * time_s for time_s in default]


def timing_of(gain: float, noise: float, seed: int) -> Timing:
    best, default = (tuple(round(1e9 * time_s) for time_s in times) for times in rounds_of(gain, noise, seed))
    return Timing(best, default, "test")


def compare(recorded: float, now: float, noise: float, seed: int, waiting_share: float = 0.0) -> Reproduction:
    return reproduce(timing_of(recorded, noise, 2 * seed), *rounds_of(now, noise, 2 * seed + 1), waiting_share)


def test_ratio_is_what_records_are_ranked_by() -> None:
    timing = timing_of(1.3, 0.02, 0)
    ratio = Ratio.of(timing.samples_ns, timing.baseline_samples_ns)
    assert ratio.value == timing.speedup
    assert ratio.low <= ratio.high
    assert str(Ratio(1.304, 1.2, 1.4)) == "1.30x (1.20 to 1.40)"


def test_range_holds_what_is_claimed() -> None:
    """The default was lucky once, so that the least times say less than any round."""
    default = [1.0, *[1.5] * 9]
    assert Ratio.of([1.0] * 10, default) == Ratio(1.0, 1.0, 1.5)
    assert Ratio.of([1.0] * 10, [1.5] * 10) == Ratio(1.5, 1.5, 1.5)


def test_single_round_has_no_range() -> None:
    assert Ratio.of([1.0], [1.5]) == Ratio(1.5, 1.5, 1.5)


@pytest.mark.parametrize("noise", [0.0, 0.01, 0.03, 0.05])
def test_gain_that_is_there_is_reproduced_and_one_that_is_not_is_flagged(noise: float) -> None:
    there = sum(compare(1.3, 1.3, noise, seed).holds for seed in range(300))
    gone = sum(compare(1.3, 1.0, noise, seed).holds for seed in range(300))
    assert there >= 0.97 * 300
    assert gone <= 0.01 * 300


def test_verdict_tells_a_busy_machine_from_a_record_that_does_not_hold() -> None:
    assert compare(1.3, 1.3, 0.01, 0).verdict == "reproduced"
    assert compare(1.3, 1.0, 0.01, 0).verdict == "NOT REPRODUCED"
    busy = compare(1.3, 1.0, 0.01, 0, waiting_share=0.12)
    assert busy.verdict == "not reproduced, but waited 12 % of the time for busy CPUs"
