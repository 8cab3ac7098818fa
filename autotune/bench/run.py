"""Runs a comparison: opens each case in every implementation, compares the answers, then times in rounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from autotune.bench.case import Array, Case, describe_difference
from autotune.bench.implementations import OURS, Implementation
from autotune.bench.placement import choose_cpus
from autotune.bench.result import Comparison, Failure, Timed
from autotune.bench.rounds import run_rounds
from autotune.bench.worker import Worker
from autotune.measure.protocol import Message
from tensorlang.errors import TensorlangError

Notify = Callable[[str], None]


@dataclass
class _Findings:
    """What has been found so far."""

    timed: list[Timed] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    builds_s: list[float] = field(default_factory=list)
    loads_s: list[float] = field(default_factory=list)
    facts: dict[int, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Opened:
    """A worker that is ready to be timed on the case at hand."""

    worker: Worker
    about: Message
    answer: Array

    def turn(self) -> float:
        return self.worker.turn()


def run_comparison(
    cases: Sequence[Case],
    implementations: Sequence[Implementation],
    thread_counts: Sequence[int],
    rounds: int,
    notify: Notify,
) -> Comparison:
    """Time every case with every implementation that computes it, and every number of threads.

    Parameters
    ----------
    notify : callable
        Told the case at hand, once for each case and number of threads, before it is begun.

    Raises
    ------
    TuningError
        If there are fewer CPUs than threads. What goes wrong in a case is a `Failure`, and the run goes on.
    """
    findings = _Findings()
    placements = [(threads, choose_cpus(threads)) for threads in thread_counts]
    with TemporaryDirectory(prefix="autotune-bench-") as folder:
        for threads, cpus in placements:
            with ExitStack() as stack:
                workers = [stack.enter_context(Worker(i, threads, cpus, Path(folder))) for i in implementations]
                before = _read_facts(workers)
                for case in cases:
                    notify(f"{case.name}, {threads} thread{'s' * (threads > 1)}")
                    able = [worker for worker in workers if worker.implementation.computes(case.workload)]
                    _run_case(case, threads, able, rounds, findings)
                findings.facts[threads] = _keep_best(before, _read_facts_again(workers))
    return Comparison(
        tuple(findings.timed),
        tuple(findings.failures),
        tuple(findings.builds_s),
        findings.facts,
        tuple(findings.loads_s),
    )


def _read_facts(workers: Sequence[Worker]) -> dict[str, float]:
    """Figures that belong to no layer, asked of one of our own processes."""
    ours = [worker for worker in workers if worker.implementation.name == OURS]
    return ours[0].facts() if ours else {}


def _read_facts_again(workers: Sequence[Worker]) -> dict[str, float]:
    """The same, or nothing if that fails: the cases are not lost for want of a second look at the machine."""
    try:
        return _read_facts(workers)
    except TensorlangError:
        return {}


def _keep_best(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """The better of two measurements of each figure: disturbances lower rates, and lengthen times."""
    is_time = {name: name.endswith("_us") for name in before}
    return {name: (min if is_time[name] else max)(value, after.get(name, value)) for name, value in before.items()}


def _run_case(case: Case, threads: int, workers: Sequence[Worker], rounds: int, findings: _Findings) -> None:
    def fail(worker: Worker, reason: str) -> None:
        findings.failures.append(Failure(case, threads, worker.implementation, reason))

    opened: list[_Opened] = []
    for worker in workers:
        try:
            about, answer = worker.open(case.workload.to_data())
        except TensorlangError as reason:
            fail(worker, str(reason))
            continue
        opened.append(_Opened(worker, about, answer))
    for one, difference in _find_wrong(case, opened):
        opened = [o for o in opened if o is not one]
        fail(one.worker, difference)
    if not opened:
        return
    _note_builds(opened, findings)
    try:
        samples = run_rounds(opened, rounds)
    except TensorlangError as reason:
        for one in opened:
            fail(one.worker, f"a process failed while it was timed: {reason}")
        return
    for one, times in zip(opened, samples, strict=True):
        detail, figures = str(one.about["detail"]), one.about["figures"]
        findings.timed.append(Timed(case, threads, one.worker.implementation, times, detail, figures))


def _note_builds(opened: Sequence[_Opened], findings: _Findings) -> None:
    """Note how long our kernels took to be made: those compiled here, and those that were in the cache by then."""
    for about in (o.about for o in opened if o.worker.implementation.name == OURS):
        if about["figures"].get("is_cached"):
            findings.loads_s.append(float(about["figures"]["ready_s"]))
        else:
            findings.builds_s.append(float(about["lowering_s"]) + float(about["compile_s"]))


def _find_wrong(case: Case, opened: Sequence[_Opened]) -> list[tuple[_Opened, str]]:
    """Those whose answer differs from the first peer's, or without a peer from the first of all."""
    if not opened:
        return []
    judge = next((o for o in opened if o.worker.implementation.name != OURS), opened[0])
    found = [(o, describe_difference(o.answer, judge.answer, case.workload)) for o in opened if o is not judge]
    prefix = f"wrong answer, compared with {judge.worker.implementation.label}"
    return [(o, f"{prefix}: {text}") for o, text in found if text]
