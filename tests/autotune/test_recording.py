"""What wins a contest is recorded, found again by a lookup, and taken part with in the next run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from optuna.storages import InMemoryStorage

from autotune.contest import DEFAULT, RECORD, ROUNDS, find_contenders, hold_contest
from autotune.measure.measurer import Candidate, Comparison, Peaks
from autotune.networks import NetworkLayer
from autotune.problem import LayerProblem, layer_problem
from autotune.recording import is_worth_recording, make_record
from autotune.reproduction import Ratio
from autotune.session import _run_layer
from autotune.study import LayerStudy
from autotune.toolchain import find_toolchain
from schedules import Database, Hardware, Knobs, Rung, lookup
from tensorlang.codegen import host_target
from tensorlang.nn import Gemm

from .fakes import FakeMeasurer, ok

LAYER = NetworkLayer("g", Gemm(64, 64, 64), 1)
HARDWARE = Hardware.here(1)
TOOLCHAIN = find_toolchain()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENSORLANG_HOME", str(tmp_path))
    monkeypatch.setattr(Database, "shipped", lambda: Database(tmp_path / "published"))


def make_problem() -> LayerProblem:
    return layer_problem(LAYER, host_target(), HARDWARE)


class ByOrder(FakeMeasurer):
    """Takes the default for the slowest, and any other schedule for the faster the later it was first seen."""

    def __init__(self, problem: LayerProblem) -> None:
        super().__init__(time_of=lambda _: 1.0)
        self.times = {problem.make_schedule(problem.default): 1.0}

    def seen(self, schedule: str) -> float:
        return self.times.setdefault(schedule, 1.0 / (1 + len(self.times)))

    def compare(self, contenders, rounds):  # type: ignore[no-untyped-def]
        by_text = {json.dumps(json.loads(c.schedule)): self.seen(c.schedule) for c in contenders.values()}
        self.time_of = lambda data: by_text[json.dumps(data)]
        return super().compare(contenders, rounds)


def search(problem: LayerProblem, steps: int = 4) -> tuple[LayerStudy, ByOrder]:
    study, measurer = LayerStudy(problem, InMemoryStorage(), 0), ByOrder(problem)
    for _ in range(steps):
        study.step(lambda schedule: ok(measurer.seen(schedule)))
    return study, measurer


def test_winner_is_found_by_the_next_lookup() -> None:
    problem = make_problem()
    study, measurer = search(problem)
    contest = hold_contest(study, measurer)
    assert contest is not None and is_worth_recording(problem, contest)
    record = make_record(problem, contest, HARDWARE, TOOLCHAIN)
    Database.user().append(record)
    found = lookup(LAYER.workload, threads=1)
    assert found.rung is Rung.EXACT_MACHINE
    assert found.record == record
    assert found.schedule.to_json() == contest.winner.schedule
    assert len(record.timing.samples_ns) == len(record.timing.baseline_samples_ns) == ROUNDS
    assert record.timing.speedup == pytest.approx(4.0)
    assert record.search is not None and record.search.checked == 4
    assert problem.make_schedule(found.knobs) == contest.winner.schedule


def test_record_known_before_takes_part_and_keeps_its_place() -> None:
    first = make_problem()
    study, measurer = search(first)
    contest = hold_contest(study, measurer)
    assert contest is not None
    Database.user().append(make_record(first, contest, HARDWARE, TOOLCHAIN))
    second = make_problem()
    assert second.incumbent is not None
    assert second.starts == (dict(contest.winner.knobs),)
    study = LayerStudy(second, InMemoryStorage(), 0)
    for _ in range(2):
        study.step(lambda schedule: ok(measurer.seen(schedule)))
    again = hold_contest(study, measurer)
    assert again is not None
    assert list(find_contenders(study)) == [DEFAULT, RECORD]
    assert again.winner.label == RECORD
    assert not is_worth_recording(second, again)


def test_default_that_wins_is_recorded_once_so_that_no_neighbour_is_taken_for_better() -> None:
    problem = make_problem()
    study, _ = search(problem, steps=2)
    contest = hold_contest(study, FakeMeasurer(time_of=lambda _: 1.0))
    assert contest is not None and contest.winner.label == DEFAULT
    assert is_worth_recording(problem, contest)
    Database.user().append(make_record(problem, contest, HARDWARE, TOOLCHAIN))
    assert lookup(LAYER.workload, threads=1).rung is Rung.EXACT_MACHINE
    assert not is_worth_recording(make_problem(), contest)


def test_problem_changes_its_key_with_whatever_changes_its_meaning() -> None:
    def key(size: int, threads: int) -> str:
        layer = NetworkLayer("g", Gemm(size, 64, 64), 1)
        return layer_problem(layer, host_target(), Hardware.here(threads)).key

    assert key(64, 1) == key(64, 1)
    assert len({key(64, 1), key(65, 1), key(64, 2)}) == 3


def test_space_default_and_starts_are_points_that_make_schedules() -> None:
    problem = make_problem()
    points: tuple[Knobs, ...] = (problem.default, *problem.starts)
    for point in points:
        assert problem.space.contains(point) and problem.is_legal(point)
        assert json.loads(problem.make_schedule(point))["directives"]
    assert FakeMeasurer().peaks(1) == Peaks(100.0, 10.0)


def test_record_that_the_default_beats_no_longer_answers() -> None:
    first = make_problem()
    study, measurer = search(first)
    contest = hold_contest(study, measurer)
    assert contest is not None
    boastful = make_record(first, contest, HARDWARE, TOOLCHAIN)
    Database.user().append(boastful)
    second = make_problem()
    study, _ = search(second, steps=2)
    contest = hold_contest(study, FakeMeasurer(time_of=lambda _: 1.0))
    assert contest is not None and contest.winner.label == DEFAULT
    assert is_worth_recording(second, contest)
    Database.user().append(make_record(second, contest, HARDWARE, TOOLCHAIN))
    found = lookup(LAYER.workload, threads=1)
    assert found.record is not None and found.record != boastful
    assert found.record.timing.speedup == 1.0 < boastful.timing.speedup


def test_record_holds_all_samples_those_of_the_default_and_the_machine() -> None:
    problem = make_problem()
    study, measurer = search(problem)
    contest = hold_contest(study, measurer)
    assert contest is not None
    machine = {"cpu": "Fast CPU", "system": "Linux 6.1", "load_before": "0.13"}
    record = make_record(problem, replace(contest, waiting_share=0.0312), HARDWARE, TOOLCHAIN, machine)
    samples_s = contest.samples_s
    assert record.timing.samples_ns == tuple(round(1e9 * s) for s in samples_s[contest.winner.label])
    assert record.timing.baseline_samples_ns == tuple(round(1e9 * s) for s in samples_s[DEFAULT])
    provenance = dict(record.provenance)
    assert provenance.pop("date")
    assert provenance == {"tool": "autotune tune", "study": problem.key, "waited": "3.1 %", **machine}


def test_record_of_the_same_study_has_no_seniority_over_its_trials() -> None:
    first = make_problem()
    study, measurer = search(first)
    contest = hold_contest(study, measurer)
    assert contest is not None
    Database.user().append(make_record(first, contest, HARDWARE, TOOLCHAIN))
    resumed = make_problem()
    assert resumed.has_made_incumbent
    study.problem = resumed
    assert list(find_contenders(study)) == [DEFAULT, RECORD, "trial 2", "trial 3"]
    again = hold_contest(study, measurer)
    assert again is not None and again.winner.label == RECORD
    assert not is_worth_recording(resumed, again)
    for _ in range(4):
        study.step(lambda schedule: ok(measurer.seen(schedule)))
    assert list(find_contenders(study)) == [DEFAULT, "trial 1", "trial 2", "trial 3", RECORD]
    last = hold_contest(study, measurer)
    assert last is not None and last.winner.label == "trial 1"
    assert is_worth_recording(resumed, last)


class Slower(FakeMeasurer):
    """Finds whatever was chosen 1.2 times as fast as the default, while threads wait for other processes."""

    def compare(self, contenders: Mapping[str, Candidate], rounds: int) -> Comparison:
        return Comparison({label: (1.2 if label == DEFAULT else 1.0,) * rounds for label in contenders}, {}, 0.2)


def test_run_sets_the_recorded_gain_beside_the_one_measured_now() -> None:
    assert _run_layer(LAYER, 1, Slower()).reproduction is None
    problem = make_problem()
    study, measurer = search(problem)
    contest = hold_contest(study, measurer)
    assert contest is not None
    Database.user().append(make_record(problem, contest, HARDWARE, TOOLCHAIN))
    result = _run_layer(LAYER, 1, Slower())
    assert result.reproduction is not None
    assert result.reproduction.recorded == Ratio(4.0, 4.0, 4.0)
    assert result.reproduction.now == Ratio(1.2, 1.2, 1.2)
    assert result.doubt == result.reproduction.disturbance == "waited 20 % of the time for busy CPUs"


def test_doubtful_winner_is_not_recorded() -> None:
    problem = make_problem()
    study, measurer = search(problem)
    contest = hold_contest(study, measurer)
    assert contest is not None
    assert not is_worth_recording(problem, replace(contest, doubt="spread 45 %"))
