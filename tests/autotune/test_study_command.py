"""`autotune study` as a user runs it, but with times that are made up."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from autotune.cli import commands, root
from autotune.comparison import session
from autotune.measure.measurer import Candidate, Comparison
from autotune.measure.outcome import Measurement, Outcome

from .fakes import FakeMeasurer, ok

LAYER = json.dumps({"op": "gemm", "m": 16, "n": 32, "k": 32})
OTHER = json.dumps({"op": "gemm", "m": 16, "n": 64, "k": 32})


class Clock(FakeMeasurer):
    """Gives every schedule a time of its own [s]."""

    waiting_share = 0.0

    def measure(self, candidate: Candidate) -> Measurement:
        self.measured.append(candidate)
        outcome = self.outcomes.get("all", Outcome.OK)
        return ok(own_time(candidate)) if outcome is Outcome.OK else Measurement(outcome)

    def compare(self, contenders: Mapping[str, Candidate], rounds: int) -> Comparison:
        samples_s = {label: (own_time(candidate),) * rounds for label, candidate in contenders.items()}
        return Comparison(samples_s, {}, self.waiting_share)


def own_time(candidate: Candidate) -> float:
    return 1e-3 + 1e-9 * zlib.crc32(candidate.schedule.encode()) / 4


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Clock:
    measurer = Clock()

    @contextmanager
    def exclusive_measurer() -> Iterator[Clock]:
        yield measurer

    monkeypatch.setattr(session, "exclusive_measurer", exclusive_measurer)
    monkeypatch.setenv("TENSORLANG_HOME", str(tmp_path / "home"))
    return measurer


def study(*arguments: str) -> Result:
    return CliRunner().invoke(root._autotune, ["study", *arguments])


def data_of(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_comparison_is_a_row_for_every_way_of_searching(clock: Clock, tmp_path: Path) -> None:
    plot = tmp_path / "curves.svg"
    arguments = ("compare", LAYER, OTHER, "--trials", "9", "--samplers", "random,evolution", "--seeds", "2")
    result = study(*arguments, "--transfer", "--threads", "1", "--plot", str(plot))
    title, headings, *rows = result.stdout.splitlines()
    assert title.startswith(f"2 layers, 2 seeds, 1 thread: {len(clock.measured)} measured in ")
    assert headings.split() == ["sampler", "1", "2", "4", "8", "9", "needed", "curve"]
    names = ["random", "random+transfer", "evolution", "evolution+transfer", "heuristic"]
    assert [row.split()[0] for row in rows[:5]] == names
    assert plot.read_text(encoding="utf-8").count("<polyline") == 5
    assert result.stderr.splitlines()[0] == "1/10 random, seed 0"
    assert result.stderr.splitlines()[-1] == "10/10 the best of workload again"


def test_busy_machine_is_said(clock: Clock) -> None:
    clock.waiting_share = 0.2
    result = study("compare", LAYER, "--trials", "2", "--samplers", "random", "--seeds", "1", "--threads", "1")
    assert "workload, timed again: waited 20 % of the time for busy CPUs" in result.stderr.splitlines()


def test_what_was_measured_is_not_measured_again(clock: Clock) -> None:
    arguments = ("compare", LAYER, "--trials", "8", "--samplers", "random", "--seeds", "1", "--threads", "1", "--json")
    first = data_of(study(*arguments))
    assert first["measured"] == len(clock.measured) == 8
    again = data_of(study(*arguments))
    assert (again["measured"], again["runs"]) == (0, first["runs"])
    assert data_of(study("compare", LAYER, "--trials", "10", *arguments[4:]))["measured"] == 2


def test_layer_that_cannot_be_timed_is_said(clock: Clock) -> None:
    clock.outcomes = {"all": Outcome.CRASH}
    result = study("compare", LAYER, "--trials", "2", "--samplers", "random", "--threads", "1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-2:] == [
        "Error: No layer could be timed.",
        "  hint        `autotune doctor` shows the state of this machine",
    ]
    assert study("exhaust", LAYER, "--knobs", "unroll_k", "--threads", "1").exit_code == 1


def test_small_space_is_measured_whole(clock: Clock) -> None:
    arguments = ("exhaust", LAYER, "--knobs", "tile_rows,unroll_k", "--threads", "1")
    shown = study(*arguments)
    data = json.loads(study(*arguments, "--json").stdout)
    assert len(clock.measured) == len(data["points"])
    assert data["knobs"] == ["tile_rows", "unroll_k"]
    rejected = sum(data["rejected"].values())
    percent = 100 * rejected / len(data["points"])
    assert shown.stdout.splitlines()[0] == f"{len(data['points'])} legal points, {rejected} rejected ({percent:.0f} %)"
    assert shown.exit_code == data["hides_optimum"]


def test_hidden_optimum_is_exit_code_1(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "find_objection", lambda *_: "all are bad")
    result = study("exhaust", LAYER, "--knobs", "unroll_k", "--threads", "1")
    assert result.exit_code == 1
    assert "rejected: all are bad" in result.stdout


def test_large_space_is_refused(clock: Clock) -> None:
    result = study("exhaust", LAYER, "--most", "10", "--threads", "1")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "Error: workload has more than 10 legal points.",
        "  rule        all of them are measured",
        "  hint        vary fewer knobs with --knobs, or allow more with --most",
    ]


def test_unknown_sampler_is_wrong_usage() -> None:
    result = study("compare", LAYER, "--samplers", "tpe,guess")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == (
        "Error: Invalid value for '--samplers': there is no sampler 'guess'. Known: tpe, gp, evolution, random."
    )


def test_options_have_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}
    monkeypatch.setattr(commands, "_start", lambda place, arguments: seen.update(arguments))
    assert study("compare", "resnet50:fc", "resnet50:conv1").exit_code == 0
    assert seen["layers"] == ("resnet50:fc", "resnet50:conv1")
    assert seen["samplers"] == ("tpe", "gp", "evolution", "random")
    assert (seen["trials"], seen["seeds"], seen["within"], seen["plot"]) == (64, 3, 3.0, None)
