"""Schedules as JSON: the form, and what is refused."""

from __future__ import annotations

import json

import pytest

from tensorlang.errors import ScheduleError
from tensorlang.schedule import Schedule
from tensorlang.schedule.json_form import MAX_BYTES
from tensorlang.schedule.table import DIRECTIVES

from .programs import gemm


def wrapped(*directives: object, version: object = 1) -> str:
    return json.dumps({"format": "tensorlang-schedule", "version": version, "directives": directives})


def refusal_of(text: str) -> str:
    with pytest.raises(ScheduleError) as caught:
        Schedule.from_json(text)
    return str(caught.value)


def test_form() -> None:
    s = Schedule()
    s["C", 1].split("k", "ko", "ki", 8, tail="guard_with_if").reorder("k", "i").vectorize("j")
    s.in_("B", "C", "packed").compute_at("C.update()", "ko").store_in("stack")
    text = (
        '{"format": "tensorlang-schedule", "version": 1, "directives": ['
        '{"directive": "split", "stage": "C.update(0)", "old": "k", "outer": "ko", "inner": "ki", "factor": 8, '
        '"tail": "guard_with_if"}, '
        '{"directive": "reorder", "stage": "C.update(0)", "loops": ["k", "i"]}, '
        '{"directive": "vectorize", "stage": "C.update(0)", "v": "j"}, '
        '{"directive": "in_", "stage": "packed", "producer": "B", "consumer": "C"}, '
        '{"directive": "compute_at", "stage": "packed", "consumer": "C.update(0)", "loop": "ko"}, '
        '{"directive": "store_in", "stage": "packed", "memory": "stack"}]}'
    )
    assert s.to_json() == text
    assert Schedule.from_json(text) == s


def test_loading_for_an_output_checks_and_names_the_directive() -> None:
    text = wrapped({"directive": "serial", "stage": "C", "v": "i"}, {"directive": "unroll", "stage": "C", "v": "x"})
    assert len(Schedule.from_json(text).directives) == 2
    with pytest.raises(ScheduleError) as caught:
        Schedule.from_json(text, gemm().c)
    assert str(caught.value) == (
        's[C].unroll("x"): C has no loop x.\n'
        '  asked       s[C].unroll("x")    directive 2 of the JSON\n'
        "  rule        a directive names loops that exist when it is given\n"
        "  legal here  loops of C, outermost first: i, j"
    )


def test_field_that_does_not_fit() -> None:
    assert refusal_of(wrapped({"directive": "unroll", "stage": "C", "v": "i", "n": "4"})) == (
        's[C].unroll("i", "4"): n must be an integer >= 1 and < 2**31, but got "4".\n'
        '  asked       s[C].unroll("i", "4")    directive 1 of the JSON\n'
        "  rule        n is an integer >= 1 and < 2**31"
    )


SPLIT_FIELDS = "fields of split: stage, old, outer, inner, factor, tail"
SCHEDULE_FIELDS = 'an object of "format": "tensorlang-schedule", "version" and "directives"'


@pytest.mark.parametrize(
    ("text", "sentence", "where", "legal"),
    [
        ("[]", "the text is not a schedule.", "", SCHEDULE_FIELDS),
        ('{"directives": []}', "the text is not a schedule.", "", SCHEDULE_FIELDS),
        (wrapped(version=2), "version 2 of the format is not known.", "", "version 1"),
        (wrapped(version=True), "version True of the format is not known.", "", "version 1"),
        (
            wrapped("split"),
            "'split' is not a directive.",
            "directive 1 of the JSON",
            'an object of "directive", "stage" and fields',
        ),
        (
            wrapped({"directive": "split", "stage": "f", "old": "i", "outer": "o", "inner": "n", "factor": 2, "x": 1}),
            "split has no field 'x'.",
            "directive 1 of the JSON",
            SPLIT_FIELDS,
        ),
        (
            wrapped({"directive": "split", "stage": "f", "old": "i", "where": "there"}),
            "split has no field 'where'.",
            "directive 1 of the JSON",
            SPLIT_FIELDS,
        ),
        (
            wrapped({"directive": "split", "old": "i"}),
            "split lacks its field 'stage'.",
            "directive 1 of the JSON",
            SPLIT_FIELDS,
        ),
        (
            "{",
            "the text is not JSON: Expecting property name enclosed in double quotes at line 1, column 2.",
            "",
            "JSON",
        ),
        (wrapped(1.5), "'1.5' is not allowed.", "", "integers are the only numbers"),
        ("NaN", "'NaN' is not allowed.", "", "integers are the only numbers"),
        ("9" * 5000, f"'{'9' * 56}... is too large.", "", "integers of 64 bits"),
        ('{"a": 1, "a": 2}', "an object holds the same key twice.", "", "each key once"),
        (
            "[" * 100_000,
            "the text is nested too deeply.",
            "",
            "a list of directives, whose values are names, integers and lists",
        ),
        (" " * (MAX_BYTES + 1), "the text is too long, or is no text.", "", f"a text of at most {MAX_BYTES} bytes"),
    ],
)
def test_refused(text: str, sentence: str, where: str, legal: str) -> None:
    asked = f"  asked       {where}\n" if where else ""
    assert refusal_of(text) == (
        f"Schedule.from_json: {sentence}\n{asked}"
        f"  rule        a schedule is read by a closed grammar\n  legal here  {legal}"
    )


def test_unknown_directive() -> None:
    assert refusal_of(wrapped({"directive": "__import__", "stage": "f"})) == (
        "Schedule.from_json: there is no directive '__import__'.\n"
        "  asked       directive 1 of the JSON\n"
        "  rule        a schedule is read by a closed grammar\n"
        f"  legal here  {', '.join(DIRECTIVES)}"
    )


def test_too_many_directives() -> None:
    item = {"directive": "serial", "stage": "C", "v": "i"}
    assert len(Schedule.from_json(wrapped(*[item] * 4096)).directives) == 4096
    assert refusal_of(wrapped(*[item] * 4097)) == (
        'Schedule.from_json: "directives" is not a list of directives.\n'
        "  rule        a schedule is read by a closed grammar\n"
        "  legal here  a list of at most 4096 directives"
    )


@pytest.mark.parametrize("stage", ['f"]; import os; s["f', "f.update(-1)", "f.update(00)", "f\n", "ｆ", "f" * 129, ""])
def test_stage_text_cannot_carry_code(stage: str) -> None:
    assert "stage must be the name of a stage" in refusal_of(wrapped({"directive": "compute_root", "stage": stage}))
