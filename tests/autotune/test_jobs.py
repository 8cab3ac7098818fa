"""The measuring child's jobs, on real kernels of small layers; `autotune.measure` as a program."""

from __future__ import annotations

import json
from time import sleep
from typing import Any

import pytest

from autotune.measure import jobs
from autotune.measure.local import LocalMeasurer
from autotune.measure.measurer import Candidate
from autotune.measure.outcome import Outcome, Phase
from autotune.measure.subjects import Subject, subject_of
from schedules import lookup
from tensorlang.nn import Gemm
from tensorlang.runtime.kernel import Kernel
from tensorlang.validation import CheckResult
from tests.autotune.wrapped_kernel import WrappedKernel

WORKLOAD = Gemm(8, 16, 8)
DEFAULT = lookup(WORKLOAD, threads=1, databases=()).schedule.to_json()
RACE = json.loads(DEFAULT)
RACE["directives"].append({"directive": "parallel", "stage": "matmul.update(0)", "v": "k"})
ILLEGAL = json.dumps(RACE)
ILLEGAL_REASON = (
    's[matmul.update()].parallel("k"): k is a reduction loop, '
    "and two of its iterations may touch the same element of matmul."
)


def request(schedule: str = DEFAULT, **fields: object) -> dict[str, Any]:
    return {**Candidate(WORKLOAD.to_json(), schedule, threads=1).to_message(), **fields}


class Phases:
    """Remembers the phases entered."""

    def __init__(self) -> None:
        self.entered: list[tuple[Phase, str]] = []

    def __call__(self, phase: Phase, about: str = "") -> None:
        self.entered.append((phase, about))


def test_good_schedule_is_checked_then_timed() -> None:
    phases = Phases()
    reply = jobs.measure(request(), phases)
    assert [phase for phase, _ in phases.entered] == [Phase.COMPILE, Phase.ORACLE, Phase.CHECK, Phase.TIME]
    assert reply["outcome"] is Outcome.OK
    assert not reply["dropped"]
    assert len(reply["samples_s"]) == 10 and min(reply["samples_s"]) > 0
    assert 0 <= reply["max_rel_error"] < 1e-5


def test_hopeless_candidate_is_dropped_after_a_probe() -> None:
    reply = jobs.measure(request(incumbent_s=1e-12), Phases())
    assert (reply["outcome"], reply["dropped"], len(reply["samples_s"])) == (Outcome.OK, True, 3)


def test_candidate_as_fast_as_the_incumbent_is_not_dropped() -> None:
    assert not jobs.measure(request(incumbent_s=10.0), Phases())["dropped"]


def test_illegal_schedule_says_why_and_is_not_compiled() -> None:
    phases = Phases()
    reply = jobs.measure(request(ILLEGAL), phases)
    assert [phase for phase, _ in phases.entered] == [Phase.COMPILE]
    assert (reply["outcome"], reply["detail"]) == (Outcome.ILLEGAL, ILLEGAL_REASON)


def test_wrong_answer_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "check_kernel", lambda *_, **__: CheckResult(False, 2.0, 1.0, (0,), "out[0, 0] is 3"))
    phases = Phases()
    reply = jobs.measure(request(), phases)
    assert (reply["outcome"], reply["detail"]) == (Outcome.WRONG_ANSWER, "out[0, 0] is 3")
    assert (Phase.TIME, "") not in phases.entered


class Sleeper:
    """Takes 1 ms, but for the first so many calls, which take as long as they are told."""

    def __init__(self, slow_s: float = 0.0, slow: int = 0) -> None:
        self._slow_s = slow_s
        self._slow = slow
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1
        sleep(self._slow_s if self.calls <= self._slow else 1e-3)


def test_place_that_was_slow_for_a_while_is_as_fast_as_later() -> None:
    disturbed, quiet = Sleeper(slow_s=0.01, slow=4), Sleeper()
    times_s = jobs._time_in_turns([quiet, disturbed])
    assert all(1e-3 <= time_s < 0.01 for time_s in times_s)


