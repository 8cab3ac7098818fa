"""A find of a planted defect is a case that fails with it and passes without it; the disk has no part in that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tensorlang.fuzz.case import Case
from tensorlang.fuzz.pair import Kind
from tensorlang.fuzz.player import play_case
from tensorlang.fuzz.session import Failure, Report
from tests.fuzz.hunting import hunt

DIES = "tests.fuzz.misbehaviour:die"


def _first(count: int) -> Callable[[Case, str], bool]:
    return lambda case, plant: case.number < count


def test_what_fails_without_the_defect_too_is_no_find() -> None:
    result = hunt(DIES, seed=3, seconds=120.0, fails=_first(2))
    assert [failure.case.number for failure in result.others] == [0, 1]
    assert result.found is not None and result.found.case.number == 2
    assert result.cases == 3
    first, second, third = (str(failure.case) for failure in (*result.others, result.found))
    assert str(result) == (
        f"crash in case {third}; WITHOUT IT TOO: crash in case {first}; WITHOUT IT TOO: crash in case {second}"
    )


def test_a_defect_that_only_meets_others_is_missed() -> None:
    result = hunt(DIES, seed=3, seconds=1.0, fails=lambda case, plant: True)
    assert result.found is None and result.others
    assert str(result).startswith("NOT FOUND; WITHOUT IT TOO: crash in case 3:0")


def test_the_case_of_a_find_is_run_without_the_defect() -> None:
    found = hunt(DIES, seed=3, seconds=120.0).found
    assert found is not None and found.kind is Kind.CRASH


def test_a_hang_that_does_not_come_again_is_no_find(monkeypatch: pytest.MonkeyPatch) -> None:
    again = iter((False, True))
    asked: list[tuple[int, str]] = []

    def fails(case: Case, plant: str) -> bool:
        asked.append((case.number, plant))
        return bool(plant) and next(again)

    monkeypatch.setattr("tests.fuzz.hunting.fuzz", _hanging)
    found = hunt(DIES, seed=3, seconds=60.0, fails=fails).found
    assert found is not None and found.case.number == 1
    assert asked == [(0, ""), (0, DIES), (1, ""), (1, DIES)]


def _hanging(*, seed: int, first: int, **options: object) -> Report:
    failure = Failure(Case(seed, first), Kind.HANG, "no answer for 120 s")
    return Report(seed, failures=[failure], cases=1, first=first)


def test_a_pair_neither_finds_nor_leaves_what_was_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a compiler with a defect lowered is never kept, and what another lowered is never taken for its own."""
    monkeypatch.setenv("TENSORLANG_CACHE_DIR", str(tmp_path))

    def never(*arguments: object, **options: object) -> None:
        raise AssertionError("lowered modules were looked for")

    monkeypatch.setattr("tensorlang.runtime.lowered.lower_cached", never)
    monkeypatch.setattr("tensorlang.runtime.compile.lower_cached", never)
    assert Kind.AGREED in {play_case(Case(3, number))[1].kind for number in range(4)}
    # Expected outputs are the oracle's, in which no defect is.
    assert {path.name for path in tmp_path.iterdir()} <= {"oracle"}
