"""Merging, exporting and sealing records."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from schedules import Database, Record, Timing
from schedules.interchange import merge, read_records, write_records
from schedules.sealed import seal
from tensorlang.errors import DatabaseError

from .examples import WORKLOADS, hardware, record

GEMM, CONV = record(WORKLOADS[0]), record(WORKLOADS[3])


def timed(samples_ns: int, baseline_ns: int, **changes: object) -> Record:
    return replace(GEMM, timing=Timing((samples_ns,), (baseline_ns,), "m"), **changes)  # type: ignore[arg-type]


def test_merging_ranks_by_the_gain_of_the_same_run_never_by_the_least_time() -> None:
    quiet_machine = timed(40, 41, provenance={"who": "a"})
    busy_machine = timed(80, 120, provenance={"who": "b", "when": "then"})
    for order in ([quiet_machine], [busy_machine]), ([busy_machine], [quiet_machine]):
        (best,) = merge(order)
        assert best == busy_machine


def test_merging_keeps_one_record_of_each_workload_machine_and_number_of_threads() -> None:
    one_thread = replace(GEMM, hardware=hardware(threads=1))
    merged = merge([[GEMM, CONV], [GEMM, one_thread]])
    assert len(merged) == 3 and set(map(id, merged)) <= set(map(id, (GEMM, CONV, one_thread)))


def test_merging_leaves_out_what_lost_in_the_rounds_of_another() -> None:
    boastful = timed(10, 100)
    honest = timed(50, 100, provenance={"supersedes": f"0000000000000000 {boastful.digest}"})
    assert merge([[honest], [boastful]]) == [honest]


def test_latest_of_equals_wins() -> None:
    earlier, later = (timed(50, 100, provenance={"when": when}) for when in ("1", "2"))
    assert merge([[earlier], [later]]) == [later]


def test_directory_gets_a_file_for_each_family_and_a_file_all(tmp_path: Path) -> None:
    files = write_records([GEMM, CONV], tmp_path / "all")
    assert [path.name for path in files] == [Database(tmp_path).path_for(r).name for r in (CONV, GEMM)]
    assert set(map(id, read_records(tmp_path / "all").records)) and len(Database(tmp_path / "all").load().records) == 2
    (one,) = write_records([GEMM, CONV], tmp_path / "one.jsonl")
    assert read_records(one).records == (GEMM, CONV)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all", "one.jsonl"]


def test_place_that_cannot_be_written_or_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError) as caught:
        write_records([GEMM], tmp_path / "file" / "x.jsonl")
    assert caught.value.hint == "choose a place that you can write to"
    with pytest.raises(DatabaseError) as caught:
        read_records(tmp_path / "nothing")
    assert caught.value.message == f"{tmp_path}/nothing: there is no such file or directory."


def sealed_file(folder: Path) -> Path:
    (path,) = write_records([GEMM, CONV], folder / "s.jsonl", sealed=True)
    return path


def test_sealed_file_is_read_as_any_other(tmp_path: Path) -> None:
    path = sealed_file(tmp_path)
    assert read_records(path).records == Database(tmp_path).load().records == (GEMM, CONV)
    header = json.loads(path.read_text().splitlines()[0])
    assert header["records"] == header["workloads"] == 2 and header["schema"] == 2
    assert header["machines"] == {GEMM.hardware.class_name: 2}


def _flip(content: bytes) -> bytes:
    return content.replace(b"100, 110", b"900, 910", 1)


def _drop_a_line(content: bytes) -> bytes:
    return b"".join(content.splitlines(keepends=True)[:-1])


def _repeat_a_line(content: bytes) -> bytes:
    return content + content.splitlines(keepends=True)[-1]


def _append_a_blank(content: bytes) -> bytes:
    return content + b"\n"


@pytest.mark.parametrize("tamper", [_flip, _drop_a_line, _repeat_a_line, _append_a_blank])
def test_tampering_is_noticed_and_no_record_of_the_file_is_used(tmp_path: Path, tamper) -> None:  # type: ignore[no-untyped-def]
    path = sealed_file(tmp_path)
    path.write_bytes(tamper(path.read_bytes()))
    contents = read_records(path)
    assert contents.records == ()
    (problem,) = contents.problems
    assert str(problem) == (
        f"{path}:1: the content is not what the header's hash was made of: the file was changed or cut after it was "
        "written; ask for it again, or make it anew with `autotune db submit`."
    )


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("sha256", "0" * 64, "the content is not what the header's hash was made of"),
        ("records", 3, "the header counts 3 records otherwise than they are, 2."),
        ("machines", {}, "the header counts 2 records otherwise than they are, 2."),
        ("schema", 9, "the record is of schema 9; this version of tensorlang reads schemas 1, 2; install a newer"),
        ("extra", 1, "header has no field 'extra'"),
        ("machines", 10**400, "header.machines must be an object"),
    ],
)
def test_header_is_closed_and_must_agree(tmp_path: Path, field: str, value: object, message: str) -> None:
    path = sealed_file(tmp_path)
    header, *lines = path.read_text().splitlines(keepends=True)
    path.write_text(json.dumps({**json.loads(header), field: value}) + "\n" + "".join(lines))
    (problem,) = read_records(path).problems
    assert problem.message.startswith(message)
    assert read_records(path).records == ()


def test_header_of_bytes_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    start = seal([GEMM])[:31]
    for number, rest in enumerate((b"\xff\n", b"[" * 5000, b": 1}", b'", ' + b"9" * 5000, b" " * 200_000)):
        path = tmp_path / f"{number}.jsonl"
        path.write_bytes(start + rest)
        contents = read_records(path)
        assert contents.records == () and len(contents.problems) == 1
