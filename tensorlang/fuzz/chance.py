"""Random choices: drawn through Hypothesis, which can make a failing sequence of them simpler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tensorlang.errors import TargetError

try:
    from hypothesis import strategies
except ImportError as missing:
    raise TargetError(
        "the fuzzer needs Hypothesis, which is not installed.",
        rule="Hypothesis draws the programs and shrinks what fails",
        hint='pip install "tensorlang[fuzz]"',
    ) from missing

T = TypeVar("T")


class Chance:
    """Choices among few things; the first of each is the simplest, to which shrinking goes.

    Parameters
    ----------
    draw : callable
        From a Hypothesis strategy to a value.
    """

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included; `low` is the simplest."""
        if high <= low:
            return low
        return low + int(self._draw(strategies.integers(0, high - low)))

    def one_of(self, items: Sequence[T]) -> T:
        """One of `items`, all alike."""
        return items[self.integer(0, len(items) - 1)]

    def weighted(self, items: Sequence[tuple[T, int]]) -> T:
        """One of the items of pairs (item, weight)."""
        place = self.integer(0, sum(weight for _, weight in items) - 1)
        for item, weight in items:
            place -= weight
            if place < 0:
                return item
        raise AssertionError("the weights are positive")

    def flag(self, percent: int) -> bool:
        """True with a probability [%]; False is simpler."""
        return self.integer(0, 99) >= 100 - percent

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in random order; the order given is the simplest."""
        left, order = list(items), []
        while left:
            order.append(left.pop(self.integer(0, len(left) - 1)))
        return order

    def some_of(self, items: Sequence[T], least: int, most: int) -> list[T]:
        """From `least` to `most` of the items, in random order."""
        count = self.integer(least, min(most, len(items)))
        return self.shuffled(items)[:count]
