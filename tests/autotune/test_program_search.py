"""Tuning any program: the holes of a schedule are filled with what is fastest, by a measurer that computes times."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import optuna
import pytest
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.trial import TrialState

import tensorlang as tl
from autotune.budget import Budget
from autotune.contest import DEFAULT
from autotune.measure import jobs
from autotune.measure.measurer import Candidate, Comparison
from autotune.measure.outcome import Outcome
from autotune.measure.subjects import Subject, subject_of
from autotune.program_problem import ProgramProblem, program_problem
from autotune.program_search import ProgramSearch, TuningResult
from autotune.spaces import holes_space, point_of
from autotune.stopping import StopRequest
from autotune.trials import schedule_digest
from autotune.tuning import tune
from schedules import Hardware
from tensorlang.errors import ScheduleError, TuningError
from tensorlang.lang.build import build_algorithm

from .fakes import FakeMeasurer

SHAPES = {"f": (16, 64)}


@dataclass(frozen=True)
class Chain:
    """``f[i, j] = g[i, j] + g[i + 1, j]``, with ``g[i, j] = x[i, j] * 2``."""

    x: tl.Input
    g: tl.Func
    f: tl.Func


def chain() -> Chain:
    x, (i, j) = tl.Input("x", (17, 64), tl.float32), tl.vars("i j")
    g, f = tl.Func("g"), tl.Func("f")
    g[i, j] = x[i, j] * 2
    f[i, j] = g[i, j] + g[i + 1, j]
    return Chain(x, g, f)


def with_holes(c: Chain) -> tl.Schedule:
    s = tl.Schedule(c.f)
    s[c.f].split("i", "io", "ii", tl.knob("rows", [1, 2, 4, 8])).vectorize("j", 16)
    s[c.g].compute_at(tl.knob("site", [(c.f, "io"), (c.f, "ii"), "inline"]))
    return s


def subject(c: Chain) -> Subject:
    return Subject(build_algorithm(c.f), SHAPES)


def problem(c: Chain, schedule: tl.Schedule, baseline: tl.Schedule | None = None) -> ProgramProblem:
    return program_problem(subject(c), holes_space(schedule), Hardware.here(1), baseline)


def time_of(schedule: Mapping[str, Any]) -> float:
    """Best with 4 rows, and g inline [s]."""
    split, *_, site = schedule["directives"]
    rows = float(split.get("factor", 64))
    return 1e-3 * (1 + abs(rows - 4) + (0.0 if site["directive"] == "compute_inline" else 0.5))


def measurer(**fields: Any) -> FakeMeasurer:
    return FakeMeasurer(time_of=time_of, **fields)


def search(
    what: ProgramProblem, with_: FakeMeasurer, storage: BaseStorage | None = None, trials: int | None = None
) -> TuningResult:
    stop = StopRequest()
    return ProgramSearch(what, storage or InMemoryStorage(), with_, Budget(60), stop, trials=trials).run()


def test_holes_are_filled_with_what_is_fastest_and_the_rest_stays() -> None:
    c = chain()
    s = with_holes(c)
    result = search(problem(c, s), measurer())
    assert result.schedule == s.fill(rows=4, site="inline")
    assert result.point == {"rows": 4, "site": "inline"}
    assert (result.winner, result.doubt, result.is_exhausted) == ("trial 1", "", True)
    assert result.outcomes == {"ok": 12} and len(result.trials) == 12
    assert result.baseline_s == 1e-3 * 4.5 and result.best_s == 1e-3 and result.speedup == pytest.approx(4.5)
    assert str(result) == "1000.0 us, 4.50x the baseline; 12 ok"
    assert tl.loop_nest(c.f, result.schedule)


def test_the_first_choices_are_the_baseline_and_the_first_trial() -> None:
    c = chain()
    s = with_holes(c)
    fake = measurer()
    search(problem(c, s), fake, trials=3)
    assert fake.measured[0].schedule == s.fill(rows=1, site=("f", "io")).to_json()
    assert fake.compared[0][DEFAULT].schedule == fake.measured[0].schedule


def test_a_baseline_that_is_no_point_takes_part_in_the_contest() -> None:
    c = chain()
    given = tl.Schedule(c.f)
    given[c.f].split("i", "io", "ii", 5).vectorize("j", 16)
    given[c.g].compute_inline()
    fake = measurer()
    result = search(problem(c, with_holes(c), given), fake, trials=4)
    assert fake.compared[0][DEFAULT].schedule == given.to_json()
    assert given.to_json() not in [candidate.schedule for candidate in fake.measured]
    assert len(result.trials) == 4


def test_a_baseline_that_nothing_beats_stays() -> None:
    c = chain()
    s = with_holes(c)
    result = search(problem(c, s, s.fill(rows=4, site="inline")), measurer())
    assert result.winner == DEFAULT and result.schedule == s.fill(rows=4, site="inline") and result.speedup == 1


def test_illegal_points_are_pruned_with_a_constraint_and_counted() -> None:
    c = chain()
    s = tl.Schedule(c.f)
    s[c.f].split("i", "io", "ii", tl.knob("rows", [1, 2, 4, 8])).unroll(tl.knob("unrolled", ["ii", "io", "gone"]))
    s[c.g].compute_inline()
    storage, what = InMemoryStorage(), problem(c, s)
    slow = s.fill(rows=2, unrolled="io").to_json()
    result = search(what, measurer(outcomes={slow: Outcome.ILLEGAL}), storage)
    assert result.outcomes == {"ok": 7, "illegal": 5}
    study = optuna.load_study(study_name=f"f-t1-{what.key}", storage=storage)
    states = {(trial.params["rows"], trial.params["unrolled"]): trial.state for trial in study.trials}
    assert TrialState.FAIL not in states.values()
    assert states[1, 1] is TrialState.PRUNED and states[0, 0] is TrialState.COMPLETE
    assert all(state is TrialState.PRUNED for (_, unrolled), state in states.items() if unrolled == 2)
    pruned = [trial for trial in study.trials if trial.state is TrialState.PRUNED]
    assert pruned and all(max(trial.constraints.values()) > 0 for trial in pruned)


def test_a_search_goes_on_where_the_last_one_stopped() -> None:
    storage = InMemoryStorage()
    for trials in (4, 10):
        c, fake = chain(), measurer()
        result = search(problem(c, with_holes(c)), fake, storage, trials)
        assert len(result.trials) == trials
        assert len(fake.measured) == (4 if trials == 4 else 6)
    other = problem(c, with_holes(c), baseline=with_holes(c).fill(rows=2, site="inline"))
    assert len(search(other, measurer(), storage, 1).trials) == 1


@dataclass
class BusyMeasurer(FakeMeasurer):
    """Compares while other processes hold the CPUs."""

    def compare(self, contenders: Mapping[str, Candidate], rounds: int) -> Comparison:
        found = super().compare(contenders, rounds)
        return Comparison(found.samples_s, {}, waiting_share=0.5)


def test_in_doubt_the_baseline_stays() -> None:
    c = chain()
    s = with_holes(c)
    result = search(problem(c, s), BusyMeasurer(time_of=time_of))
    assert result.schedule == s.fill(rows=1, site=("f", "io")) and result.winner == DEFAULT
    assert result.doubt == "waited 50 % of the time for busy CPUs"
    assert str(result).endswith("12 ok; not settled: waited 50 % of the time for busy CPUs")


def test_a_machine_that_cannot_measure_ends_the_search() -> None:
    c = chain()
    s = with_holes(c)
    everything = {s.fill(rows=r, site=x).to_json(): Outcome.INFRA for r in (1, 2, 4, 8) for x in s.knobs[1].choices}
    with pytest.raises(TuningError, match="Measuring failed 3 times in a row: told to"):
        search(problem(c, s), measurer(outcomes=everything))


def test_a_program_is_checked_and_timed_as_a_layer_is() -> None:
    c = chain()
    what = problem(c, with_holes(c))
    assert subject_of(what.workload) == what.subject

    def measured(schedule: str) -> dict[str, Any]:
        message = Candidate(what.workload, schedule, 1, what.limits).to_message()
        return jobs.measure(json.loads(json.dumps(message)), lambda phase, about="": None)

    reply = measured(what.default_schedule)
    assert reply["outcome"] is Outcome.OK and min(reply["samples_s"]) > 0
    unbounded = tl.Schedule()
    unbounded["f"].unroll("q")
    assert measured(unbounded.to_json())["outcome"] is Outcome.ILLEGAL


def test_keys_tell_programs_schedules_and_baselines_apart() -> None:
    c = chain()
    s = with_holes(c)
    t = s.copy()
    t[c.g].store_in("stack")
    larger = program_problem(Subject(build_algorithm(c.f), {"f": (8, 64)}), holes_space(s), Hardware.here(1))
    baseline = s.fill(rows=4, site="inline")
    problems = [problem(c, s), problem(c, t), problem(c, s, baseline), larger]
    assert len({what.key for what in problems}) == 4
    assert problem(chain(), with_holes(chain())).key == problems[0].key


def test_choices_of_every_sort_are_points() -> None:
    s = tl.Schedule()
    s["f"].unroll("i", tl.knob("n", [None, 2])).reorder(tl.knob("order", [("i", "j"), ("j", "i")]))
    s["f"].split_storage("i", "a", "b", tl.knob("b", [4, 8])).fold_storage("i", 4, tl.knob("c", [True, False]))
    s["g"].compute_at(tl.knob("site", [("f", "i"), "root"])).store_in(tl.knob("memory", ["heap", "stack"]))
    found = holes_space(s)
    assert found.default == {"n": "None", "order": "i, j", "b": 4, "c": "True", "site": "f, i", "memory": "heap"}
    assert found.space.contains(found.default) and found.space.size == 64
    schedules = {found.make(point).to_json() for point in found.space.points()}
    assert len(schedules) == 64 and not any("knob" in text for text in schedules)
    assert found.make(point_of(s, {"n": 2, "site": "root"})) == s.fill(
        n=2, order=("i", "j"), b=4, c=True, site="root", memory="heap"
    )
    assert schedule_digest(found.make(found.default).to_json())


def test_what_cannot_be_tuned() -> None:
    c = chain()
    s = with_holes(c)
    with pytest.raises(TuningError) as caught:
        tune(c.f, s.fill(rows=1, site="inline"))
    assert str(caught.value) == (
        "the schedule has no holes, so there is nothing to choose.\n"
        "  rule        a schedule is tuned in its holes\n"
        '  hint        tl.knob("ti", [4, 8, 16]) in place of a number, or no schedule for the generic space'
    )
    illegal = tl.Schedule()
    illegal["f"].unroll("q")
    with pytest.raises(ScheduleError) as refused:
        tune(c.f, s, baseline=illegal)
    assert refused.value.message == 's[f].unroll("q"): f has no loop q.'
    assert refused.value.hint == "give baseline= a schedule that is legal"
    with pytest.raises(TuningError, match="budget='soon' is no duration"):
        tune(c.f, s, budget="soon")
