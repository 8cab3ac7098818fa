"""The pre-filter hides no optimum of the spaces that were measured whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autotune.comparison.exhaustive import Exhausted, exhaust, legal_points, replay, restrict, to_data
from autotune.measure.outcome import Measurement, Outcome
from schedules.prefilter import find_objection
from schedules.space import Knobs
from tensorlang.errors import TuningError
from tensorlang.nn.workload import workload_from_data
from tests.schedules.examples import AVX512

from .fakes import DEFAULT, make_layer, make_problem, ok, refuse_large_tiles, time_of

FILES = sorted((Path(__file__).parent / "exhaustive").glob("*.json"))
A = make_layer("a")


def again(data: dict[str, Any]) -> Exhausted:
    """What the pre-filter says now of the points that were measured."""
    target, workload = replace(AVX512, **data["target"]), workload_from_data(data["workload"])
    arguments = data["default"], target, data["threads"]
    return replay(data, lambda knobs: find_objection(workload, data["family"], knobs, *arguments))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_optimum_is_hidden(path: Path) -> None:
    found = again(json.loads(path.read_text(encoding="utf-8")))
    assert not found.hides_optimum
    assert found.cost is not None and found.cost <= 1.01


def test_something_is_rejected() -> None:
    found = [again(json.loads(path.read_text(encoding="utf-8"))) for path in FILES]
    rejected = sum(sum(space.rejected.values()) for space in found)
    assert len(found) >= 4
    assert rejected >= 0.1 * sum(len(space.points) for space in found)
    assert len({objection for space in found for objection in space.rejected}) >= 3


def objection(knobs: Knobs) -> str:
    return "too small" if knobs["tile"] in (1, 2) else "unlucky" if knobs["tile"] == 16 else ""


def measured(schedule: str) -> Measurement:
    knobs = json.loads(schedule)
    return Measurement(Outcome.CRASH) if knobs["tile"] == 2 else ok(time_of(knobs))


def test_space_is_measured_whole_the_default_first() -> None:
    points = list(legal_points(make_problem(A, make_schedule=refuse_large_tiles)))
    assert points[0][0] == DEFAULT
    assert len(points) == 20
    seen: list[Knobs] = []
    found = exhaust(points, measured, objection, seen.append)
    assert [knobs for knobs, _, _ in found.points] == seen == [knobs for knobs, _ in points]
    assert found.rejected == {"too small": 8, "unlucky": 4}
    assert [(knobs["tile"], why) for knobs, _, why in found.optima] == [(16, "unlucky")] * 2
    assert found.hides_optimum
    assert found.cost == pytest.approx(time_of({"tile": 8, "unroll": True}) / 1e-3)


def test_optimum_that_is_let_through_is_not_hidden() -> None:
    found = exhaust(list(legal_points(make_problem(A))), measured, lambda knobs: "x" * (knobs["order"] == "mn"))
    assert not found.hides_optimum
    assert found.cost == pytest.approx(1.0)
    assert exhaust([], measured, objection).cost is None


def test_points_that_make_one_schedule_are_one() -> None:
    problem = make_problem(A, make_schedule=lambda knobs: json.dumps({**knobs, "order": "mn"}))
    assert len(list(legal_points(problem))) == 12


def test_space_of_some_knobs_has_the_default_of_the_others() -> None:
    problem = restrict(make_problem(A), ("tile",))
    assert [knobs["tile"] for knobs, _ in legal_points(problem)] == [4, 1, 2, 8, 16, 32]
    assert {(knobs["unroll"], knobs["order"]) for knobs, _ in legal_points(problem)} == {(False, "mn")}
    with pytest.raises(TuningError) as caught:
        restrict(make_problem(A), ("tile", "x"))
    assert str(caught.value) == "a has no knob 'x'.\n  legal here  tile | unroll | order"


def test_data_can_be_replayed() -> None:
    problem = restrict(make_problem(A), ("tile", "unroll"))
    found = exhaust(list(legal_points(problem)), measured, objection)
    data = json.loads(json.dumps(to_data(found, problem, AVX512)))
    assert (data["knobs"], data["rejected"]) == (["tile", "unroll"], {"too small": 4, "unlucky": 2})
    assert replay(data, objection) == found
    assert replace(AVX512, **data["target"]) == AVX512
