"""The database on disk: appending, crashes, foreign and corrupt content, places that cannot be written."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import schedules
from schedules import Database
from tensorlang.errors import DatabaseError
from tests.schedules.examples import WORKLOADS, record

GEMM, OTHER_GEMM, CONV = record(WORKLOADS[0]), record(WORKLOADS[1]), record(WORKLOADS[3])


def test_records_come_back_in_order(tmp_path: Path) -> None:
    database = Database(tmp_path / "made" / "on" / "demand")
    files = [database.append(r) for r in (GEMM, CONV, OTHER_GEMM)]
    assert files[0] == files[2] != files[1]
    assert files[0].name.endswith("-512-gemm.jsonl")
    contents = database.load()
    assert contents.problems == ()
    assert {r.workload for r in contents.records} == {GEMM.workload, CONV.workload, OTHER_GEMM.workload}
    assert [r for r in contents.records if r.family == "gemm"] == [GEMM, OTHER_GEMM]


def test_missing_directory_is_empty(tmp_path: Path) -> None:
    assert Database(tmp_path / "none").load().records == ()


def test_append_is_seen_by_the_next_load(tmp_path: Path) -> None:
    database = Database(tmp_path)
    database.append(GEMM)
    assert len(database.load().records) == 1
    database.append(GEMM)
    assert len(database.load().records) == 2


def test_line_cut_short_costs_that_line_only(tmp_path: Path) -> None:
    database = Database(tmp_path)
    path = database.append(GEMM)
    with path.open("a") as file:
        file.write(GEMM.to_json()[:50])
    database.append(OTHER_GEMM)
    contents = database.load()
    assert contents.records == (GEMM, OTHER_GEMM)
    (problem,) = contents.problems
    assert str(problem).startswith(f"{path}:2: the record is not well-formed JSON: ")


def test_bad_lines_are_named_and_left(tmp_path: Path) -> None:
    database = Database(tmp_path)
    path = database.append(GEMM)
    before = path.read_bytes()
    path.write_bytes(before + b'\xff\xfe\n{"schema": 7}\n')
    contents = database.load()
    assert contents.records == (GEMM,)
    assert [str(p) for p in contents.problems] == [
        f"{path}:2: not UTF-8 text.",
        f"{path}:3: the record is of schema 7; this version of tensorlang reads schemas 1, 2; "
        "install a newer tensorlang to read it, or leave it: lookups pass over it.",
    ]
    database.append(GEMM)
    assert path.read_bytes().startswith(before + b"\xff\xfe\n")


def test_foreign_file_is_set_aside_not_overwritten(tmp_path: Path) -> None:
    database = Database(tmp_path)
    path = database.path_for(GEMM)
    for number in (1, 2):
        path.write_text(f"import os  # {number}\n")
        assert [p.line for p in database.load().problems] == [1]
        database.append(GEMM)
        assert database.load().problems == () and database.load().records == (GEMM,)
        assert path.with_name(f"{path.name}.set-aside-{number}").read_text() == f"import os  # {number}\n"
    assert len(Database(path.parent).set_aside()) == len(list(path.parent.glob("*.set-aside-*"))) > 0


def test_directory_in_place_of_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "odd.jsonl").mkdir()
    (problem,) = Database(tmp_path).load().problems
    assert str(problem) == f"{tmp_path}/odd.jsonl: cannot be read: Is a directory."


def test_unwritable_place_is_said_beforehand_and_by_append(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    database = Database(tmp_path / "file" / "records")
    with pytest.raises(DatabaseError) as caught:
        database.check_writable()
    assert caught.value.hint == "set TENSORLANG_HOME to a directory that you can write to"
    assert caught.value.message.endswith(": Not a directory.")
    with pytest.raises(DatabaseError):
        database.append(GEMM)


def test_writable_place_is_left_empty(tmp_path: Path) -> None:
    Database(tmp_path / "new").check_writable()
    assert list((tmp_path / "new").iterdir()) == []


def test_user_database_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENSORLANG_HOME", "/a/home")
    assert Database.user().directory == Path("/a/home/records")
    monkeypatch.delenv("TENSORLANG_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert Database.user().directory == Path("/data/tensorlang/records")


def test_shipped_records_are_well_formed() -> None:
    assert Database.shipped().load().problems == ()


def test_published_records_are_installed_with_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    (pattern,) = [p for p in project["tool"]["setuptools"]["package-data"]["schedules"] if p.endswith(".jsonl")]
    package = Path(schedules.__file__).parent
    assert Database.shipped().path_for(GEMM).relative_to(package).match(pattern)
