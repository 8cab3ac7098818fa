"""`autotune db`: looking up with reasons, filling, merging, exporting, submitting and verifying, as users see them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from autotune.cli import db_files, db_verify, root
from autotune.cli import fill as fill_command
from autotune.filling.session import Filled
from autotune.measure.outcome import Outcome
from schedules import Database, Search
from schedules.interchange import read_records
from tensorlang.nn import Gemm

from .test_verification import Answer, make_record

SEARCH = Search(checked=16, tried=17, exhausted=False, sampler="TPESampler", seed=0, default="0" * 16)
SMALL, LARGE = (replace(make_record(size), search=SEARCH) for size in (16, 32))
UNSEARCHED = make_record(48)


class Machine(Answer):
    """The measurer of the commands, without a process."""

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TENSORLANG_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Database, "shipped", lambda: Database(tmp_path / "published"))
    answer_with(monkeypatch, Outcome.OK)
    for record in (SMALL, LARGE, UNSEARCHED):
        Database.user().append(record)
    return tmp_path


def answer_with(monkeypatch: pytest.MonkeyPatch, outcome: Outcome) -> None:
    for module in (db_files, db_verify):
        monkeypatch.setattr(module, "LocalMeasurer", lambda: Machine(outcome))


def db(*arguments: str) -> Result:
    result = CliRunner().invoke(root._autotune, ["db", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def workload_json(size: int) -> str:
    return Gemm(size, 16, 16).to_json()


def test_lookup_explains_every_rung() -> None:
    result = db("lookup", workload_json(16), "--explain", "--threads", "1")
    assert result.exit_code == 0 and result.stderr.startswith("exact machine: answers: tuned on ")
    result = db("lookup", workload_json(17), "--explain", "--threads", "1", "--json")
    rungs = json.loads(result.stdout)["rungs"]
    assert list(rungs)[:3] == ["exact machine", "same ISA and caches", "same ISA"]
    assert set(list(rungs.values())[:3]) == {"no record of this workload"}


def test_lookup_of_a_network_names_the_rung_of_each_layer() -> None:
    result = db("lookup", "alexnet", "--explain")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0 and lines[0] == "conv1: heuristic: the default of the conv2d family; no record fits"
    assert lines[1] == "    exact machine: no record of this workload"
    assert len(lines) == 8 * 5
    layers = json.loads(db("lookup", "alexnet", "--json").stdout)["layers"]
    assert len(layers) == 8 and layers["fc6"]["rung"] == "heuristic"


def test_export_writes_the_selection_into_one_new_file(home: Path) -> None:
    assert db("export", "all.jsonl").stdout == "3 records of 3 written to all.jsonl\n"
    assert db("export", "some.jsonl", workload_json(32), "--threads", "1").exit_code == 0
    assert read_records(home / "some.jsonl").records == (LARGE,)
    assert db("export", "all.jsonl").stderr == (
        "Error: all.jsonl is there already.\n  hint        choose another name, or delete it\n"
    )
    assert db("export", "none.jsonl", "alexnet").stderr.startswith("Error: there is no such record in your database.")
    assert db("export", "all.txt").stderr.splitlines()[1] == "  legal here  a name that ends in .jsonl"


def test_merge_into_a_new_place_and_into_a_source(home: Path) -> None:
    faster = replace(SMALL, timing=replace(SMALL.timing, baseline_samples_ns=(9000,)))
    Database(home / "a").append(faster)
    db("export", "b.jsonl")
    result = db("merge", "b.jsonl", "a", "-o", "a")
    assert result.exit_code == 0 and result.stdout.startswith("3 records of 4 written to a/")
    assert faster in Database(home / "a").load().records
    assert db("merge", "a", "-o", "b.jsonl").stderr == (
        "Error: b.jsonl is there already.\n"
        "  hint        name it among the sources too, to merge into it: b.jsonl -o b.jsonl\n"
    )


def test_merge_into_a_source_drops_no_line_that_it_cannot_read(home: Path) -> None:
    (home / "b.jsonl").write_text(SMALL.to_json() + "\nprecious\n")
    result = db("merge", "b.jsonl", "-o", "b.jsonl")
    assert result.exit_code == 1 and "hint        write to another place, or mend the lines above" in result.stderr
    assert (home / "b.jsonl").read_text().endswith("precious\n")
    assert db("merge", "b.jsonl", "-o", "c.jsonl").exit_code == 0


def test_submission_is_sealed_and_verify_accepts_it_and_notices_tampering(home: Path) -> None:
    result = db("submit", "mine.jsonl")
    assert result.exit_code == 0 and result.stdout == "2 records of 3 written to mine.jsonl\n"
    assert "warning: 1 records have fewer than 16 checked candidates" in result.stderr
    accepted = db("verify", "mine.jsonl")
    assert accepted.exit_code == 0 and accepted.stdout == "2 of 2 records verified: 2 right\n"
    path = home / "mine.jsonl"
    path.write_bytes(path.read_bytes().replace(b"[2000]", b"[9000]", 1))
    refused = db("verify", "mine.jsonl")
    assert refused.exit_code == 1 and refused.stdout == "0 of 0 records verified\n"
    assert "the file was changed or cut after it was written" in refused.stderr


def test_submission_leaves_out_what_is_not_right(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, Outcome.WRONG_ANSWER)
    result = db("submit", "mine.jsonl")
    assert result.exit_code == 1 and not Path("mine.jsonl").exists()
    assert "warning: gemm 16x16x16: wrong_answer: told to" in result.stderr


def test_verify_says_what_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, Outcome.WRONG_ANSWER)
    result = db("verify", "--all")
    assert result.exit_code == 1
    first, *_, last = result.stdout.splitlines()
    assert first.startswith("failed: gemm 16x16x16, 1 thread, ") and first.endswith(": wrong_answer: told to")
    assert last == "3 of 3 records verified: 3 failed"


def test_verify_remembers_what_passed(home: Path) -> None:
    directory = str(Database.user().directory)
    assert db("verify", directory).stdout == "3 of 3 records verified: 3 right\n"
    assert db("verify", directory, "--remember").exit_code == 0
    assert db("verify", directory, "--all").stdout == "3 of 3 records verified: 3 right\n"
    assert len((Database.user().directory / "verified.txt").read_text().split()) == 3


def test_verify_times_a_sample_again() -> None:
    result = db("verify", "--all", "--retime", "2")
    lines = result.stdout.splitlines()
    assert [line.startswith("timed: gemm ") and line.endswith("2.00x recorded, 1.00x now") for line in lines[:2]]
    assert lines[-1] == "0 of 2 timed again hold their gain within 15 %"
    data = json.loads(db("verify", "--all", "--retime", "1", "--json").stdout)
    assert data["records"] == len(data["verified"]) == 3 and data["retimed"][0]["gain"] == 1.0


@pytest.mark.parametrize(("records", "interrupted", "code"), [(3, False, 0), (2, False, 1), (2, True, 130)])
def test_fill_ends_with_counts_and_a_code_that_says_whether_all_is_done(
    monkeypatch: pytest.MonkeyPatch, records: int, interrupted: bool, code: int
) -> None:
    seen: dict[str, Any] = {}

    def fill(networks: Sequence[Any], **options: Any) -> Filled:
        seen.update(options, networks=[network.name for network in networks])
        return Filled({"wanted": 3, "records": records, "threads": {}}, interrupted)

    monkeypatch.setattr(fill_command, "fill_database", fill)
    result = db("fill", "alexnet", "vgg16", "--threads", "1", "--candidates", "5", "--into", "there")
    assert result.exit_code == code and result.stdout == f"{records} of 3 records\n"
    assert seen["networks"] == ["alexnet", "vgg16"] and seen["into"] == Path("there")
    assert (seen["threads"], seen["candidates"]) == ([1], 5)
