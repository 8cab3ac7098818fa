"""A worker that crashes, hangs or raises gives a result, and the next case runs in a new one."""

from __future__ import annotations

import pytest

from tensorlang.fuzz.case import Case
from tensorlang.fuzz.pair import Kind
from tensorlang.fuzz.supervisor import Worker


@pytest.mark.parametrize(
    ("way", "kind", "reason"),
    [
        ("die", Kind.CRASH, "the process was ended by SIGSEGV"),
        ("sleep", Kind.HANG, "no answer for 8 s"),
        ("raise", Kind.INTERNAL_ERROR, "KeyError: 'a defect of the compiler'"),
    ],
)
def test_what_a_case_does_is_a_result(way: str, kind: Kind, reason: str) -> None:
    with Worker(timeout_s=8.0, plant=f"tests.fuzz.misbehaviour:{way}") as worker:
        result = worker.run(Case(3, 0))
        assert result.kind is kind
        assert result.reason.splitlines()[0] == reason


def test_a_crash_says_where() -> None:
    with Worker(plant="tests.fuzz.misbehaviour:die") as worker:
        assert "in _die" in worker.run(Case(3, 0)).reason


def test_after_a_crash_cases_go_on() -> None:
    with Worker(plant="tests.fuzz.misbehaviour:die") as worker:
        assert [worker.run(Case(3, number)).kind for number in range(2)] == [Kind.CRASH, Kind.CRASH]
