"""Samplers propose points of their space that are worth it, the same for the same seed, and better ones with time."""

from __future__ import annotations

import json
from itertools import islice
from math import log
from pathlib import Path
from random import Random

import pytest
from optuna.storages import InMemoryStorage

from autotune.measure.outcome import Measurement, Outcome
from autotune.names import SAMPLERS
from autotune.points import sample_points
from autotune.search import DEFAULT_SAMPLER, Observation, make_sampler
from autotune.search.features import Features
from autotune.search.sampler import mutate
from autotune.storage import open_storage
from autotune.study import LayerStudy
from schedules.space import Knob, Knobs, KnobValue, Space
from tensorlang.errors import TuningError

from .fakes import SPACE, make_layer, make_problem, ok

LAYER = make_layer("a")
WIDE = Space(
    (
        *(Knob(name, tuple(range(12))) for name in "abc"),
        Knob("order", ("rows", "columns", "blocks")),
        Knob("flag", (False, True)),
        Knob("one", (7,)),
    )
)
_ORDERS = {"rows": 0.3, "columns": 0.0, "blocks": 0.2}
START: dict[str, KnobValue] = {"a": 5, "b": 8, "c": 3, "order": "rows", "flag": False, "one": 7}


def slowness(knobs: Knobs) -> float:
    """1 at its best, in the middle of the space; the order counts as much as a few steps."""
    distance = sum(abs(int(knobs[name]) - best) for name, best in zip("abc", (9, 4, 7), strict=True))
    return 1 + 0.1 * distance + _ORDERS[str(knobs["order"])] + 0.1 * bool(knobs["flag"])


def is_small(knobs: Knobs) -> bool:
    return int(knobs["a"]) + int(knobs["b"]) < 16


def run(sampler: str, seed: int, trials: int, **problem: object) -> list[Knobs]:
    """The points that a search tries, the default first."""
    study = LayerStudy(make_problem(LAYER, space=WIDE, default=START, **problem), InMemoryStorage(), seed, sampler)  # type: ignore[arg-type]
    for _ in range(trials):
        study.step(lambda schedule: ok(slowness(json.loads(schedule))))
    return [trial.knobs for trial in study.trials.values()]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_seed_decides_what_is_tried(sampler: str) -> None:
    assert run(sampler, 1, 12) == run(sampler, 1, 12)
    assert run(sampler, 1, 12) != run(sampler, 2, 12)


class Killed(BaseException):
    """Stands for kill -9 in the middle of a measurement."""


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_search_that_was_killed_tries_what_it_would_have_tried(sampler: str, tmp_path: Path) -> None:
    whole = run(sampler, 3, 12)
    url, tried = str(tmp_path / "studies.db"), list[Knobs]()

    def go_on(until: int) -> None:
        def measure(schedule: str) -> Measurement:
            if len(tried) == until:
                raise Killed
            tried.append(json.loads(schedule))
            return ok(slowness(tried[-1]))

        study = LayerStudy(make_problem(LAYER, space=WIDE, default=START), open_storage(url), 3, sampler)
        with pytest.raises(Killed):
            while True:
                study.step(measure)

    for until in (0, 9, 9, 12):  # over the default, and twice over one point
        go_on(until)
    assert tried == whole


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_only_what_is_accepted_is_proposed(sampler: str) -> None:
    random = Random(0)
    points = [point for point in sample_points(WIDE, random, 200) if is_small(point)]
    history = [Observation(point, slowness(point) if i % 5 else None) for i, point in enumerate(points[:40])]
    for known in (history, history[:2], []):
        proposed = list(islice(make_sampler(sampler, WIDE, is_small).propose(known, "a seed"), 50))
        assert proposed
        assert all(WIDE.contains(point) and is_small(point) for point in proposed)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_nothing_but_failures_teaches_nothing_and_stops_nothing(sampler: str) -> None:
    points = list(sample_points(WIDE, Random(0), 30))
    history = [Observation(point, None) for point in points]
    assert next(make_sampler(sampler, WIDE, is_small).propose(history, "a seed"))


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name != "random"])
def test_search_that_learns_beats_chance(sampler: str) -> None:
    def found(name: str) -> float:
        return sum(log(min(map(slowness, run(name, seed, 50)))) for seed in range(3))

    assert found(sampler) < found("random")


def test_default_is_one_of_them() -> None:
    assert DEFAULT_SAMPLER in SAMPLERS


def test_unknown_sampler_is_refused() -> None:
    with pytest.raises(TuningError) as caught:
        make_sampler("guess", SPACE, lambda knobs: True)
    assert str(caught.value) == "there is no sampler 'guess'.\n  legal here  tpe | gp | evolution | random"


def test_hopeless_points_are_tried_last() -> None:
    def is_hopeless(knobs: Knobs) -> bool:
        return knobs["order"] == "nm"

    from_space = make_problem(LAYER)
    problem = type(from_space)(**{**vars(from_space), "is_hopeless": is_hopeless})
    study = LayerStudy(problem, InMemoryStorage(), 0)
    while study.step(lambda schedule: Measurement(Outcome.OK, samples_s=(1.0,))) is not None:
        pass
    orders = [trial.knobs["order"] for trial in study.trials.values()]
    assert orders == ["mn"] * 12 + ["nm"] * 12


def test_points_that_behave_alike_are_near() -> None:
    features = Features(Space((Knob("tile", (0, 8, 16)), Knob("order", ("a", "b", "c")), Knob("one", (1,)))))

    def distance(left: tuple[int, str], right: tuple[int, str]) -> float:
        first, second = features.of([{"tile": tile, "order": order, "one": 1} for tile, order in (left, right)])
        return float(((first - second) ** 2).sum())

    assert distance((8, "a"), (16, "a")) < distance((0, "a"), (8, "a"))  # 0 stands for none
    assert distance((8, "a"), (8, "b")) == pytest.approx(distance((8, "a"), (8, "c"))) == pytest.approx(1.0)


@pytest.mark.parametrize("changes", [1, 2, 5])
def test_mutation_changes_as_many_knobs_at_most(changes: int) -> None:
    random = Random(0)
    for _ in range(50):
        child = mutate(START, WIDE, random, changes)
        assert WIDE.contains(child)
        assert sum(child[name] != START[name] for name in START) <= changes
