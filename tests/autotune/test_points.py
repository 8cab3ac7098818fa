"""Points of a space become integer parameters of a trial, and come back."""

from __future__ import annotations

from random import Random

import optuna
from hypothesis import given
from hypothesis import strategies as st

from autotune.points import from_indices, sample_points, suggest_point, to_indices
from schedules.space import Knob, Space

values = st.one_of(st.integers(-4, 64), st.booleans(), st.sampled_from(["a", "b", "1"]))
knobs = st.lists(st.lists(values, min_size=1, max_size=5, unique_by=repr), min_size=1, max_size=4)
spaces = knobs.map(lambda lists: Space(tuple(Knob(f"k{i}", tuple(choices)) for i, choices in enumerate(lists))))


@given(spaces, st.data())
def test_point_survives_being_asked_of_a_trial(space: Space, data: st.DataObject) -> None:
    point = data.draw(st.sampled_from(list(space.points())))
    indices = to_indices(space, point)
    suggested = suggest_point(optuna.trial.FixedTrial(indices), space)  # type: ignore[arg-type]  # has the same methods
    assert repr(suggested) == repr(from_indices(space, indices)) == repr(point)


@given(spaces)
def test_knob_with_one_choice_is_no_parameter(space: Space) -> None:
    point = next(space.points())
    assert set(to_indices(space, point)) == {knob.name for knob in space.knobs if len(knob.choices) > 1}


@given(spaces)
def test_small_space_is_sampled_without_repeating_or_missing_a_point(space: Space) -> None:
    sampled = [repr(point) for point in sample_points(space, Random(0), space.size)]
    assert sorted(sampled) == sorted(map(repr, space.points()))


def test_large_space_is_sampled_to_the_limit() -> None:
    space = Space(tuple(Knob(name, tuple(range(50))) for name in "abcdef"))
    points = list(sample_points(space, Random(0), 100))
    assert len(points) == 100
    assert all(space.contains(point) for point in points)
