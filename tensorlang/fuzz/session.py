"""A run of the fuzzer: cases until the time is up, on one worker or several, failures made small at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from selectors import EVENT_READ, DefaultSelector
from typing import Any

from tensorlang.fuzz.case import Case
from tensorlang.fuzz.coverage import Coverage
from tensorlang.fuzz.pair import Kind
from tensorlang.fuzz.result import Result
from tensorlang.fuzz.supervisor import Worker

Progress = Callable[["Report"], None]

_MOST_FAILURES = 20
"""A run with more has been told enough."""


@dataclass(frozen=True)
class Failure:
    """A case that shows a defect."""

    case: Case
    kind: Kind
    reason: str


@dataclass
class Report:
    """What a run found."""

    seed: int
    coverage: Coverage = field(default_factory=Coverage)
    failures: list[Failure] = field(default_factory=list)
    cases: int = 0
    first: int = 0
    elapsed_s: float = 0.0

    def add(self, case: Case, result: Result) -> None:
        """Count a result, and keep it if it shows a defect."""
        self.cases += 1
        self.coverage.add(result)
        if result.kind.is_failure:
            self.failures.append(Failure(case, result.kind, result.reason))

    def to_data(self) -> dict[str, Any]:
        """As JSON has it."""
        failures = [{"case": str(f.case), "kind": f.kind, "reason": f.reason} for f in self.failures]
        return {**self.run_data(), **self.coverage.to_data(), "failures": failures}

    def run_data(self) -> dict[str, Any]:
        """What names its cases, and how long they took."""
        return {"seed": self.seed, "first": self.first, "cases": self.cases, "elapsed_s": round(self.elapsed_s, 1)}


def fuzz(
    *,
    seconds: float,
    seed: int = 0,
    jobs: int = 1,
    pairs: int | None = None,
    plant: str = "",
    progress: Progress | None = None,
    first: int = 0,
    coverage: Coverage | None = None,
) -> Report:
    """Run cases until the time is up, `pairs` pairs agreed, or enough of them failed.

    Parameters
    ----------
    seconds : float
        How long [s].
    seed : int
        With one job, equal seeds give equal cases.
    jobs : int
        Worker processes.
    pairs : int, optional
        Stop when so many have agreed.
    plant : str
        A defect to plant in the workers; the run then stops at the first failure.
    progress : callable, optional
        Called after every case.
    first : int
        The number of the first case.
    coverage : Coverage, optional
        What earlier runs exercised, to which this run adds; `pairs` counts theirs too.
    """
    report, begin_s = Report(seed, coverage or Coverage(), first=first), time.monotonic()
    most = 1 if plant else _MOST_FAILURES

    def is_over() -> bool:
        report.elapsed_s = time.monotonic() - begin_s
        is_done = pairs is not None and report.coverage.agreed >= pairs
        return is_done or report.elapsed_s >= seconds or len(report.failures) >= most

    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(plant=plant)) for _ in range(jobs)]
        running: dict[Worker, Case] = {}
        number = first
        for worker in workers:
            running[worker] = _next_case(report, number)
            worker.start(running[worker])
            number += 1
        while running:
            worker = _first_ready(list(running))
            report.add(running.pop(worker), worker.finish())
            if progress is not None:
                progress(report)
            if not is_over():
                running[worker] = _next_case(report, number)
                worker.start(running[worker])
                number += 1
    return report


def _next_case(report: Report, number: int) -> Case:
    return Case(report.seed, number, report.coverage.goals(report.seed, number))


def _first_ready(workers: list[Worker]) -> Worker:
    """The worker that answers first; the one that has waited longest, if none does in time."""
    if len(workers) == 1:
        return workers[0]
    with DefaultSelector() as selector:
        for worker in workers:
            selector.register(worker.answers, EVENT_READ, worker)
        ready = selector.select(min(worker.timeout_s for worker in workers))
    found = ready[0][0].data if ready else workers[0]
    assert isinstance(found, Worker)
    return found
