"""Which layer gets the next turn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autotune.budget import Budget, Prospect, expected_gain_s


def test_turns_are_neither_too_short_nor_too_long() -> None:
    assert Budget(180).turn_s(24) == 4.0
    assert Budget(600).turn_s(24) == pytest.approx(12.5)
    assert Budget(1e6).turn_s(24) == 60.0


def test_budget_runs_out() -> None:
    assert Budget(0.0).left_s == 0.0
    assert 0 < Budget(100.0).left_s <= 100.0


LAYER = Prospect(count=2, macs=10**8, best_s=2e-3, turns=0, barren=0)
PEAK = 1e11


@pytest.mark.parametrize(
    "more_promising",
    [
        replace(LAYER, count=3),
        replace(LAYER, best_s=4e-3),  # the same work, slower: more time, and more room
    ],
)
def test_layers_that_take_longer_and_have_more_room_come_first(more_promising: Prospect) -> None:
    assert expected_gain_s(more_promising, PEAK) > expected_gain_s(LAYER, PEAK)


def test_turns_lower_the_expectation_and_barren_ones_more() -> None:
    fruitful, barren = replace(LAYER, turns=1), replace(LAYER, turns=1, barren=1)
    assert expected_gain_s(LAYER, PEAK) > expected_gain_s(fruitful, PEAK) > expected_gain_s(barren, PEAK) > 0


def test_the_fastest_layer_is_still_worth_a_turn_some_day() -> None:
    fastest = replace(LAYER, best_s=1e-3)
    assert fastest.macs_per_s == PEAK
    assert expected_gain_s(fastest, PEAK) > expected_gain_s(replace(LAYER, turns=9, barren=9), PEAK)
