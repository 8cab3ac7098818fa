"""The name of a case: what is needed to draw the same pair again."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from tensorlang.errors import LanguageError

_BYTES = 16384
"""More than any pair takes."""


@dataclass(frozen=True)
class Case:
    """A pair by the seed of its run, its number in it, and the directives and tails that it was to have.

    Its text is ``SEED:NUMBER`` or ``SEED:NUMBER:GOAL,GOAL``.
    """

    seed: int
    number: int
    goals: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"{self.seed}:{self.number}"
        return f"{text}:{','.join(self.goals)}" if self.goals else text

    def entropy(self) -> bytes:
        """The random bytes that Hypothesis draws from."""
        return Random(f"{self.seed}:{self.number}").randbytes(_BYTES)


def parse_case(text: str) -> Case:
    """The case that `text` names.

    Raises
    ------
    LanguageError
        If it names none.
    """
    seed, _, rest = text.partition(":")
    number, _, goals = rest.partition(":")
    if not (seed.isdecimal() and number.isdecimal()):
        raise LanguageError(f"{text!r} names no case.", legal="SEED:NUMBER | SEED:NUMBER:GOAL,GOAL")
    return Case(int(seed), int(number), tuple(filter(None, goals.split(","))))
