"""The default stays unless it is beaten beyond the noise."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from autotune.decision import beats, chance, choose, find_doubt

DEFAULT = [1.00, 1.02, 0.99, 1.01, 1.00, 1.03, 0.98, 1.00, 1.01, 1.00]


def test_clear_gain_wins() -> None:
    assert choose({"default": DEFAULT, "faster": [0.8 * t for t in DEFAULT]}) == "faster"


def test_slow_rounds_that_hit_both_do_not_hide_a_gain() -> None:
    disturbed = [t * (3.0 if r % 3 == 0 else 1.0) for r, t in enumerate(DEFAULT)]
    assert beats([0.95 * t for t in disturbed], disturbed)


def test_gain_below_a_hundredth_is_none() -> None:
    assert not beats([0.995 * t for t in DEFAULT], DEFAULT)


def test_gain_in_too_few_rounds_is_noise() -> None:
    # Half the rounds look 20 % faster, the others a little slower.
    challenger = [t * (0.8 if r % 2 else 1.01) for r, t in enumerate(DEFAULT)]
    assert not beats(challenger, DEFAULT)


def test_one_lucky_minimum_does_not_win() -> None:
    assert not beats([0.1, *DEFAULT[1:]], DEFAULT)


def test_a_later_contender_must_beat_the_one_before_it() -> None:
    record = [0.9 * t for t in DEFAULT]
    hardly_better = [0.895 * t for t in DEFAULT]
    assert choose({"default": DEFAULT, "record": record, "trial": hardly_better}) == "record"


NOISE: dict[str, Callable[[Random], float]] = {
    "normal 0.3 %": lambda random: random.gauss(1, 0.003),
    "normal 1 %": lambda random: random.gauss(1, 0.01),
    "normal 2 %": lambda random: random.gauss(1, 0.02),
    "normal 5 %": lambda random: random.gauss(1, 0.05),
    "normal 10 %": lambda random: random.gauss(1, 0.10),
    "exponential": lambda random: 1 + random.expovariate(50),
    "rare delays": lambda random: random.gauss(1, 0.005) + (2 * random.random() if random.random() < 0.1 else 0),
}


def hold(noise: Callable[[Random], float], gain: float, seed: int) -> str:
    """The winner of ten rounds of a default and three challengers, each `gain` times as fast, on a drifting machine."""
    random = Random(seed)
    drift = [1 + 0.2 * random.random() for _ in range(10)]
    speeds = {"default": 1.0, "first": gain, "second": gain, "third": gain}
    return choose({name: [d * noise(random) / speed for d in drift] for name, speed in speeds.items()})


@pytest.mark.parametrize("kind", NOISE)
def test_equally_fast_schedules_replace_the_default_in_one_contest_of_fifty_at_most(kind: str) -> None:
    winners = [hold(NOISE[kind], 1.0, seed) for seed in range(1000)]
    assert sum(winner != "default" for winner in winners) <= 0.02 * len(winners)


@pytest.mark.parametrize(
    ("kind", "gain", "least"), [("normal 0.3 %", 1.02, 0.99), ("normal 1 %", 1.03, 0.95), ("normal 5 %", 1.10, 0.85)]
)
def test_gain_beyond_the_noise_wins(kind: str, gain: float, least: float) -> None:
    winners = [hold(NOISE[kind], gain, seed) for seed in range(300)]
    assert sum(winner != "default" for winner in winners) >= least * len(winners)


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [([1.1] * 10, 1 / 1024), ([1.2] * 9 + [0.99], 2 / 1024), ([1.0] * 10, 1.0), ([1.3, 1.2, 0.9], 2 / 8)],
)
def test_chance_counts_the_ways_in_which_ranks_may_fall(ratios: list[float], expected: float) -> None:
    assert chance(ratios) == expected


def test_rounds_that_agree_leave_no_doubt() -> None:
    assert find_doubt([0.8 * t for t in DEFAULT], DEFAULT, 1.2) == ""
    disturbed = [t * (3.0 if r % 3 == 0 else 1.0) for r, t in enumerate(DEFAULT)]
    assert find_doubt([0.8 * t for t in disturbed], disturbed, None) == ""


@pytest.mark.parametrize(
    ("challenger", "default", "searched_gain", "doubt"),
    [
        ([1.0] * 10, [1.2, 11.7] * 5, None, "spread 163 %"),
        ([1.0] * 10, [0.9] + [1.5] * 9, None, "1.50x by the rounds, 0.90x by the least times"),
        ([0.1] + [1.0] * 9, [1.2] * 10, None, "1.20x by the rounds, 12.00x by the least times"),
        ([1.0] * 10, [11.69] * 10, 1.1, "11.69x by the rounds, 1.10x in the search"),
    ],
    ids=["rounds disagree", "least times deny the gain", "one lucky round", "default slow in every round"],
)
def test_gain_that_the_rounds_do_not_support_is_doubted(
    challenger: list[float], default: list[float], searched_gain: float | None, doubt: str
) -> None:
    assert find_doubt(challenger, default, searched_gain) == doubt
