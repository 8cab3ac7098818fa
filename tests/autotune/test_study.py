"""A study measures each schedule once, learns from failures, and goes on where it was killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.trial import TrialState

from autotune.measure.outcome import Measurement, Outcome
from autotune.storage import open_storage
from autotune.study import LayerStudy
from schedules.space import Knob, Knobs, KnobValue, Space

from .fakes import DEFAULT, SPACE, make_layer, make_problem, ok, refuse_large_tiles, time_of

LAYER = make_layer("a")


class Recorder:
    """A measure function that remembers which knobs it was given."""

    def __init__(self, answer: Measurement | None = None) -> None:
        self.seen: list[Knobs] = []
        self._answer = answer

    def __call__(self, schedule: str) -> Measurement:
        knobs = json.loads(schedule)
        self.seen.append(knobs)
        return self._answer or ok(time_of(knobs))


def test_default_then_starts_come_first() -> None:
    start: dict[str, KnobValue] = {"tile": 8, "unroll": True, "order": "nm"}
    study, measure = LayerStudy(make_problem(LAYER, starts=(start,)), InMemoryStorage(), 0), Recorder()
    study.step(measure)
    study.step(measure)
    assert measure.seen == [DEFAULT, start]


def test_each_schedule_is_measured_once_until_none_is_left() -> None:
    study, measure = LayerStudy(make_problem(LAYER), InMemoryStorage(), 0), Recorder()
    while study.step(measure) is not None:
        pass
    assert len(measure.seen) == SPACE.size == 24
    assert len({json.dumps(knobs) for knobs in measure.seen}) == 24
    best = study.best
    assert best is not None and best.knobs["tile"] == 16 and best.knobs["unroll"] is True


def test_points_that_make_equal_schedules_are_measured_once() -> None:
    def make_schedule(knobs: Knobs) -> str:
        return json.dumps({**knobs, "order": "mn"})

    study, measure = LayerStudy(make_problem(LAYER, make_schedule=make_schedule), InMemoryStorage(), 0), Recorder()
    while study.step(measure) is not None:
        pass
    assert len(measure.seen) == 12


def test_illegal_points_are_never_measured() -> None:
    problem = make_problem(LAYER, is_legal=lambda knobs: knobs["order"] == "mn", make_schedule=refuse_large_tiles)
    study, measure = LayerStudy(problem, InMemoryStorage(), 0), Recorder()
    while study.step(measure) is not None:
        pass
    assert len(measure.seen) == 10
    assert all(knobs["order"] == "mn" and knobs["tile"] != 32 for knobs in measure.seen)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.ILLEGAL, TrialState.PRUNED),
        (Outcome.COMPILE_ERROR, TrialState.PRUNED),
        (Outcome.COMPILE_TIMEOUT, TrialState.PRUNED),
        (Outcome.RUN_TIMEOUT, TrialState.PRUNED),
        (Outcome.CRASH, TrialState.PRUNED),
        (Outcome.OUT_OF_MEMORY, TrialState.PRUNED),
        (Outcome.WRONG_ANSWER, TrialState.PRUNED),
        (Outcome.INFRA, TrialState.FAIL),
    ],
)
def test_failures_are_pruned_with_a_constraint_that_the_sampler_sees(outcome: Outcome, state: TrialState) -> None:
    study = LayerStudy(make_problem(LAYER), InMemoryStorage(), 0)
    trial = study.step(Recorder(Measurement(outcome)))
    (frozen,) = study._study.get_trials()
    assert frozen.state is state
    assert (sum(frozen.constraints.values()) > 0) == (state is TrialState.PRUNED)
    assert trial is not None and trial.measurement.outcome is outcome
    assert study.best is None


def test_every_failing_outcome_has_a_constraint() -> None:
    study = LayerStudy(make_problem(LAYER), InMemoryStorage(), 0)
    for outcome in Outcome:
        if outcome is not Outcome.OK:
            study.step(Recorder(Measurement(outcome)))


def test_wrong_answer_is_never_the_best_however_fast() -> None:
    study = LayerStudy(make_problem(LAYER), InMemoryStorage(), 0)
    study.step(Recorder(ok(2.0)))
    study.step(Recorder(Measurement(Outcome.WRONG_ANSWER, samples_s=(1e-9,))))
    assert study.best is not None and study.best.measurement.median_s == 2.0


def test_best_is_the_fastest_in_a_typical_place() -> None:
    study = LayerStudy(make_problem(LAYER), InMemoryStorage(), 0)
    steady = (2.0, 2.0, 2.0)
    for samples_s in ((1.0, 3.0, 3.0), steady):
        study.step(Recorder(Measurement(Outcome.OK, samples_s=samples_s)))
    assert study.best is not None and study.best.measurement.samples_s == steady


def test_dropped_candidate_tells_the_sampler_its_time_and_is_no_finalist() -> None:
    study = LayerStudy(make_problem(LAYER), InMemoryStorage(), 0)
    study.step(Recorder(Measurement(Outcome.OK, samples_s=(3.0,), dropped=True)))
    (frozen,) = study._study.get_trials()
    assert (frozen.state, frozen.value) == (TrialState.COMPLETE, 3.0)
    assert study.best is None


def test_infra_failure_does_not_count_against_the_point() -> None:
    study, measure = LayerStudy(make_problem(LAYER), InMemoryStorage(), 0), Recorder()
    study.step(Recorder(Measurement(Outcome.INFRA)))
    while study.step(measure) is not None:
        pass
    assert len(measure.seen) == SPACE.size


def test_study_goes_on_where_it_stopped(tmp_path: Path) -> None:
    url = str(tmp_path / "studies.db")
    first = LayerStudy(make_problem(LAYER), open_storage(url), 0)
    measure = Recorder()
    for _ in range(5):
        first.step(measure)
    best = first.best
    assert best is not None
    first.mark_confirmed()
    again = LayerStudy(make_problem(LAYER), open_storage(url), 0)
    assert again.trials == first.trials
    assert again.confirmed_digest == best.digest
    while again.step(measure) is not None:
        pass
    assert len(measure.seen) == SPACE.size


class Killed(BaseException):
    """Stands for kill -9 in the middle of a measurement."""


def test_trial_that_the_tuner_was_killed_over_is_given_up(tmp_path: Path) -> None:
    url = str(tmp_path / "studies.db")

    def die(schedule: str) -> Measurement:
        raise Killed

    with pytest.raises(Killed):
        LayerStudy(make_problem(LAYER), open_storage(url), 0).step(die)
    again, measure = LayerStudy(make_problem(LAYER), open_storage(url), 0), Recorder()
    assert [t.state for t in again._study.get_trials()][0] is TrialState.FAIL
    again.step(measure)
    assert measure.seen == [DEFAULT]


def test_default_that_failed_gets_another_chance_in_the_next_run(tmp_path: Path) -> None:
    url = str(tmp_path / "studies.db")
    LayerStudy(make_problem(LAYER), open_storage(url), 0).step(Recorder(Measurement(Outcome.COMPILE_TIMEOUT)))
    again, measure = LayerStudy(make_problem(LAYER), open_storage(url), 0), Recorder()
    again.step(measure)
    assert measure.seen == [DEFAULT]
    assert again.best is not None


def test_seed_decides_the_order() -> None:
    space = Space(tuple(Knob(name, tuple(range(16))) for name in "abcd"))
    default = dict.fromkeys("abcd", 0)

    def run(seed: int) -> list[Knobs]:
        problem = make_problem(LAYER, space=space, default=default)
        study, measure = LayerStudy(problem, InMemoryStorage(), seed), Recorder(ok(1.0))
        for _ in range(6):
            study.step(measure)
        return measure.seen

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_search_finds_good_points_of_a_large_space() -> None:
    space = Space(tuple(Knob(name, tuple(range(12))) for name in "abc"))

    def measure(schedule: str) -> Measurement:
        knobs = json.loads(schedule)
        return ok(1 + sum((knobs[name] - 9) ** 2 for name in "abc"))

    study = LayerStudy(make_problem(LAYER, space=space, default=dict.fromkeys("abc", 0)), InMemoryStorage(), 0)
    for _ in range(60):
        study.step(measure)
    # The default takes 244; of 60 random points the best takes 7 on average.
    assert study.best is not None and study.best.measurement.median_s <= 5


HINTED = Space((*SPACE.knobs[:2], Knob("hint", ("a", "b", "c"))))


def make_hinted(storage: BaseStorage) -> LayerStudy:
    """A study of schedules for which one of the knobs makes no difference: two draws of three bring nothing new."""

    def make_schedule(knobs: Knobs) -> str:
        return json.dumps({"tile": knobs["tile"], "unroll": knobs["unroll"]})

    default, start = ({"tile": tile, "unroll": False, "hint": "b"} for tile in (4, 8))
    problem = make_problem(LAYER, space=HINTED, default=default, starts=(start,), make_schedule=make_schedule)
    return LayerStudy(problem, storage, 0)


def exhaust(study: LayerStudy) -> list[dict[str, object]]:
    """Measure whatever is left; the points of the whole study."""
    measure = Recorder()
    while study.step(measure) is not None:
        pass
    return [trial.params for trial in study._study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED))]


@pytest.mark.parametrize("moment", [0, 1, 2, 5, 9, 11])
def test_study_that_is_killed_goes_through_the_same_points(monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    whole, storage = exhaust(make_hinted(InMemoryStorage())), InMemoryStorage()
    assert len(whole) > 11
    first = make_hinted(storage)
    tell, told = first._study.tell, iter(range(moment))

    def die_at_last(*args: Any, **kwargs: Any) -> object:
        if next(told, None) is None:
            raise Killed
        return tell(*args, **kwargs)

    monkeypatch.setattr(first._study, "tell", die_at_last)
    with pytest.raises(Killed):
        exhaust(first)
    assert exhaust(make_hinted(storage)) == whole


def test_points_to_begin_with_are_those_of_the_first_run() -> None:
    storage, measure = InMemoryStorage(), Recorder()
    first: dict[str, KnobValue] = {"tile": 8, "unroll": True, "order": "nm"}
    since: dict[str, KnobValue] = {"tile": 2, "unroll": True, "order": "nm"}
    LayerStudy(make_problem(LAYER, starts=(first,)), storage, 0).step(measure)
    LayerStudy(make_problem(LAYER, starts=(since,)), storage, 0).step(measure)
    assert measure.seen == [DEFAULT, first]
