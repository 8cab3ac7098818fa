"""The tuner spends its budget, stops when asked, keeps what wins, and survives what measuring brings."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from optuna.storages import BaseStorage, InMemoryStorage

from autotune.budget import Budget
from autotune.contest import Contest
from autotune.measure.measurer import Candidate, Comparison
from autotune.measure.outcome import Outcome
from autotune.networks import NetworkLayer
from autotune.problem import LayerProblem
from autotune.results import LayerResult
from autotune.stopping import StopRequest
from autotune.storage import open_storage
from autotune.tuner import Tuner
from schedules.space import Knobs
from tensorlang.errors import TuningError

from .fakes import DEFAULT, FakeMeasurer, Silence, make_layer, make_network, make_problem, time_of

A, B = make_layer("a", 64, count=3), make_layer("b", 128)
KEEPER = Callable[[LayerProblem, Contest], None]


def tune(
    measurer: FakeMeasurer,
    *layers: NetworkLayer,
    storage: BaseStorage | None = None,
    budget_s: float = 60.0,
    stop: StopRequest | None = None,
    keep: KEEPER = lambda problem, contest: None,
) -> tuple[LayerResult, ...]:
    problems = [make_problem(layer) for layer in layers]
    tuner = Tuner(
        make_network(*layers),
        problems,
        storage or InMemoryStorage(),
        measurer,
        keep,
        Budget(budget_s),
        stop or StopRequest(),
        Silence(),
    )
    return tuner.run()


def test_everything_is_tried_and_the_best_is_kept() -> None:
    kept: dict[str, Contest] = {}
    measurer = FakeMeasurer()
    results = tune(measurer, A, B, keep=lambda problem, contest: kept.update({problem.layer.name: contest}))
    assert [result.layer for result in results] == [A, B]
    for result in results:
        assert result.source == "tuned now"
        assert result.default_s == time_of(DEFAULT)
        assert result.best_s == pytest.approx(1e-3)
        assert (result.trials, result.outcomes) == (24, {"ok": 24})
        winner = kept[result.layer.name].winner
        assert (winner.knobs["tile"], winner.knobs["unroll"]) == (16, True)


def test_candidates_are_measured_against_the_best_so_far() -> None:
    measurer = FakeMeasurer()
    tune(measurer, A)
    assert measurer.measured[0].incumbent_s is None
    best = float("inf")
    for candidate, following in zip(measurer.measured, measurer.measured[1:], strict=False):
        best = min(best, time_of(json.loads(candidate.schedule)))
        assert following.incumbent_s == best


def test_default_that_is_not_beaten_stays() -> None:
    kept = []
    measurer = FakeMeasurer(time_of=lambda knobs: 1e-3 if knobs == DEFAULT else 0.999e-3)
    (result,) = tune(measurer, A, keep=lambda problem, contest: kept.append(contest.winner.label))
    assert (result.source, result.best_s) == ("default kept", 1e-3)
    assert kept == ["default"]


def test_winner_that_wins_again_is_kept_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "turn_s", lambda *_: 0.05)  # many turns, each with a contest if the best changed
    kept: list[str] = []
    measurer = FakeMeasurer()
    tune(measurer, A, storage=InMemoryStorage(), keep=lambda problem, contest: kept.append(contest.winner.schedule))
    assert len(kept) == len(set(kept)) <= len(measurer.compared)


def test_spent_budget_leaves_layers_out_and_says_so() -> None:
    (first, second) = tune(FakeMeasurer(), A, B, budget_s=0.0)
    assert (first.default_s, first.problem) == (None, "not reached within the budget")
    assert (second.default_s, second.problem) == (None, "not reached within the budget")


def test_default_that_fails_costs_its_layer_alone() -> None:
    outcomes = {json.dumps(DEFAULT): Outcome.WRONG_ANSWER}

    class OnlyForB(FakeMeasurer):
        def measure(self, candidate):  # type: ignore[no-untyped-def]
            self.outcomes = outcomes if candidate.workload == B.workload.to_json() else {}
            return super().measure(candidate)

    good, bad = tune(OnlyForB(), A, B)
    assert good.source == "tuned now"
    assert (bad.default_s, bad.problem) == (None, "the default failed: wrong_answer: told to")


def test_failing_candidates_do_not_end_the_run() -> None:
    outcomes = [o for o in Outcome if o not in (Outcome.OK, Outcome.INFRA)]
    failing = {
        json.dumps({"tile": 16, "unroll": unroll, "order": order}): outcomes[2 * unroll + (order == "mn")]
        for unroll in (False, True)
        for order in ("mn", "nm")
    }
    (result,) = tune(FakeMeasurer(outcomes=failing), A)
    assert result.outcomes["ok"] == 20
    assert result.best_s == pytest.approx(1.5e-3)  # tile 8, unrolled: the best that works


def test_measuring_that_fails_time_after_time_ends_the_run() -> None:
    class Broken(FakeMeasurer):
        def measure(self, candidate):  # type: ignore[no-untyped-def]
            self.outcomes = {candidate.schedule: Outcome.INFRA}
            return super().measure(candidate)

    with pytest.raises(TuningError) as caught:
        tune(Broken(), A, B, make_layer("c", 32))
    assert str(caught.value) == (
        "Measuring failed 3 times in a row: told to.\n"
        "  hint        `autotune doctor` shows the state of this machine; what was measured so far is kept"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stop_keeps_the_best_so_far(number: int) -> None:
    measurer = FakeMeasurer()
    measurer.after_each = lambda: os.kill(os.getpid(), number) if len(measurer.measured) == 12 else None
    kept = []
    with StopRequest() as stop:
        results = tune(measurer, A, B, stop=stop, keep=lambda problem, contest: kept.append(problem.layer.name))
    assert stop.requested
    assert len(measurer.measured) == 12
    assert len(kept) == 1
    assert [result.source for result in results].count("tuned now") == 1
    assert all(result.default_s for result in results)


def test_second_stop_leaves_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    with StopRequest(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_run_that_goes_on_measures_nothing_twice(tmp_path: Path) -> None:
    url = str(tmp_path / "studies.db")
    first = FakeMeasurer()
    first.after_each = lambda: os.kill(os.getpid(), signal.SIGINT) if len(first.measured) == 10 else None
    with StopRequest() as stop:
        tune(first, A, storage=open_storage(url), stop=stop)
    second = FakeMeasurer()
    (result,) = tune(second, A, storage=open_storage(url))
    schedules = [candidate.schedule for candidate in (*first.measured, *second.measured)]
    assert len(schedules) == len(set(schedules)) == 24
    assert result.best_s == pytest.approx(1e-3)


class Killed(BaseException):
    """Stands for kill -9."""


def test_best_that_a_killed_run_left_unconfirmed_is_confirmed_first(tmp_path: Path) -> None:
    url = str(tmp_path / "studies.db")
    first = FakeMeasurer()

    def die() -> None:
        if len(first.measured) == 20:
            raise Killed

    first.after_each = die
    with pytest.raises(Killed):
        tune(first, A, storage=open_storage(url))
    assert first.compared == []
    second = FakeMeasurer()
    second.after_each = lambda: pytest.fail("measured before the confirmation") if not second.compared else None
    kept: list[Knobs] = []
    tune(second, A, storage=open_storage(url), keep=lambda problem, contest: kept.append(contest.winner.knobs))
    assert kept


class Busy(FakeMeasurer):
    """A machine whose load hits the default alone, in some or all rounds of the first `contests` contests."""

    def __init__(self, default_s: tuple[float, ...], contests: int) -> None:
        super().__init__()
        self.default_s, self.contests = default_s, contests

    def compare(self, contenders: Mapping[str, Candidate], rounds: int) -> Comparison:
        found = super().compare(contenders, rounds)
        if len(self.compared) > self.contests:
            return found
        disturbed = tuple(self.default_s[r % len(self.default_s)] for r in range(rounds))
        return Comparison({**found.samples_s, "default": disturbed}, {})


@pytest.mark.parametrize(
    ("default_s", "doubt"),
    [
        ((2e-3, 20e-3), "spread 164 %"),
        ((40e-3,), "40.00x by the rounds, 2.25x in the search"),
        ((0.5e-3, 4e-3, 1.6e-3), "spread 181 %"),
    ],
    ids=["some rounds", "every round", "rounds that favour either"],
)
def test_noise_is_not_recorded_as_a_gain(default_s: tuple[float, ...], doubt: str) -> None:
    kept: list[Contest] = []
    busy = Busy(default_s, contests=99)
    (result,) = tune(busy, A, keep=lambda problem, contest: kept.append(contest))
    assert kept == []
    assert (result.source, result.doubt) == ("not confirmed", doubt)
    assert result.speedup == 1.0


def test_contest_that_noise_spoilt_is_held_again_by_the_next_run(tmp_path: Path) -> None:
    url = str(tmp_path / "studies.db")
    tune(Busy((2e-3, 20e-3), contests=99), A, storage=open_storage(url))
    kept: list[Contest] = []
    (result,) = tune(FakeMeasurer(), A, storage=open_storage(url), keep=lambda problem, contest: kept.append(contest))
    assert [contest.doubt for contest in kept] == [""]
    assert result.source == "tuned now"
    assert result.speedup == pytest.approx(2.25)


def test_gain_measured_while_others_held_the_cpus_is_not_recorded() -> None:
    class Starved(FakeMeasurer):
        def compare(self, contenders: Mapping[str, Candidate], rounds: int) -> Comparison:
            found = super().compare(contenders, rounds)
            return Comparison(found.samples_s, found.failures, waiting_share=0.3)

    kept: list[Contest] = []
    (result,) = tune(Starved(), A, keep=lambda problem, contest: kept.append(contest))
    assert kept == []
    assert result.doubt == "waited 30 % of the time for busy CPUs"
    assert result.speedup == 1.0
