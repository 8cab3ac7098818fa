"""Search spaces of schedules: named knobs over fixed lists of choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import TypeAlias

from tensorlang.errors import TuningError

KnobValue: TypeAlias = int | str | bool
Knobs: TypeAlias = Mapping[str, KnobValue]


@dataclass(frozen=True)
class Knob:
    """A decision with a fixed list of choices.

    Neighbouring choices should behave alike: samplers see the position in the list.
    """

    name: str
    choices: tuple[KnobValue, ...]

    def __post_init__(self) -> None:
        if not self.choices or len(set(map(repr, self.choices))) != len(self.choices):
            raise TuningError(f"knob {self.name!r} must have distinct choices, but got {self.choices!r}.")

    def nearest(self, value: KnobValue) -> KnobValue:
        """`value` if it is a choice; else the choice nearest to it if both are integers, else the first choice."""
        exact = [choice for choice in self.choices if repr(choice) == repr(value)]
        if exact:
            return exact[0]
        numbers = [choice for choice in self.choices if type(choice) is int]
        if type(value) is int and numbers:
            return min(numbers, key=lambda choice: abs(choice - value))
        return self.choices[0]


@dataclass(frozen=True)
class Space:
    """The product of knobs; not every point is legal, a family's `is_legal` says which."""

    knobs: tuple[Knob, ...]

    @property
    def size(self) -> int:
        """Number of points, legal or not."""
        return prod(len(knob.choices) for knob in self.knobs)

    @cached_property
    def _by_name(self) -> dict[str, Knob]:
        return {knob.name: knob for knob in self.knobs}

    def points(self) -> Iterator[dict[str, KnobValue]]:
        """Every point, the last knob varying fastest."""
        for values in product(*(knob.choices for knob in self.knobs)):
            yield {knob.name: value for knob, value in zip(self.knobs, values, strict=True)}

    def contains(self, values: Knobs) -> bool:
        """True if `values` names exactly the knobs, each with one of its choices."""
        return set(values) == set(self._by_name) and all(
            repr(value) in map(repr, self._by_name[name].choices) for name, value in values.items()
        )

    def nearest(self, values: Knobs) -> dict[str, KnobValue]:
        """The point nearest to `values`, knob by knob; a knob that `values` lacks takes its first choice."""
        return {knob.name: knob.nearest(values.get(knob.name, knob.choices[0])) for knob in self.knobs}