@pytest.mark.parametrize(("call_s", "places", "turns"), [(0.03, 2, 3), (0.03, 10, 1), (1e-3, 40, 1)])
def test_slow_kernels_are_timed_less_often_but_in_all_places(call_s: float, places: int, turns: int) -> None:
    calls = [Sleeper(slow_s=call_s, slow=1000) for _ in range(places)]
    assert min(jobs._time_in_turns(calls)) >= call_s
    assert {call.calls for call in calls[1:]} == {2 * turns}


class Fickle(WrappedKernel):
    """A kernel that is right until it has been called so many times, and then adds one to an element."""

    def __init__(self, kernel: Kernel, calls: int) -> None:
        super().__init__(kernel)
        self._left = calls

    def bare(self, **arguments: Any) -> Any:
        call, out = self.kernel.bare(**arguments), arguments["out"]

        def run() -> None:
            call()
            self._left -= 1
            if self._left < 0:
                out[0, 0] += 1

        return run


@pytest.mark.parametrize("calls", [0, 1, 3])
def test_answer_that_goes_wrong_while_it_is_timed_is_a_wrong_answer(
    monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    kernel = subject_of(WORKLOAD.to_json()).compile(DEFAULT)
    monkeypatch.setattr(Subject, "compile", lambda *_: Fickle(kernel, calls))
    reply = jobs.measure(request(), Phases())
    assert (reply["outcome"], reply["phase"]) == (Outcome.WRONG_ANSWER, Phase.TIME)
    assert reply["detail"].startswith("after timing, out, with random floats of seed 0: 1 of 128 elements are wrong")
    compared = jobs.compare(request(do="compare", schedules={"only": DEFAULT}, rounds=2), Phases())
    assert (compared["outcome"], compared["about"]) == (Outcome.WRONG_ANSWER, "only")
    assert compared["detail"] == reply["detail"]


def test_comparison_times_every_schedule_in_every_round() -> None:
    phases = Phases()
    schedules = {"default": DEFAULT, "again": DEFAULT}
    reply = jobs.compare(request(do="compare", schedules=schedules, rounds=4), phases)
    assert {label: len(samples) for label, samples in reply["samples_s"].items()} == {"default": 4, "again": 4}
    assert reply["waiting_share"] >= 0
    order = [about for phase, about in phases.entered if phase is Phase.TIME]
    assert order == ["default", "again", "again", "default"] * 2


def test_comparison_names_the_contender_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "check_kernel", lambda *_, **__: CheckResult(False, 2.0, 1.0, (0,), "bad"))
    reply = jobs.compare(request(do="compare", schedules={"only": DEFAULT}, rounds=1), Phases())
    assert (reply["outcome"], reply["about"]) == (Outcome.WRONG_ANSWER, "only")


def test_program_measures_and_compares_through_its_channel() -> None:
    good = Candidate(WORKLOAD.to_json(), DEFAULT, threads=1)
    with LocalMeasurer() as measurer:
        measured = measurer.measure(good)
        refused = measurer.measure(Candidate(WORKLOAD.to_json(), ILLEGAL, threads=1))
        comparison = measurer.compare({"default": good}, rounds=2)
    assert measured.outcome is Outcome.OK and measured.minimum_s > 0
    assert (refused.outcome, refused.detail) == (Outcome.ILLEGAL, ILLEGAL_REASON)
    assert len(comparison.samples_s["default"]) == 2


def test_time_spent_waiting_for_busy_cpus_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = iter((1.0, 1e6))
    monkeypatch.setattr(jobs, "waiting_s", lambda: next(waited))
    reply = jobs.compare(request(do="compare", schedules={"only": DEFAULT}, rounds=1), Phases())
    assert reply["waiting_share"] > 1
