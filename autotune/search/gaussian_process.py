"""Bayesian optimization: a Gaussian process over the knobs, and the point with the greatest expected improvement."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from random import Random

import numpy as np
from numpy.typing import NDArray

from autotune.points import sample_points
from autotune.search.features import Features
from autotune.search.sampler import Accepts, Observation, RandomSampler, mutate, timed
from schedules.space import Knobs, KnobValue, Space

_STARTUP_TRIALS = 4
_POOL = 1000
_POOL_SAMPLES = 30_000
_POOL_STEPS = 64  # after which another pool is drawn
_PARENTS = 5
_CHILDREN = 400
_MOST_CHANGES = 2
_MOST_OBSERVED = 384
_WORST = math.log(4.0)  # slower than the fastest by more is all the same, and as bad as what cannot be timed
_LENGTHS = (0.2, 0.35, 0.6, 1.0, 1.8, 3.2)
_START_LENGTH = 3
_SWEEPS = 2
_NOISES = (1e-4, 1e-3, 1e-2, 1e-1)
_FITTED_TO = 80

_Array = NDArray[np.float64]


class GaussianProcessSampler:
    """Models the logarithm of the time, and proposes where it may fall furthest below the least so far.

    Candidates are a pool of random points, and the fastest points with one or two knobs changed.

    References
    ----------
    Jones, Schonlau and Welch, "Efficient global optimization of expensive black-box functions", 1998.
    """

    def __init__(self, space: Space, accepts: Accepts) -> None:
        self._space = space
        self._accepts = accepts
        self._random = RandomSampler(space, accepts)
        self._features = Features(space)
        self._pool = lru_cache(maxsize=1)(self._make_pool)

    def propose(self, history: Sequence[Observation], seed: str) -> Iterator[dict[str, KnobValue]]:
        fastest = timed(history)
        if len(fastest) >= _STARTUP_TRIALS:
            candidates = self._candidates(fastest, len(history), seed)
            if candidates:
                order = np.argsort(-self._improvements(history, fastest, candidates), kind="stable")
                yield from (candidates[i] for i in order)
        yield from self._random.propose(history, seed)

    def _candidates(self, fastest: Sequence[tuple[float, Knobs]], step: int, seed: str) -> list[dict[str, KnobValue]]:
        random = Random(seed)
        parents = [knobs for _, knobs in fastest[:_PARENTS]]
        most = min(_MOST_CHANGES, sum(len(knob.choices) > 1 for knob in self._space.knobs))
        children = (
            mutate(random.choice(parents), self._space, random, random.randint(1, most)) for _ in range(_CHILDREN)
        )
        distinct = {repr(child): child for child in children if most and self._accepts(child)}
        return [*distinct.values(), *self._pool(step // _POOL_STEPS)]

    def _make_pool(self, number: int) -> list[dict[str, KnobValue]]:
        points = sample_points(self._space, Random(f"pool {number}"), _POOL_SAMPLES)
        return list(islice(filter(self._accepts, points), _POOL))

    def _improvements(
        self, history: Sequence[Observation], fastest: Sequence[tuple[float, Knobs]], candidates: Sequence[Knobs]
    ) -> _Array:
        least_s = fastest[0][0]
        known = history if len(history) <= _MOST_OBSERVED else _thin(history, fastest)
        slowness = np.array([_WORST if o.time_s is None else min(math.log(o.time_s / least_s), _WORST) for o in known])
        scale = float(slowness.std()) or 1.0
        values = (slowness - slowness.mean()) / scale
        process = _fit(self._features.of([o.knobs for o in known]), values)
        mean, deviation = process.predict(self._features.of(candidates))
        return _expected_improvement(float(values.min()), mean, deviation)


def _thin(history: Sequence[Observation], fastest: Sequence[tuple[float, Knobs]]) -> list[Observation]:
    """The faster half of what the model can hold, and the latest."""
    half = _MOST_OBSERVED // 2
    limit_s = fastest[min(half, len(fastest)) - 1][0]
    fast = [o for o in history if o.time_s is not None and o.time_s <= limit_s][:half]
    kept = set(map(id, fast))
    return fast + [o for o in history if id(o) not in kept][-half:]


@dataclass(frozen=True)
class _Process:
    """A Gaussian process that has seen `points`."""

    points: _Array
    lengths: _Array
    factor: _Array
    weights: _Array

    def predict(self, points: _Array) -> tuple[_Array, _Array]:
        """Mean and standard deviation at each of `points`."""
        near = _kernel(_squared_distances(points / self.lengths, self.points / self.lengths))
        spread = np.linalg.solve(self.factor, near.T)
        variance = np.maximum(1.0 - (spread**2).sum(axis=0), 1e-12)
        return near @ self.weights, np.sqrt(variance)


def _fit(points: _Array, values: _Array) -> _Process:
    """Choose a length for every feature, and the noise, by the marginal likelihood: coordinate by coordinate."""
    squares, seen = _squares(points[-_FITTED_TO:], points[-_FITTED_TO:]), values[-_FITTED_TO:]
    places = [_START_LENGTH] * points.shape[1]
    noise = _NOISES[1]
    best = _evidence(squares, seen, places, noise)
    for _ in range(_SWEEPS):
        for feature in range(len(places)):
            for place in (places[feature] - 1, places[feature] + 1):
                tried = [*places[:feature], place, *places[feature + 1 :]]
                if 0 <= place < len(_LENGTHS) and (found := _evidence(squares, seen, tried, noise)) > best:
                    best, places = found, tried
        found, noise = max((_evidence(squares, seen, places, n), n) for n in _NOISES)
        best = found
    lengths = np.array([_LENGTHS[place] for place in places])
    scaled = points / lengths
    factor = np.asarray(np.linalg.cholesky(_kernel(_squared_distances(scaled, scaled)) + noise * np.eye(len(points))))
    return _Process(points, lengths, factor, np.linalg.solve(factor.T, np.linalg.solve(factor, values)))


def _evidence(squares: _Array, values: _Array, places: Sequence[int], noise: float) -> float:
    """Logarithm of the marginal likelihood, but for a constant."""
    lengths = np.array([_LENGTHS[place] for place in places])
    factor = np.linalg.cholesky(_kernel(np.tensordot(lengths**-2, squares, axes=1)) + noise * np.eye(len(values)))
    explained = np.linalg.solve(factor, values)
    return float(-0.5 * explained @ explained - np.log(np.diag(factor)).sum())


def _squares(left: _Array, right: _Array) -> _Array:
    """Squared differences, one matrix for every feature."""
    return (left.T[:, :, None] - right.T[:, None, :]) ** 2


def _squared_distances(left: _Array, right: _Array) -> _Array:
    squared = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1) - 2 * left @ right.T
    return np.asarray(np.maximum(squared, 0.0))


def _kernel(squared_distances: _Array) -> _Array:
    """Matern 5/2."""
    distance = np.sqrt(5 * squared_distances)
    return np.asarray((1 + distance + distance**2 / 3) * np.exp(-distance))


def _expected_improvement(least: float, mean: _Array, deviation: _Array) -> _Array:
    z = (least - mean) / deviation
    density = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    below = 0.5 * (1 + np.array([math.erf(x / math.sqrt(2)) for x in z]))
    return np.asarray(deviation * (z * below + density))
