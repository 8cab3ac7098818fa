"""What Dask workers run: they report their machine, and measure with a child process as a local run does."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import dask
from distributed import get_worker

from autotune.cluster.machine import Kind, Report
from autotune.identity import machine_identity
from autotune.machine import describe_machine
from autotune.measure.local import LocalMeasurer
from autotune.measure.measurer import Candidate, Comparison, Peaks
from autotune.measure.outcome import Measurement, Outcome, Phase
from autotune.measure.slot import measuring_slot
from autotune.toolchain import find_toolchain
from schedules import Hardware
from tensorlang.codegen import host_target
from tensorlang.errors import TuningError

_T = TypeVar("_T")

SLOT_WAIT_S = 60.0
"""How long a job waits for whoever else measures on this machine [s]."""

_POLL_S = 0.05


def report() -> Report:
    """Say which machine this worker runs on, and of what kind it is."""
    _forget_thread_counts()
    return describe()


def describe() -> Report:
    """This machine and its kind."""
    target = host_target()
    return Report(machine_identity(), Kind(Hardware.here(target.cores), target, find_toolchain()), describe_machine())


def measure(candidate: Candidate) -> Measurement:
    """Compile, check and time one candidate."""
    try:
        return _with_slot(lambda measurer: measurer.measure(candidate))
    except TuningError as reason:
        return Measurement(Outcome.INFRA, detail=reason.message, phase=Phase.START)


def compare(contenders: Mapping[str, Candidate], rounds: int) -> Comparison:
    """Time candidates of one workload against each other."""
    try:
        return _with_slot(lambda measurer: measurer.compare(contenders, rounds))
    except TuningError as reason:
        failure = Measurement(Outcome.INFRA, detail=reason.message, phase=Phase.START)
        return Comparison({}, dict.fromkeys(contenders, failure))


def peaks(threads: int) -> Peaks | None:
    """Measure what this machine can do at best; None if that failed."""
    try:
        return _with_slot(lambda measurer: measurer.peaks(threads))
    except TuningError:
        return None


class _Bench:
    """The measurer that this process keeps from job to job, and the lock of the one job that may use it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.is_given_up: Callable[[], bool] = lambda: False
        self._measurer: LocalMeasurer | None = None

    @property
    def measurer(self) -> LocalMeasurer:
        if self._measurer is None:
            _forget_thread_counts()
            self._measurer = LocalMeasurer(child_command, interrupted=lambda: self.is_given_up())
        return self._measurer


child_command: tuple[str, ...] | None = None
"""Program of the measuring child, see `LocalMeasurer`."""
_bench = _Bench()


def _with_slot(job: Callable[[LocalMeasurer], _T]) -> _T:
    """Do a job with this process's measurer while it holds the machine's measuring slot."""
    is_given_up = _given_up()
    with _bench.lock, _slot(is_given_up):
        _bench.is_given_up = is_given_up
        return job(_bench.measurer)


@contextmanager
def _slot(is_given_up: Callable[[], bool]) -> Iterator[None]:
    """Wait for the slot that every measuring run on this machine takes: another worker's, or a local run's.

    Raises
    ------
    TuningError
        If it does not become free.
    """
    deadline = time.monotonic() + SLOT_WAIT_S
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(measuring_slot())
                break
            except TuningError:
                if is_given_up() or time.monotonic() > deadline:
                    raise
            time.sleep(_POLL_S)
        yield


def _given_up() -> Callable[[], bool]:
    """Return what says whether the controller has cancelled the job that this thread does now, or has gone itself."""
    worker = get_worker()
    key = worker.get_current_task()

    def is_given_up() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled"

    return is_given_up


def _forget_thread_counts() -> None:
    """Drop the variables that Dask's nanny sets for its own tasks: the child is to run as it does without Dask."""
    for name, value in dask.config.get("distributed.nanny.pre-spawn-environ", {}).items():
        if os.environ.get(name) == str(value):
            del os.environ[name]
