"""Evolution: the fastest points so far, changed a little."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from autotune.search.sampler import Accepts, Observation, RandomSampler, mutate, timed
from schedules.space import KnobValue, Space

_PARENTS = 3
_DRAWS = 400
_MOST_CHANGES = 3
_EXPLORING = 0.15  # share of points drawn at random, so that no hill is the last


class EvolutionSampler:
    """Changes one to three knobs of one of the fastest points, the faster the more often; now and then, any point."""

    def __init__(self, space: Space, accepts: Accepts) -> None:
        self._space = space
        self._accepts = accepts
        self._random = RandomSampler(space, accepts)

    def propose(self, history: Sequence[Observation], seed: str) -> Iterator[dict[str, KnobValue]]:
        random = Random(seed)
        parents = [knobs for _, knobs in timed(history)[:_PARENTS]]
        knobs = sum(len(knob.choices) > 1 for knob in self._space.knobs)
        if parents and knobs and random.random() >= _EXPLORING:
            weights = [1 / (1 + place) for place in range(len(parents))]
            for _ in range(_DRAWS):
                (parent,) = random.choices(parents, weights)
                child = mutate(parent, self._space, random, random.randint(1, min(_MOST_CHANGES, knobs)))
                if self._accepts(child):
                    yield child
        yield from self._random.propose(history, seed)
