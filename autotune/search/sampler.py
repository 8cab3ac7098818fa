"""What a sampler is, and the one that draws at random."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol, TypeAlias

from autotune.points import sample_points
from schedules.space import Knobs, KnobValue, Space

Accepts: TypeAlias = Callable[[Knobs], bool]

_SAMPLES = 2000
_NEAR = 0.5


@dataclass(frozen=True)
class Observation:
    """A point that was tried: its knobs, and the time of a call [s], None if it could not be timed."""

    knobs: Knobs
    time_s: float | None


class Sampler(Protocol):
    """Proposes points.

    Called for one measurement at a time. The answer is a pure function of the history and the seed, so that a search
    that was stopped and goes on tries what it would have tried.
    """

    def propose(self, history: Sequence[Observation], seed: str) -> Iterator[dict[str, KnobValue]]:
        """Points to measure next, best first, of which the caller takes the first that it does not know yet.

        Parameters
        ----------
        history : sequence of Observation
            What was tried so far, in order.
        seed : str
            Another one for every step of a search.
        """
        ...


class RandomSampler:
    """Draws every point with the same probability."""

    def __init__(self, space: Space, accepts: Accepts) -> None:
        self._space = space
        self._accepts = accepts

    def propose(self, history: Sequence[Observation], seed: str) -> Iterator[dict[str, KnobValue]]:
        return filter(self._accepts, sample_points(self._space, Random(seed), _SAMPLES))


def timed(history: Sequence[Observation]) -> list[tuple[float, Knobs]]:
    """Times [s] and knobs of the observations that have a time, fastest first; of equal ones the first."""
    return sorted(((o.time_s, o.knobs) for o in history if o.time_s is not None), key=lambda pair: pair[0])


def mutate(knobs: Knobs, space: Space, random: Random, changes: int) -> dict[str, KnobValue]:
    """`knobs` with at most so many of them changed: numbers mostly to a neighbouring choice, others to any."""
    changed = dict(knobs)
    for knob in random.sample([knob for knob in space.knobs if len(knob.choices) > 1] or list(space.knobs), changes):
        at = next(i for i, choice in enumerate(knob.choices) if repr(choice) == repr(changed[knob.name]))
        is_near = type(knob.choices[-1]) is int and random.random() < _NEAR
        places = [i for i in (at - 1, at + 1) if 0 <= i < len(knob.choices)] if is_near else range(len(knob.choices))
        changed[knob.name] = knob.choices[random.choice(places)]
    return changed
