"""Points of a search space as Optuna sees them: integer indices into each knob's fixed list of choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from random import Random
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, IntDistribution
from optuna.trial import FrozenTrial

from schedules.space import Knobs, KnobValue, Space

# Optuna does not support categorical choices that change; indices also tell the sampler that neighbours are alike.


def suggest_point(trial: optuna.Trial, space: Space) -> dict[str, KnobValue]:
    """Let the sampler choose a point; a knob with one choice is no decision, and the sampler never hears of it."""
    return {
        knob.name: knob.choices[trial.suggest_int(knob.name, 0, len(knob.choices) - 1) if len(knob.choices) > 1 else 0]
        for knob in space.knobs
    }


class ChosenPoint(optuna.samplers.BaseSampler):
    """Optuna's sampler where the point was chosen before: it makes `suggest_point` return `knobs`."""

    def __init__(self, space: Space) -> None:
        self.knobs: Knobs = {}
        self._space = space

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return distributions(self._space)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return to_indices(self._space, self.knobs)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return to_indices(self._space, self.knobs)[param_name]


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """What Optuna has to know of the parameters that `suggest_point` asks for."""
    return {knob.name: IntDistribution(0, len(knob.choices) - 1) for knob in space.knobs if len(knob.choices) > 1}


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
    names = [knob.name for knob in space.knobs]
    if space.size <= limit:
        points = list(product(*(knob.choices for knob in space.knobs)))
        random.shuffle(points)
        yield from (dict(zip(names, values, strict=True)) for values in points)
        return
    for _ in range(limit):
        yield {knob.name: random.choice(knob.choices) for knob in space.knobs}
