"""Hunts a planted defect, and tells a find from a case that fails without the defect too."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tensorlang.fuzz.case import Case
from tensorlang.fuzz.coverage import Coverage
from tensorlang.fuzz.pair import Kind
from tensorlang.fuzz.session import Failure, fuzz
from tensorlang.fuzz.supervisor import Worker

Replay = Callable[[Case, str], bool]
"""Whether a case fails with a defect planted, or with none, which is the empty string."""


@dataclass(frozen=True)
class Hunt:
    """How the hunt for a planted defect went.

    Attributes
    ----------
    found : Failure or None
        The first case that fails with the defect, and not without it.
    others : tuple of Failure
        Cases that fail without the defect too, which show another defect, of the compiler as it is.
    cases : int
    elapsed_s : float
    """

    found: Failure | None
    others: tuple[Failure, ...]
    cases: int
    elapsed_s: float

    def __str__(self) -> str:
        verdict = f"{self.found.kind} in case {self.found.case}" if self.found else "NOT FOUND"
        others = [f"WITHOUT IT TOO: {failure.kind} in case {failure.case}" for failure in self.others]
        return "; ".join([verdict, *others])


def _fails(case: Case, plant: str) -> bool:
    with Worker(plant=plant) as worker:
        return worker.run(case).kind.is_failure


def hunt(plant: str, *, seed: int, seconds: float, most: int | None = None, fails: Replay = _fails) -> Hunt:
    """Fuzz with a defect planted until a case fails that passes without it, `most` pairs agreed, or the time is up.

    Parameters
    ----------
    plant : str
        ``MODULE:NAME`` of the defect.
    seed : int
    seconds : float
        How long [s].
    most : int, optional
    fails : callable
        By default runs a case in a worker of its own.
    """
    begin_s = time.monotonic()
    coverage, others, cases, elapsed_s = Coverage(), [], 0, 0.0
    found: Failure | None = None
    while found is None and elapsed_s < seconds:
        report = fuzz(seconds=seconds - elapsed_s, seed=seed, pairs=most, plant=plant, first=cases, coverage=coverage)
        cases, elapsed_s = cases + report.cases, time.monotonic() - begin_s
        if not report.failures:
            break
        (failure,) = report.failures
        if fails(failure.case, ""):
            others.append(failure)
        elif failure.kind is not Kind.HANG or fails(failure.case, plant):
            # A hang that does not come again was the machine's.
            found = failure
    return Hunt(found, tuple(others), cases, elapsed_s)
