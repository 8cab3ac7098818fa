"""Optuna's tree-structured Parzen estimator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random

import optuna
from optuna.trial import FrozenTrial, TrialState, create_trial

from autotune.points import distributions, from_indices, to_indices
from autotune.search.sampler import Accepts, Observation, RandomSampler
from schedules.space import Knobs, KnobValue, Space

_STARTUP_TRIALS = 8
_DRAWS = 40
_MOST_REPEATED = 4


class TpeSampler:
    """`optuna.samplers.TPESampler`, multivariate; at random for the first few points.

    Notes
    -----
    Optuna's sampler knows nothing of constraints that can be checked without measuring: it is asked again until it
    proposes a point that they let through, on a copy of the study that holds nothing but what was measured.

    References
    ----------
    Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011.
    """

    def __init__(self, space: Space, accepts: Accepts) -> None:
        self._space = space
        self._accepts = accepts
        self._random = RandomSampler(space, accepts)
        self._distributions = distributions(space)

    def propose(self, history: Sequence[Observation], seed: str) -> Iterator[dict[str, KnobValue]]:
        if len(history) >= _STARTUP_TRIALS:
            yield from filter(self._accepts, self._new_ones(history, seed))
        yield from self._random.propose(history, seed)

    def _new_ones(self, history: Sequence[Observation], seed: str) -> Iterator[dict[str, KnobValue]]:
        """Draws until they come to repeat each other, or what was tried."""
        seen, repeated = {_key(observation.knobs) for observation in history}, 0
        for knobs in islice(self._draw(history, seed), _DRAWS):
            repeated += _key(knobs) in seen
            if repeated > _MOST_REPEATED:
                return
            seen.add(_key(knobs))
            yield knobs

    def _draw(self, history: Sequence[Observation], seed: str) -> Iterator[dict[str, KnobValue]]:
        study = optuna.create_study(direction="minimize")
        study.add_trials([self._to_trial(observation) for observation in history])
        number = Random(seed).getrandbits(32)
        sampler = optuna.samplers.TPESampler(n_startup_trials=0, multivariate=True, constant_liar=False, seed=number)
        asked = create_trial(state=TrialState.RUNNING)
        space = sampler.infer_relative_search_space(study, asked)
        while space:
            yield from_indices(self._space, sampler.sample_relative(study, asked, space))

    def _to_trial(self, observation: Observation) -> FrozenTrial:
        params = to_indices(self._space, observation.knobs)
        if observation.time_s is None:  # a constraint above 0 says that the point is infeasible
            return create_trial(
                state=TrialState.PRUNED,
                params=params,
                distributions=self._distributions,
                constraints={"feasible": 1.0},
            )
        return create_trial(value=observation.time_s, params=params, distributions=self._distributions)


def _key(knobs: Knobs) -> str:
    return repr(sorted(knobs.items()))
