"""The registry of legality rules: one function a rule, which can be switched off alone, to show that it matters.

A check takes what it needs and returns the error, or None where the rule is kept. Directives raise it by `refuse`;
checks of a whole schedule collect it. The first paragraph of a check's docstring is the law, and what its errors say
under ``rule`` where they say nothing closer to the case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from types import MappingProxyType
from typing import ParamSpec, TypeVar

from tensorlang.errors import TensorlangError

_Asked = ParamSpec("_Asked")
_Error = TypeVar("_Error", bound=TensorlangError)


class Family(StrEnum):
    """What a rule is about."""

    PLACEMENT = "placement"
    RACES = "races"
    REDUCTION_ORDER = "order of reductions"
    TAILS = "tails"
    STORAGE = "storage"
    NAMES = "names"
    VECTORS = "vectors"
    LOOPS = "loops"
    BOUNDS = "bounds"
    FACTORS = "factored reductions"
    FUSED = "fused loops"
    CASES = "specialisation"
    PREFETCHING = "prefetching"
    SIZES = "sizes of what is compiled"
    EFFECT = "no directive without effect"


@dataclass(frozen=True, slots=True)
class Rule:
    """A law that a schedule keeps: the name of its check, its family, and the law in a sentence."""

    name: str
    family: Family
    law: str


_rules: dict[str, Rule] = {}
_switched_off: ContextVar[frozenset[str]] = ContextVar("_switched_off", default=frozenset())

RULES: Mapping[str, Rule] = MappingProxyType(_rules)
"""Every rule by name; complete once `tensorlang` is imported."""


def rule(family: Family) -> Callable[[Callable[_Asked, _Error | None]], Callable[_Asked, _Error | None]]:
    """Register a check; its name without ``check_`` names the rule, its docstring begins with the law."""

    def register(check: Callable[_Asked, _Error | None]) -> Callable[_Asked, _Error | None]:
        name = check.__name__.removeprefix("check_")
        assert name not in _rules, f"two rules are called {name}"
        law = _law(check.__doc__ or "")
        _rules[name] = Rule(name, family, law)

        @wraps(check)
        def checked(*args: _Asked.args, **kwargs: _Asked.kwargs) -> _Error | None:
            problem = None if name in _switched_off.get() else check(*args, **kwargs)
            if problem is not None:
                problem.rule = problem.rule or law
            return problem

        return checked

    return register


def _law(docstring: str) -> str:
    """The first paragraph as part of an error text: one line, begun in lower case, without a full stop."""
    law = " ".join(docstring.partition("\n\n")[0].split()).removesuffix(".")
    return law[:1].lower() + law[1:]


def refuse(*problems: TensorlangError | None) -> None:
    """Raise the first problem there is."""
    for problem in problems:
        if problem is not None:
            raise problem


def are_all_in_force() -> bool:
    """Whether no rule is switched off: what is lowered without one may be wrong, and is nothing to keep."""
    return not _switched_off.get()


@contextmanager
def switched_off(name: str) -> Iterator[None]:
    """Do without the rule called `name`: for tests that show what it is there for."""
    assert name in _rules, f"there is no rule {name}"
    token = _switched_off.set(_switched_off.get() | {name})
    try:
        yield
    finally:
        _switched_off.reset(token)
