"""The measurer of this machine: hands jobs to one child process, and turns whatever happens to it into outcomes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from types import TracebackType

from autotune.measure.limits import Limits, default_memory_bytes
from autotune.measure.measurer import Candidate, Comparison, Peaks
from autotune.measure.outcome import Measurement, Outcome, Phase
from autotune.measure.protocol import (
    ChannelClosed,
    ChannelGarbage,
    ChannelInterrupted,
    ChannelTimeout,
    Message,
)
from autotune.measure.replies import read_phase, read_reply
from autotune.measure.watched import WatchedChild

_JOBS_PER_CHILD = 200  # compiled code is never freed, so a child grows
_LEAVING_S = 2.0
_OUT_OF_MEMORY_WORDS = ("bad_alloc", "MemoryError", "out of memory", "Cannot allocate memory")
_RETRIED = (Outcome.CRASH, Outcome.OUT_OF_MEMORY, Outcome.INFRA)


@dataclass(frozen=True)
class _Failure:
    """A job that got no reply."""

    outcome: Outcome
    phase: Phase
    about: str
    detail: str


class LocalMeasurer:
    """Measures candidates one at a time in a child process that is kept between jobs and replaced when it is lost.

    Parameters
    ----------
    command : sequence of str, optional
        Program of the child; the number of its channel's file descriptor is appended. By default the tensorlang worker.
    memory_bytes : int, optional
        Memory a child may take beyond what it starts with [B].
    interrupted : callable, optional
        Asked several times a second while waiting; once it answers True, the job in hand is given up as `INFRA`.

    Notes
    -----
    A child that crashed or ran out of memory may owe it to an earlier candidate (a heap overrun, memory never freed):
    unless it was new, the candidate is tried once more in a new child, and only that outcome counts. The same goes for
    one that left behind what would disturb the next: processes, threads, another CPU affinity.
    """

    def __init__(
        self,
        command: Sequence[str] | None = None,
        *,
        memory_bytes: int | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        memory = default_memory_bytes() if memory_bytes is None else memory_bytes
        self._command = tuple(command or (sys.executable, "-P", "-m", "autotune.measure", str(memory)))
        self._interrupted = interrupted
        self._child: WatchedChild | None = None
        self._jobs_done = 0

    def __enter__(self) -> LocalMeasurer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def measure(self, candidate: Candidate) -> Measurement:
        """Compile, check and time one candidate; never raises for what the candidate does."""
        begin = monotonic()
        answer = self._ask(candidate.to_message(), candidate.limits)
        if isinstance(answer, _Failure):
            measurement = Measurement(answer.outcome, detail=answer.detail, phase=answer.phase)
        else:
            measurement = Measurement(
                Outcome(answer["outcome"]),
                samples_s=tuple(answer.get("samples_s", ())),
                dropped=answer.get("dropped", False),
                detail=answer.get("detail", ""),
                phase=Phase(answer.get("phase", Phase.COMPILE)),
                build_s=answer.get("build_s", 0.0),
                max_abs_error=answer.get("max_abs_error", 0.0),
                max_rel_error=answer.get("max_rel_error", 0.0),
            )
        if measurement.outcome is Outcome.WRONG_ANSWER:
            self.renew()  # it may have written where it should not
        return replace(measurement, elapsed_s=monotonic() - begin)

    def compare(self, contenders: Mapping[str, Candidate], rounds: int) -> Comparison:
        """Time several candidates of one workload against each other, interleaved, in a new child.

        A contender that fails is left out and reported; the rest are compared without it.
        """
        remaining, failures = dict(contenders), dict[str, Measurement]()
        while remaining:
            self.renew()
            first = next(iter(remaining.values()))
            answer = self._ask(_to_comparison(remaining, rounds), first.limits)
            if not isinstance(answer, _Failure) and answer["outcome"] == Outcome.OK:
                samples_s = {label: tuple(times) for label, times in answer["samples_s"].items()}
                return Comparison(samples_s, failures, answer.get("waiting_share", 0.0))
            failed, measurement = _culprit(answer)
            failed = failed or self._find_culprit(remaining)
            if failed not in remaining:
                return Comparison({}, {**failures, **dict.fromkeys(remaining, measurement)})
            failures[failed] = measurement
            del remaining[failed]
        return Comparison({}, failures)

    def _find_culprit(self, contenders: Mapping[str, Candidate]) -> str:
        """The contender that fails alone, too, where a comparison of several does not say who failed; "" if none."""
        for label, candidate in contenders.items():
            self.renew()
            answer = self._ask(_to_comparison({label: candidate}, 1), candidate.limits)
            if isinstance(answer, _Failure):
                return label
        return ""

    def peaks(self, threads: int) -> Peaks | None:
        """Measure what the machine can do at best; None if that failed."""
        answer = self._ask({"do": "peaks", "threads": threads}, Limits())
        if isinstance(answer, _Failure) or answer["outcome"] != Outcome.OK:
            return None
        return Peaks(answer["fma_gflops"], answer["read_gbs"])

    def renew(self) -> None:
        """End the child; the next job gets a new one."""
        self.close()

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is not None:
            self._child.kill()
            self._child = None

    def _ask(self, message: Message, limits: Limits) -> Message | _Failure:
        if self._jobs_done >= _JOBS_PER_CHILD:
            self.renew()
        is_fresh = self._child is None
        answer = self._ask_once(message, limits)
        if self._is_worth_another(answer, is_fresh):
            self.renew()
            answer = self._ask_once(message, limits)
        return answer

    def _is_worth_another(self, answer: Message | _Failure, is_fresh: bool) -> bool:
        outcome = answer.outcome if isinstance(answer, _Failure) else Outcome(answer["outcome"])
        if outcome is Outcome.OUT_OF_MEMORY:
            self.renew()
        return outcome in _RETRIED and not self._interrupted() and (not is_fresh or outcome is Outcome.INFRA)

    def _ask_once(self, message: Message, limits: Limits) -> Message | _Failure:
        phase, about = Phase.START, ""
        try:
            child = self._ready_child(limits)
            child.channel.send(message)
            self._jobs_done += 1
            phase = Phase.COMPILE
            while True:
                answer = child.channel.receive(limits.phase_s[phase], self._interrupted)
                if "reply" in answer:
                    reply = read_reply(message, answer)
                    return self._examine(child) or {"about": about, **reply}
                phase, about = read_phase(answer)
        except OSError as reason:
            return _Failure(Outcome.INFRA, phase, about, f"the measuring process cannot be started: {reason.strerror}")
        except ChannelInterrupted:
            self.close()
            return _Failure(Outcome.INFRA, phase, about, "interrupted")
        except ChannelTimeout:
            self.close()
            why = f"no end after {limits.phase_s[phase]:.0f} s of {phase}"
            return _Failure(_timeout_outcome(phase), phase, about, why)
        except (ChannelClosed, ChannelGarbage) as reason:
            return self._post_mortem(phase, about, reason)

    def _ready_child(self, limits: Limits) -> WatchedChild:
        if self._child is None:
            self._child = WatchedChild(self._command, _environment())
            self._jobs_done = 0
            self._child.greet(limits.phase_s[Phase.START], self._interrupted)
        return self._child

    def _examine(self, child: WatchedChild) -> _Failure | None:
        """Look at a child that has replied; it is given up if there is in it what was not there before."""
        if not (traces := child.find_traces()):
            return None
        self.close()
        return _Failure(Outcome.CRASH, Phase.TIME, "", traces)

    def _post_mortem(self, phase: Phase, about: str, reason: Exception) -> _Failure:
        """Say what ended the child, from its exit code and its last words."""
        child, self._child = self._child, None
        assert child is not None
        ended_by_itself = child.wait(_LEAVING_S) is not None
        code = child.kill()
        words = child.last_words
        if phase is Phase.START:
            return _Failure(Outcome.INFRA, phase, about, f"the measuring process did not start: {words[-300:]}")
        if not ended_by_itself:
            return _Failure(Outcome.CRASH, phase, about, f"the child no longer makes sense: {reason}")
        how = f"killed by {_signal_name(-code)}" if code < 0 else f"exited with code {code}"
        is_memory = code == -signal.SIGKILL or any(word in words for word in _OUT_OF_MEMORY_WORDS)
        return _Failure(Outcome.OUT_OF_MEMORY if is_memory else Outcome.CRASH, phase, about, how)


def _to_comparison(contenders: Mapping[str, Candidate], rounds: int) -> Message:
    first = next(iter(contenders.values()))
    schedules = {label: candidate.schedule for label, candidate in contenders.items()}
    return {**first.to_message(), "do": "compare", "schedules": schedules, "rounds": rounds}


def _culprit(answer: Message | _Failure) -> tuple[str, Measurement]:
    if isinstance(answer, _Failure):
        return answer.about, Measurement(answer.outcome, detail=answer.detail, phase=answer.phase)
    return answer["about"], Measurement(Outcome(answer["outcome"]), detail=answer.get("detail", ""))


def _timeout_outcome(phase: Phase) -> Outcome:
    if phase in (Phase.START, Phase.ORACLE):
        return Outcome.INFRA
    return Outcome.COMPILE_TIMEOUT if phase is Phase.COMPILE else Outcome.RUN_TIMEOUT


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _environment() -> Mapping[str, str]:
    """The parent's environment; the child imports exactly what the parent would."""
    paths = [os.path.abspath(path) for path in sys.path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
