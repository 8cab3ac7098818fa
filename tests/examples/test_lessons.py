"""Every lesson runs as it stands, in a process of its own, and writes nothing to stderr."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

LESSONS = sorted((ROOT / "examples").glob("lesson_*.py"))


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_runs(lesson: Path) -> None:
    command = [sys.executable, "-m", f"examples.{lesson.stem}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_lessons_are_numbered_without_gaps() -> None:
    assert [lesson.stem[:9] for lesson in LESSONS] == [f"lesson_{n:02}" for n in range(1, len(LESSONS) + 1)]
