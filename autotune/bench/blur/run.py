"""Times every schedule of the blur in every implementation, and the default one of ours, in interleaved rounds."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import numpy as np

from autotune.bench.blur.case import BlurCase, expected_blur, make_image
from autotune.bench.blur.schedules import DEFAULT
from autotune.bench.implementations import OURS, Implementation
from autotune.bench.placement import choose_cpus
from autotune.bench.rounds import run_rounds
from autotune.bench.worker import Worker
from tensorlang.errors import TensorlangError, TuningError

TENSORLANG = Implementation(OURS, None, "autotune.bench.blur.tensorlang_process")
HALIDE = Implementation("halide", None, "autotune.bench.blur.halide_process", ("halide",))


@dataclass(frozen=True, slots=True)
class Work:
    """What one schedule trades for the others' good.

    Attributes
    ----------
    operations : int
        Arithmetic of a call.
    parallelism : float
        How many threads it could keep busy.
    scratch_bytes : int
        Memory it needs besides its arguments [B].
    """

    operations: int
    parallelism: float
    scratch_bytes: int


@dataclass(frozen=True, slots=True)
class TimedBlur:
    """The times of one schedule in one implementation.

    Attributes
    ----------
    case : BlurCase
    threads : int
    implementation : Implementation
    samples_s : tuple of float
        Least time of a call, per round [s].
    default_s : tuple of float
        Those of our default schedule in the same rounds [s]; empty if it could not be timed.
    work : Work or None
        What the schedule trades; None for Halide.
    """

    case: BlurCase
    threads: int
    implementation: Implementation
    samples_s: tuple[float, ...]
    default_s: tuple[float, ...] = ()
    work: Work | None = None

    @property
    def time_s(self) -> float:
        """Median over the rounds [s]."""
        return median(self.samples_s)

    @property
    def speedup(self) -> float | None:
        """Median over the rounds of the default's time over this one's."""
        ratios = [default / own for default, own in zip(self.default_s, self.samples_s, strict=False)]
        return median(ratios) if ratios else None


@dataclass(frozen=True, slots=True)
class FailedBlur:
    """A schedule that an implementation did not compute, or computed wrongly."""

    case: BlurCase
    threads: int
    implementation: Implementation
    reason: str


@dataclass
class BlurComparison:
    """What was found, in the order it was measured."""

    timed: list[TimedBlur] = field(default_factory=list)
    failures: list[FailedBlur] = field(default_factory=list)

    def find(self, schedule: str, threads: int, implementation: str) -> TimedBlur | None:
        """The times of a schedule, if there are any."""
        wanted = (schedule, threads, implementation)
        return next((t for t in self.timed if (t.case.schedule, t.threads, t.implementation.name) == wanted), None)

    def ratio(self, ours: TimedBlur) -> tuple[float, float, float] | None:
        """Quartiles over the rounds of Halide's time over ours, for one schedule: low, median, high; None without."""
        peer = self.find(ours.case.schedule, ours.threads, HALIDE.name)
        if peer is None:
            return None
        ratios = [theirs / own for own, theirs in zip(ours.samples_s, peer.samples_s, strict=True)]
        low, value, high = quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
        return low, value, high


def run_blur(
    cases: Sequence[BlurCase],
    implementations: Sequence[Implementation],
    thread_counts: Sequence[int],
    rounds: int,
    notify: Callable[[str], None],
) -> BlurComparison:
    """Time every case with every implementation and number of threads; `notify` is told each case before it is begun.

    Raises
    ------
    TuningError
        If there are fewer CPUs than threads. What goes wrong in a case is a failure, and the run goes on.
    """
    found = BlurComparison()
    placements = [(threads, choose_cpus(threads)) for threads in thread_counts]
    with TemporaryDirectory(prefix="autotune-bench-") as folder:
        for threads, cpus in placements:
            with ExitStack() as stack:
                start = partial(_start, stack, threads, cpus, Path(folder))
                turns = _Turns(threads, rounds, [start(i) for i in implementations], start(TENSORLANG), found)
                turns.open_default(cases[0])
                for case in cases:
                    notify(f"{case.schedule}, {threads} thread{'s' * (threads > 1)}")
                    turns.time(case)
    return found


def _start(stack: ExitStack, threads: int, cpus: tuple[int, ...], folder: Path, which: Implementation) -> Worker:
    return stack.enter_context(Worker(which, threads, cpus, folder))


@dataclass
class _Turns:
    """The processes of one number of threads, and where their times go."""

    threads: int
    rounds: int
    workers: Sequence[Worker]
    baseline: Worker | None
    found: BlurComparison

    def open_default(self, like: BlurCase) -> None:
        """Make the default schedule ready, which has a turn in all rounds; none if it cannot be computed."""
        assert self.baseline is not None
        if self._open(self.baseline, replace(like, schedule=DEFAULT)) is None:
            self.baseline = None

    def time(self, case: BlurCase) -> None:
        """Time one schedule in all implementations, and the default one."""
        opened = [(worker, detail) for worker in self.workers if (detail := self._open(worker, case)) is not None]
        baselines = [] if self.baseline is None else [self.baseline]
        try:
            samples = run_rounds([*(worker for worker, _ in opened), *baselines], self.rounds)
        except TensorlangError as reason:
            text = f"a process failed while it was timed: {reason}"
            self._fail(case, [worker for worker, _ in opened], text)
            return
        default_s = samples.pop() if baselines else ()
        for (worker, detail), times in zip(opened, samples, strict=True):
            work = Work(**json.loads(detail)) if worker.implementation.name == OURS else None
            self.found.timed.append(TimedBlur(case, self.threads, worker.implementation, times, default_s, work))

    def _open(self, worker: Worker, case: BlurCase) -> str | None:
        """What an implementation says about a schedule it computes; None, and a failure, if it does not."""
        try:
            about, answer = worker.open(case.to_data())
            if not np.array_equal(answer, expected_blur(make_image(case))):
                raise TuningError("wrong answer.")
        except TensorlangError as reason:
            self._fail(case, [worker], str(reason))
            return None
        return str(about["detail"])

    def _fail(self, case: BlurCase, workers: Sequence[Worker], reason: str) -> None:
        self.found.failures += [FailedBlur(case, self.threads, worker.implementation, reason) for worker in workers]
