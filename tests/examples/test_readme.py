"""The README's programs run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.architecture.sources import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
def test_a_program_runs(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_error_that_is_shown_is_what_lesson_4_prints() -> None:
    shown = README.split("## How to read errors")[1].split("```\n")[1]
    command = [sys.executable, "-m", "examples.lesson_04_fusion"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.endswith(shown)


def test_the_readme_opens_with_the_two_commands_and_a_short_program() -> None:
    assert len(PROGRAMS[0].splitlines()) <= 30
    assert README.index("make run") < README.index("make test") < README.index("```python") < 1000


def test_the_readme_lists_every_lesson() -> None:
    listed = re.findall(r"^\| `(lesson_\w+)` \|", README, re.MULTILINE)
    assert listed == sorted(path.stem for path in (ROOT / "examples").glob("lesson_*.py"))
