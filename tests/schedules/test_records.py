"""Records: JSON round trip, and what a line that is no record gets."""

from __future__ import annotations

import json

import pytest

import tensorlang as tl
from schedules import Record, Search, Timing
from tensorlang.errors import DatabaseError
from tensorlang.nn import Workload
from tensorlang.schedule import Schedule
from tests.schedules.examples import WORKLOADS, record


@pytest.mark.parametrize("workload", WORKLOADS[::4], ids=str)
def test_json_round_trip(workload: Workload) -> None:
    original = record(workload)
    line = original.to_json()
    assert "\n" not in line
    assert Record.from_json(line) == original


def test_speedup_is_of_the_best_samples() -> None:
    assert record(WORKLOADS[0], best_ns=40).timing.speedup == 2.5


def _changed(path: str, value: object) -> str:
    data = json.loads(record(WORKLOADS[0]).to_json())
    *outer, last = path.split(".")
    place = data
    for key in outer:
        place = place[key]
    place[last] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("schema", 99, "the record is of schema 99; this version of tensorlang reads schemas 1, 2."),
        ("schema", "2", "the record names no schema that ever was; this version of tensorlang reads schemas 1, 2."),
        ("search", {}, "record.search lacks the field 'checked'."),
        ("extra", 1, "record has no field 'extra'."),
        ("timing.samples_ns", [], "timing.samples_ns must hold one or more times >= 1 ns, but got []."),
        ("timing.samples_ns", [1.5], "record.timing.samples_ns[0] must be an integer, but got 1.5."),
        ("hardware.isa", "avx2", 'record.hardware.isa must be a list, but got "avx2".'),
        ("knobs.order", [1], "record.knobs.order must be an integer or a string or true or false, but got [1]."),
        ("workload.op", "conv9d", "there is no workload 'conv9d'."),
        ("check.max_abs_error", "small", 'record.check.max_abs_error must be a number, but got "small".'),
    ],
)
def test_each_field_is_checked(path: str, value: object, message: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        Record.from_json(_changed(path, value))
    assert caught.value.message == message


def test_record_of_a_later_schema_says_what_to_do() -> None:
    with pytest.raises(DatabaseError) as caught:
        Record.from_json(_changed("schema", 3))
    assert str(caught.value) == (
        "the record is of schema 3; this version of tensorlang reads schemas 1, 2.\n"
        "  hint        install a newer tensorlang to read it, or leave it: lookups pass over it"
    )


def test_record_of_the_first_schema_is_read_without_what_it_did_not_say() -> None:
    data = json.loads(_changed("schema", 1))
    del data["search"]
    assert Record.from_json(json.dumps(data)) == record(WORKLOADS[0])


def test_search_that_checked_more_than_it_tried_is_refused() -> None:
    with pytest.raises(DatabaseError) as caught:
        Search(checked=3, tried=2, exhausted=False, sampler="TPESampler", seed=0, default="0")
    assert caught.value.message == "0 <= search.checked <= search.tried must hold, but got 3, 2."


def test_malformed_schedule_is_refused() -> None:
    with pytest.raises(DatabaseError) as caught:
        Record.from_json(_changed("schedule", {"directives": "import os"}))
    assert caught.value.message.startswith("the record's schedule is malformed: ")


def test_schedule_with_holes_is_refused() -> None:
    schedule = Schedule()
    schedule["out"].vectorize("n", tl.knob("lanes", [8, 16]))
    with pytest.raises(DatabaseError) as caught:
        Record.from_json(_changed("schedule", json.loads(schedule.to_json())))
    assert caught.value.message == "the record cannot be compiled: the schedule has holes: lanes."


def test_too_long_a_line_is_not_even_parsed() -> None:
    with pytest.raises(DatabaseError) as caught:
        Record.from_json(" " * 1_000_001)
    assert str(caught.value) == "a record has at most 1000000 characters, but this one has 1000001."


def test_one_disturbed_round_makes_no_gain() -> None:
    lucky = Timing(samples_ns=(10, 100, 100), baseline_samples_ns=(110, 110, 110), method="m")
    assert lucky.speedup == pytest.approx(1.1)
    unlucky = Timing(samples_ns=(100, 100, 100), baseline_samples_ns=(101, 1169, 1169), method="m")
    assert unlucky.speedup == pytest.approx(1.01)


def test_digest_survives_json() -> None:
    one = record(WORKLOADS[0])
    assert Record.from_json(one.to_json()).digest == one.digest != record(WORKLOADS[1]).digest
