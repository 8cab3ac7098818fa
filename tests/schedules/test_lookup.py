"""Lookup: each rung of the ladder answers when the ones above do not, and says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from schedules import Database, Found, Hardware, Record, Rung, best, find_family, lookup
from tensorlang.nn import Conv2d, Workload
from tensorlang.schedule import resolve
from tests.schedules.examples import AVX2, AVX512, WORKLOADS, hardware, record

CONV = Conv2d(1, 56, 56, 64, 64, 3, 3, padding=(1, 1))
HERE = hardware()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path)


def _look(workload: Workload, *databases: Database, on: Hardware = HERE) -> Found:
    return lookup(workload, threads=2, hardware=on, target=AVX512, databases=databases)


def _record(best_ns: int = 50, **changes: int | str) -> Record:
    return replace(record(CONV, best_ns=best_ns), hardware=replace(HERE, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("workload", WORKLOADS, ids=str)
def test_without_records_the_heuristic_answers(workload: Workload, database: Database) -> None:
    found = _look(workload, database)
    assert (found.rung, found.record) == (Rung.HEURISTIC, None)
    assert found.explanation == f"heuristic: the default of the {found.family} family; no record fits"
    resolve(found.layer.algorithm(), found.schedule)


def test_rungs_in_order(database: Database) -> None:
    database.append(_record(best_ns=10, model="another", l2_bytes=1))
    assert _look(CONV, database).rung is Rung.SAME_ISA
    database.append(_record(best_ns=20, model="another"))
    assert _look(CONV, database).rung is Rung.SAME_ISA_AND_CACHES
    database.append(_record(best_ns=30))
    found = _look(CONV, database)
    assert found.rung is Rung.EXACT_MACHINE
    assert found.record is not None and found.record.timing.samples_ns == (33, 30)
    where = HERE.class_name
    assert found.explanation == (
        f"exact machine: tuned on {where}, 2 threads, 3.33 times the speed of the default there"
    )
    assert found.schedule == found.record.schedule


def test_another_isa_does_not_answer(database: Database) -> None:
    database.append(record(CONV, on=hardware(target=AVX2)))
    assert _look(CONV, database).rung is Rung.HEURISTIC


def test_ranking_is_by_gain_over_the_baseline_and_the_latest_wins_ties(database: Database) -> None:
    slow, fast = _record(best_ns=50), _record(best_ns=25)
    later = replace(fast, provenance={"made_by": "a later run"})
    for item in (fast, slow, later):
        database.append(item)
    assert _look(CONV, database).record == later


def test_same_number_of_threads_is_preferred(database: Database) -> None:
    database.append(_record(best_ns=10, threads=1))
    database.append(_record(best_ns=50))
    found = _look(CONV, database)
    assert found.record is not None and found.record.hardware.threads == 2


def test_users_records_override_shipped_ones_on_a_rung(tmp_path: Path) -> None:
    user, shipped = Database(tmp_path / "user"), Database(tmp_path / "shipped")
    user.append(_record(best_ns=80))
    shipped.append(_record(best_ns=10))
    found = _look(CONV, user, shipped)
    assert found.record is not None and found.record.timing.samples_ns[1] == 80


def test_record_of_another_algorithm_is_stale(database: Database) -> None:
    database.append(replace(_record(), algorithm_hash="0" * 64))
    assert _look(CONV, database).rung is not Rung.EXACT_MACHINE


def test_nearest_shape_takes_the_knobs_of_the_nearest_record(database: Database) -> None:
    far, near = Conv2d(1, 7, 7, 64, 64, 3, 3, padding=(1, 1)), Conv2d(1, 56, 56, 64, 128, 3, 3, padding=(1, 1))
    knobs = {**find_family(near).default(near, AVX512, 2), "unroll_c": 2}
    database.append(record(far))
    database.append(replace(record(near), knobs=knobs))
    found = _look(CONV, database)
    assert found.rung is Rung.NEAREST_SHAPE
    assert found.knobs == knobs
    assert found.explanation == (
        f"nearest shape: the knobs of {near}, tuned on {HERE.class_name}, 2 threads, "
        "2.00 times the speed of the default there"
    )
    resolve(found.layer.algorithm(), found.schedule)


def test_knobs_illegal_here_are_passed_over(database: Database) -> None:
    wide = Conv2d(1, 56, 56, 64, 64, 3, 3, padding=(1, 1))
    narrow = replace(wide, w=3)
    database.append(record(wide))
    assert _look(narrow, database).rung is Rung.HEURISTIC


def test_defaults_find_this_machine() -> None:
    found = best(WORKLOADS[1])
    assert found.layer.workload == WORKLOADS[1]
    resolve(found.layer.algorithm(), found.schedule)
