"""From a failing case to a test that fails: shrinks it in a process of its own, and runs the test before showing it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tensorlang.fuzz.case import Case
from tensorlang.fuzz.pair import Kind
from tensorlang.fuzz.reproducer import Reproducer
from tensorlang.fuzz.supervisor import worker_environment

_SLACK_S = 120.0
_RUN = "import runpy, sys; [f() for n, f in runpy.run_path(sys.argv[1]).items() if n.startswith('test_')]"


def reproduce(case: Case, kind: Kind, *, seconds: float, plant: str = "") -> Reproducer:
    """The case, made small for at most `seconds` [s], as a test."""
    with tempfile.TemporaryDirectory(prefix="tensorlang-fuzz-") as folder:
        environment = worker_environment(folder)
        command = [
            sys.executable,
            "-m",
            "tensorlang.fuzz.shrinker",
            str(case),
            kind,
            str(seconds),
            *filter(None, [plant]),
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=seconds + _SLACK_S)
        except subprocess.TimeoutExpired:
            return Reproducer(f"# {case} could not be made small in time\n")
        if done.returncode:
            return Reproducer(f"# {case} could not be drawn again:\n{done.stderr}\n")
        fails = kind.is_failure and _fails(done.stdout, Path(folder), environment)
    if kind.is_failure and not fails and not plant:
        return Reproducer(f"# run on its own, this test did not fail\n{done.stdout}")
    return Reproducer(done.stdout, fails)


def _fails(text: str, folder: Path, environment: dict[str, str]) -> bool:
    """Whether the test in `text` fails, or ends its process."""
    path = folder / "test_reproducer.py"
    path.write_text(text)
    try:
        done = subprocess.run(
            [sys.executable, "-c", _RUN, str(path)], capture_output=True, env=environment, timeout=_SLACK_S
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0
