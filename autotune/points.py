"""Points of a search space as Optuna sees them: integer indices into each knob's fixed list of choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product
from random import Random

import optuna

from schedules.space import Knobs, KnobValue, Space

# Optuna does not support categorical choices that change; indices also tell the sampler that neighbours are alike.


def suggest_point(trial: optuna.Trial, space: Space) -> dict[str, KnobValue]:
    """Let the sampler choose a point; a knob with one choice is no decision, and the sampler never hears of it."""
    return {
        knob.name: knob.choices[trial.suggest_int(knob.name, 0, len(knob.choices) - 1) if len(knob.choices) > 1 else 0]
        for knob in space.knobs
    }


def to_indices(space: Space, point: Knobs) -> dict[str, int]:
    """The parameters that make `suggest_point` return `point`, which `space` contains."""
    return {
        knob.name: next(i for i, choice in enumerate(knob.choices) if repr(choice) == repr(point[knob.name]))
        for knob in space.knobs
        if len(knob.choices) > 1
    }


def from_indices(space: Space, indices: Mapping[str, int]) -> dict[str, KnobValue]:
    """The point that a trial's parameters stand for: the inverse of `to_indices`."""
    return {knob.name: knob.choices[indices.get(knob.name, 0)] for knob in space.knobs}


def sample_points(space: Space, random: Random, limit: int) -> Iterator[dict[str, KnobValue]]:
    """At most `limit` points: every one in random order if there are no more than that, else random ones."""
    if space.size <= limit:
        points = list(product(*(knob.choices for knob in space.knobs)))
        random.shuffle(points)
    else:
        points = [tuple(random.choice(knob.choices) for knob in space.knobs) for _ in range(limit)]
    for values in islice(points, limit):
        yield {knob.name: value for knob, value in zip(space.knobs, values, strict=True)}
