"""The fuzzer as a command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.architecture.sources import ROOT


def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run Python in the root of the repository."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)


def test_a_run_reports_what_it_did() -> None:
    done = run(["-m", "tensorlang.fuzz", "--pairs", "3", "--seed", "5", "--minutes", "30", "--json"])
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["seed"], report["pairs"], report["failures"]) == (5, 3, [])
    assert sum(report["outcomes"].values()) == report["cases"]
    assert "refusals for" in done.stderr


def test_a_case_is_shown_as_a_test() -> None:
    done = run(["-m", "tensorlang.fuzz", "--case", "5:0"])
    assert done.returncode == 0, done.stderr
    assert "5:0: agreed" in done.stderr
    assert "def test_case_5_0() -> None:" in done.stderr


def test_a_case_that_is_none_is_refused() -> None:
    done = run(["-m", "tensorlang.fuzz", "--case", "five"])
    assert done.returncode == 2
    assert done.stderr == "'five' names no case.\n  legal here  SEED:NUMBER | SEED:NUMBER:GOAL,GOAL\n"


def test_without_hypothesis_it_says_what_to_install() -> None:
    program = (
        "import runpy, sys; sys.modules['hypothesis'] = None; runpy.run_module('tensorlang.fuzz', None, '__main__')"
    )
    done = run(["-c", program])
    assert done.returncode == 1
    assert done.stderr == (
        "the fuzzer needs Hypothesis, which is not installed.\n"
        "  rule        Hypothesis draws the programs and shrinks what fails\n"
        '  hint        pip install "tensorlang[fuzz]"\n'
    )


def test_runs_add_to_a_report(tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    command = ["-m", "tensorlang.fuzz", "--seed", "5", "--minutes", "30", "--report", str(path)]
    for pairs in ("2", "3"):
        done = run([*command, "--pairs", pairs])
        assert done.returncode == 0, done.stderr
    archive = json.loads(path.read_text())
    first, second = archive["runs"]
    assert (first["seed"], first["first"], second["first"]) == (5, 0, first["cases"])
    assert archive["summary"]["pairs"] == 3


def test_a_file_of_other_things_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    path.write_text("[]")
    done = run(["-m", "tensorlang.fuzz", "--seed", "5", "--report", str(path)])
    assert done.returncode == 2
    assert done.stderr.endswith(f"{path} holds no counts of the fuzzer.\n  hint        name another file\n")
