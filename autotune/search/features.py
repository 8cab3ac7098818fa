"""Points of a space as vectors of numbers, so that points that behave alike are near each other."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from schedules.space import Knob, Knobs, KnobValue, Space


class Features:
    """The encoding of one space.

    Numbers are places in their list of choices, from 0 to 1; where 0 stands for "none" beside them, that is a feature
    of its own. Words have a feature each.
    """

    def __init__(self, space: Space) -> None:
        knobs = [knob for knob in space.knobs if len(knob.choices) > 1]
        self._codes = {
            knob.name: {repr(choice): _encode(knob, place) for place, choice in enumerate(knob.choices)}
            for knob in knobs
        }

    def of(self, points: Sequence[Knobs]) -> NDArray[np.float64]:
        """Return the vectors, a row for every point."""
        return np.array([[x for name, codes in self._codes.items() for x in codes[repr(p[name])]] for p in points])


def _encode(knob: Knob, place: int) -> tuple[float, ...]:
    last = len(knob.choices) - 1
    if not all(isinstance(choice, int) for choice in knob.choices):
        return tuple(1 / sqrt(2) if at == place else 0.0 for at in range(last + 1))
    along = (place / last,)
    return (*along, float(_is_none(knob.choices[place]))) if any(map(_is_none, knob.choices)) else along


def _is_none(choice: KnobValue) -> bool:
    return type(choice) is int and choice == 0
