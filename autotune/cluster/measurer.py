"""A measurer whose jobs run on machines of one kind, wherever there is one free; machines may die over them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from distributed import Future

from autotune.cluster import worker
from autotune.cluster.answers import Lost, fetch
from autotune.cluster.machine import Kind
from autotune.cluster.pool import MachinePool, Slot
from autotune.measure.limits import Limits
from autotune.measure.measurer import Candidate, Comparison, Peaks
from autotune.measure.outcome import Measurement, Outcome, Phase

_TRIES = 3
_POLL_S = 0.1
_OVERHEAD_S = 60.0
_RUNS_PER_JOB = 2  # a candidate is measured again where an earlier one may be to blame for its end


class ClusterMeasurer:
    """Measures on the machines of one kind; several threads may measure at once, each on a machine of its own.

    Parameters
    ----------
    pool : MachinePool
    kind : Kind
    interrupted : callable
        Asked several times a second while a candidate is measured; once it answers True, the candidate is given up as
        `INFRA`. A comparison is given up only when the pool is closed.

    Notes
    -----
    A job whose worker dies, or whose machine cannot measure, is done again by another worker, at most `_TRIES` times in
    all; after that its outcome is `INFRA`. A workload stays with the machine that measured it last, if that is free:
    its answers of the oracle are there, and times of one machine are compared with each other.
    """

    def __init__(self, pool: MachinePool, kind: Kind, interrupted: Callable[[], bool]) -> None:
        self._pool = pool
        self._kind = kind
        self._interrupted = interrupted
        self._machine_of: dict[str, str] = {}
        self._lock = threading.Lock()

    def measure(self, candidate: Candidate) -> Measurement:
        """Compile, check and time one candidate."""
        answer = self._do(
            candidate.workload, _longest_s(candidate.limits), self._is_cut_short, _failed, worker.measure, candidate
        )
        if isinstance(answer, Lost):
            return Measurement(Outcome.INFRA, detail=answer.detail, phase=Phase.START)
        assert isinstance(answer, Measurement)
        return answer

    def compare(self, contenders: Mapping[str, Candidate], rounds: int) -> Comparison:
        """Time several candidates of one workload against each other, interleaved, all on one machine."""
        first = next(iter(contenders.values()))
        longest_s = len(contenders) * _longest_s(first.limits)
        answer = self._do(
            first.workload,
            longest_s,
            lambda: self._pool.is_closed,
            _failed_all,
            worker.compare,
            dict(contenders),
            rounds,
        )
        if isinstance(answer, Lost):
            failure = Measurement(Outcome.INFRA, detail=answer.detail, phase=Phase.START)
            return Comparison({}, dict.fromkeys(contenders, failure))
        assert isinstance(answer, Comparison)
        return answer

    def peaks(self, threads: int) -> Peaks | None:
        """Measure what one of the machines can do at best; None if that failed."""
        longest_s = _longest_s(Limits())
        answer = self._do("", longest_s, self._is_cut_short, lambda found: found is None, worker.peaks, threads)
        return None if isinstance(answer, Lost) else answer

    def close(self) -> None:
        """Nothing to release: the pool has the machines."""

    def _is_cut_short(self) -> bool:
        return self._interrupted() or self._pool.is_closed

    def _do(
        self,
        workload: str,
        longest_s: float,
        interrupted: Callable[[], bool],
        is_failure: Callable[[Any], bool],
        job: Callable[..., object],
        *arguments: object,
    ) -> Any:
        """Do a job on one machine after another until one brings an answer, and return the last answer, or loss."""
        answer: Any = None
        for _ in range(_TRIES):
            with self._lock:
                preferred = self._machine_of.get(workload, "")
            slot = self._pool.acquire(self._kind, preferred, interrupted)
            if slot is None:
                return Lost("interrupted" if interrupted() else f"no machine of kind {self._kind} is there")
            with self._lock:
                self._machine_of[workload] = slot.machine
            answer = self._ask(slot, longest_s, interrupted, job, arguments)
            has_failed = isinstance(answer, Lost) or is_failure(answer)
            self._pool.release(slot, failed=has_failed and not interrupted())
            if not has_failed or interrupted():
                break
        return answer

    def _ask(
        self,
        slot: Slot,
        longest_s: float,
        interrupted: Callable[[], bool],
        job: Callable[..., object],
        arguments: tuple[object, ...],
    ) -> Any:
        try:
            future = self._pool.client.submit(
                job, *arguments, workers=[slot.address], allow_other_workers=False, retries=0, pure=False
            )
        except (OSError, RuntimeError) as reason:  # the scheduler is away
            return Lost(str(reason))
        why_lost = self._wait(future, slot, monotonic() + longest_s, interrupted)
        if why_lost:
            future.cancel()
            return Lost(why_lost)
        return fetch(future)

    def _wait(self, future: Future, slot: Slot, deadline: float, interrupted: Callable[[], bool]) -> str:
        """Wait until a job is done, and return "", or why it is not waited for any longer."""
        is_done = threading.Event()
        future.add_done_callback(lambda _: is_done.set())
        while not is_done.wait(_POLL_S):
            if interrupted():
                return "interrupted"
            if not self._pool.is_present(slot.address):
                return f"the worker {slot.address} has gone"
            if monotonic() > deadline:
                return f"the worker {slot.address} does not answer"
        return ""


def _longest_s(limits: Limits) -> float:
    """Longest time that a candidate within its limits can take [s]."""
    return _RUNS_PER_JOB * sum(limits.phase_s.values()) + worker.SLOT_WAIT_S + _OVERHEAD_S


def _failed(measurement: Measurement) -> bool:
    return measurement.outcome is Outcome.INFRA


def _failed_all(comparison: Comparison) -> bool:
    """True if the machine could not compare: nothing is known of the contenders."""
    failures = comparison.failures.values()
    return not comparison.samples_s and all(failure.outcome is Outcome.INFRA for failure in failures)
