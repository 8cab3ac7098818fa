"""A lookup decodes the few lines that it needs, and misses none of them, however a line is written."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from schedules import Database, Record, Rung, lookup
from schedules.interchange import write_records
from schedules.record_file import read_line
from tensorlang.nn import Gemm, Workload

from .examples import AVX512, hardware, record

WORKLOADS: list[Workload] = [Gemm(2**n, 2**m, 64) for n in range(8) for m in range(5)]
WANTED = WORKLOADS[12]


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counts = Counter[str]()

    def counting(line: str) -> Record:
        counts["lines"] += 1
        return Record(**vars(from_json(line)))

    from_json = Record.from_json
    monkeypatch.setattr(Record, "from_json", staticmethod(counting))
    return counts


def found(database: Database, workload: Workload) -> Rung:
    return lookup(workload, threads=2, hardware=hardware(), target=AVX512, databases=[database]).rung


def test_lookup_of_a_known_workload_decodes_its_records_only(tmp_path: Path, decoded: Counter[str]) -> None:
    write_records([record(w) for w in WORKLOADS], tmp_path)
    database = Database(tmp_path)
    assert found(database, WANTED) is Rung.EXACT_MACHINE
    assert decoded["lines"] == 1
    assert found(database, WANTED) is Rung.EXACT_MACHINE
    assert decoded["lines"] == 1
    assert len(database.load().records) == decoded["lines"] == len(WORKLOADS)


def test_lookup_of_another_shape_decodes_the_near_ones_only(tmp_path: Path, decoded: Counter[str]) -> None:
    write_records([record(w) for w in WORKLOADS], tmp_path)
    assert found(Database(tmp_path), Gemm(16, 4, 70)) is Rung.NEAREST_SHAPE
    assert 0 < decoded["lines"] < len(WORKLOADS) / 2


def test_line_that_is_not_written_as_ours_is_found_too(tmp_path: Path) -> None:
    data = json.loads(record(WANTED).to_json())
    path = Database(tmp_path).path_for(record(WANTED))
    texts = [
        json.dumps(dict(reversed(data.items()))),
        json.dumps(data, separators=(",", ":")),
        json.dumps({"schema": 2, "workload": dict(reversed(data["workload"].items())), **data}),
        record(WANTED).to_json().replace('"op": "gemm"', '"op": "\\u0067emm"', 1),
    ]
    for text in texts:
        path.write_text(f"{text}\n")
        assert read_line(text.encode()) == record(WANTED)
        assert found(Database(tmp_path), WANTED) is Rung.EXACT_MACHINE


def test_line_that_begins_well_and_ends_badly_is_passed_over(tmp_path: Path) -> None:
    path = Database(tmp_path).path_for(record(WANTED))
    path.write_text(record(WANTED).to_json()[:-20] + "\n")
    assert found(Database(tmp_path), WANTED) is Rung.HEURISTIC
    assert [p.line for p in Database(tmp_path).load().problems] == [1]
