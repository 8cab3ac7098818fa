"""Why a lookup answered as it did: every rung that did not answer says what kept it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from schedules import Database, Record, Rung, Search, explain
from tensorlang.nn import Gemm
from tensorlang.schedule import Schedule

from .examples import AVX2, AVX512, hardware, record

GEMM = Gemm(128, 96, 1024)
EXACT, CACHES, ISA, NEAREST, HEURISTIC = Rung


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path)


def steps(database: Database, *records: Record, workload: Gemm = GEMM) -> dict[Rung, str]:
    for item in records:
        database.append(item)
    answer = explain(workload, threads=2, hardware=hardware(), target=AVX512, databases=[database])
    assert [rung for rung, _ in answer.steps][-1] is answer.found.rung
    return dict(answer.steps)


def test_empty_database_says_so_of_every_rung(database: Database) -> None:
    none = "no record of this workload"
    assert steps(database) == {
        EXACT: none,
        CACHES: none,
        ISA: none,
        NEAREST: "no record of another shape with the same loops",
        HEURISTIC: "answers: the default of the gemm family; no record fits",
    }


def test_nearest_rung_that_answers_is_the_only_one(database: Database) -> None:
    (rung, text), *others = steps(database, record(GEMM)).items()
    assert rung is EXACT and others == []
    assert text.startswith("answers: tuned on ") and text.endswith("2.00 times the speed of the default there")


def test_each_reason_is_counted(database: Database) -> None:
    one_thread = record(GEMM, on=hardware(threads=1))
    old = replace(record(GEMM), algorithm_hash="another")
    elsewhere = record(GEMM, on=hardware(target=AVX2))
    found = steps(database, one_thread, one_thread, old, elsewhere)
    assert found[EXACT].startswith("none of the 4 records of this workload fits: 2 for 1 thread, not 2; 1 ")
    assert "1 of an earlier form of the algorithm" in found[EXACT]
    assert "1 measured with other vector instructions (" in found[ISA]


def test_caches_and_cores_of_another_machine_are_named(database: Database) -> None:
    small = record(GEMM, on=replace(hardware(), l2_bytes=1))
    many = record(GEMM, on=replace(hardware(), cores=64))
    found = steps(database, small, many)
    assert list(found) == [EXACT, CACHES]
    assert "1 measured with caches of other sizes (" in found[EXACT]
    assert "1 measured with 64 cores, not 2" in found[EXACT]


def test_record_that_lost_later_is_said_to_have(database: Database) -> None:
    old = record(GEMM)
    new = replace(record(GEMM, on=hardware(threads=2)), timing=replace(old.timing, samples_ns=(100,)))
    newer = replace(new, provenance={"supersedes": f"0123456789abcdef {old.digest}"}, algorithm_hash="another")
    found = steps(database, old, newer)
    assert "1 lost to a later record in the same rounds" in found[EXACT]


def test_illegal_schedule_in_a_record_is_passed_over(database: Database) -> None:
    wrong = Schedule.from_json(record(GEMM).schedule.to_json().replace('"matmul', '"nothing'))
    found = steps(database, replace(record(GEMM), schedule=wrong))
    assert found[EXACT] == "none of the 1 records of this workload fits: 1 a schedule that is not legal for this layer"
    assert NEAREST in found


@pytest.mark.parametrize(
    ("neighbour", "reason"),
    [
        (record(replace(GEMM, m=512), on=hardware(threads=1)), "1 for 1 thread, not 2"),
        (record(replace(GEMM, m=4096)), "1 more than 2 doublings away"),
        (
            record(replace(GEMM, m=256), best_ns=99),
            "1 gained less than 1.1x over its own default, too little to carry over",
        ),
        (replace(record(replace(GEMM, m=256)), knobs={"no": 1}), "1 knobs that are not legal for this shape"),
        (replace(record(replace(GEMM, m=256)), algorithm_hash="x"), "1 of an earlier form of the algorithm"),
    ],
    ids=["threads", "far", "gain", "knobs", "old"],
)
def test_neighbour_that_does_not_serve(database: Database, neighbour: Record, reason: str) -> None:
    found = steps(database, neighbour)
    assert found[NEAREST] == f"none of the 1 records of other shapes with the same loops serves: {reason}"
    assert HEURISTIC in found


def test_record_without_a_search_part_and_one_with_it_both_answer(database: Database) -> None:
    search = Search(checked=16, tried=20, exhausted=False, sampler="TPESampler", seed=0, default="0" * 16)
    assert list(steps(database, replace(record(GEMM), search=search))) == [EXACT]
