"""Programs that a rule refuses, with the whole text of the error, and what becomes of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import tensorlang as tl
from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.errors import TensorlangError
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering import lower
from tensorlang.schedule.resolve import resolve
from tensorlang.schedule.rules import Family

ACCEPTED = "accepted"
_STUMBLES = (AssertionError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What lowering may run into where a rule that it relies on is switched off."""


@dataclass(frozen=True)
class Scheduled:
    """An algorithm with a schedule that is bound to nothing yet, so that it can be built whatever it says."""

    output: tl.Func | Sequence[tl.Func]
    schedule: tl.Schedule
    shapes: Mapping[str, tuple[int, ...]] | None = None
    numerics: str = "fast"

    def lower(self) -> None:
        """Compile as far as anything is checked.

        Raises
        ------
        TensorlangError
            The first problem.
        """
        algorithm = build_algorithm(self.output)
        resolved = resolve(algorithm, self.schedule)
        lower(resolved, infer_output_shapes(algorithm, self.shapes), numerics=self.numerics)


Build: TypeAlias = Callable[[], Scheduled]


@dataclass(frozen=True)
class MustFail:
    """A program that `rule` refuses with `text`, in which ``HERE`` stands for the line of the directive."""

    name: str
    family: Family
    rule: str
    text: str
    build: Build

    @cached_property
    def where(self) -> re.Pattern[str]:
        """What an error says of a line of this program."""
        module = self.build.__module__.replace(".", "/")
        return re.compile(rf"    {module}\.py:\d+$", re.MULTILINE)

    def outcome(self) -> str:
        """The text of the error that compiling ends in, or what happens instead."""
        return self.outcome_of(self.build())

    def outcome_of(self, scheduled: Scheduled) -> str:
        """As `outcome`, of a program that was made of this one."""
        try:
            scheduled.lower()
        except TensorlangError as error:
            return self.where.sub("    HERE", str(error))
        except _STUMBLES as error:
            return f"stumbled over {error!r}"
        return ACCEPTED


PROGRAMS: dict[str, MustFail] = {}
"""Every program by name; complete once `tests.legality.programs` is imported."""


def programs_of(family: Family) -> Callable[[str, str], Callable[[Build], Build]]:
    """The decorator for programs that rules of `family` refuse: it takes the name of the rule, and the text."""

    def must_fail(rule: str, text: str) -> Callable[[Build], Build]:
        def register(build: Build) -> Build:
            name = build.__name__
            assert name not in PROGRAMS, f"two programs are called {name}"
            PROGRAMS[name] = MustFail(name, family, rule, text, build)
            return build

        return register

    return must_fail
