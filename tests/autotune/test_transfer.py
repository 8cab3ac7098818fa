"""Layers learn from layers that are like them, within a run."""

from __future__ import annotations

import json

from optuna.storages import InMemoryStorage

from autotune.comparison.runs import Variant, search
from autotune.measure.outcome import Measurement
from autotune.study import LayerStudy
from autotune.transfer import MOST_POINTS, Winner, find_winner, points_from
from schedules.space import Knob, Knobs, KnobValue, Space
from tensorlang.nn import Conv2d
from tensorlang.nn.workload import Gemm

from .fakes import DEFAULT, FakeMeasurer, make_layer, make_problem, ok, time_of
from .test_tuner import tune

A, B = make_layer("a", 64), make_layer("b", 128)
BEST: dict[str, KnobValue] = {"tile": 16, "unroll": True, "order": "mn"}


def winner(size: int, knobs: Knobs = BEST, family: str = "gemm", threads: int = 1) -> Winner:
    return Winner(Gemm(size, size, size), family, threads, knobs)


def test_winner_is_what_beat_the_default() -> None:
    study = LayerStudy(make_problem(A, starts=(BEST,)), InMemoryStorage(), 0)
    assert find_winner(study) is None
    study.step(lambda schedule: ok(1.0))
    assert find_winner(study) is None
    study.step(lambda schedule: ok(0.99))  # as fast as the default, but for the noise
    assert find_winner(study) is None
    study = LayerStudy(make_problem(A, starts=(BEST,)), InMemoryStorage(), 0)
    for time_s in (1.0, 0.5):
        study.step(lambda schedule, time_s=time_s: ok(time_s))  # type: ignore[misc]
    found = find_winner(study)
    assert found is not None and found.knobs == BEST and found.workload == A.workload


def test_nearest_winners_come_first_and_only_those_that_are_alike() -> None:
    far, near = {**BEST, "tile": 1}, {**BEST, "tile": 2}
    others = [
        winner(1024, far),
        winner(128, near),
        winner(64, BEST),  # the layer itself
        winner(128, BEST, threads=2),
        winner(128, BEST, family="rows"),
        Winner(Conv2d(n=1, h=8, w=8, c=8, k=8, r=1, s=1), "gemm", 1, BEST),
    ]
    assert points_from(others, make_problem(A)) == [near, far]


def test_points_are_few_legal_and_of_this_space() -> None:
    small = Space((Knob("tile", (1, 2, 4)), Knob("unroll", (False, True)), Knob("order", ("mn", "nm"))))
    default: Knobs = {"tile": 4, "unroll": False, "order": "mn"}
    assert points_from([winner(128)], make_problem(A, space=small, default=default)) == [{**BEST, "tile": 4}]
    assert points_from([winner(128)], make_problem(A, is_legal=lambda knobs: knobs["tile"] != 16)) == []
    many = [winner(100 + n, {**BEST, "tile": 2**n}) for n in range(6)]
    assert len(points_from(many, make_problem(A))) == MOST_POINTS


def test_layer_begins_its_turn_with_what_won_for_another() -> None:
    measurer = FakeMeasurer()
    tune(measurer, A, B)
    by_layer = {
        layer.name: [json.loads(c.schedule) for c in measurer.measured if c.workload == layer.workload.to_json()]
        for layer in (A, B)
    }
    assert by_layer["a"][0] == by_layer["b"][0] == DEFAULT
    assert time_of(by_layer["a"][1]) > time_of(BEST)  # the first to have a turn: it is slower for its work
    assert time_of(by_layer["b"][1]) == time_of(BEST)


def needed(*, transfers: bool) -> list[int | None]:
    """Candidates that the second of two layers needs to be nearly as fast as can be, for a few seeds."""

    def measure(schedule: str) -> Measurement:
        knobs = json.loads(schedule)
        return ok(1.0 + sum(abs(knobs[name] - 9) for name in "abc"))

    space, default = Space(tuple(Knob(name, tuple(range(12))) for name in "abc")), dict.fromkeys("abc", 0)
    problems = [make_problem(layer, space=space, default=default) for layer in (A, B)]
    found = []
    for seed in range(3):
        *_, last = search(problems, [measure, measure], Variant("evolution", transfers), seed, 60)
        found.append(next((n for n, best in enumerate(last.bests_so_far(), 1) if best.time_s in (1.0, 2.0)), None))
    return found


def test_transfer_saves_candidates() -> None:
    assert needed(transfers=True) == [2, 2, 2]
    assert all(count is None or count > 10 for count in needed(transfers=False))
