"""The command line of ``python -m tensorlang.fuzz``, and what it shares with ``autotune fuzz``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tensorlang.errors import LanguageError
from tensorlang.fuzz.archive import Archive, load_archive, save_archive
from tensorlang.fuzz.case import Case, parse_case
from tensorlang.fuzz.report import failure_lines, progress_line, summary_lines
from tensorlang.fuzz.session import Failure, Progress, Report, fuzz
from tensorlang.fuzz.shrinking import reproduce
from tensorlang.fuzz.supervisor import Worker

Say = Callable[[str], None]
"""Prints a line for people."""

_PROGRESS_S = 10.0
_SHRINK_S = 60.0
_MOST_SHOWN = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 1 if a defect was found, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        return replay(parse_case(options.case), _say) if options.case is not None else _run(options)
    except LanguageError as problem:
        _say(str(problem))
        return 2


def _run(options: argparse.Namespace) -> int:
    seed = seed_or_time(options.seed)
    _say(f"seed {seed}")
    report = run(options.report, seed, 60 * options.minutes, options.jobs, options.pairs, _ProgressLines())
    for line in summary_lines(report):
        _say(line)
    tests = show_failures(report, _say)
    if options.json:
        print(json.dumps(with_tests(report, tests), indent=1))
    return 1 if report.failures else 0


def run(path: Path | None, seed: int, seconds: float, jobs: int, pairs: int | None, progress: Progress) -> Report:
    """A run whose counts are added to those in the file `path`, if one is named."""
    known = Archive() if path is None else load_archive(path)
    report = fuzz(
        seconds=seconds,
        seed=seed,
        jobs=jobs,
        pairs=pairs,
        progress=progress,
        first=known.next_case(seed),
        coverage=known.coverage,
    )
    if path is not None:
        save_archive(path, known.added(report))
    return report


def seed_or_time(seed: int | None) -> int:
    """The seed given, or one that differs from run to run."""
    return int(time.time()) if seed is None else seed


def show_failures(report: Report, say: Say) -> list[str]:
    """Print the first failures, made small, as tests to paste; returns the tests."""
    tests = [_show_failure(failure, say) for failure in report.failures[:_MOST_SHOWN]]
    for failure in report.failures[_MOST_SHOWN:]:
        for line in failure_lines(failure):
            say(line)
    return tests


def with_tests(report: Report, tests: Sequence[str]) -> dict[str, Any]:
    """A report as JSON has it, with the tests of its first failures."""
    data = report.to_data()
    for entry, test in zip(data["failures"], tests, strict=False):
        entry["test"] = test
    return data


def replay(case: Case, say: Say) -> int:
    """Run one case, and show it; returns 1 if it fails."""
    with Worker() as worker:
        result = worker.run(case)
    if result.kind.is_failure:
        _show_failure(Failure(case, result.kind, result.reason), say)
    else:
        say(f"{case}: {result.kind}")
        say(reproduce(case, result.kind, seconds=0.0).text)
    return int(result.kind.is_failure)


def _show_failure(failure: Failure, say: Say) -> str:
    for line in failure_lines(failure):
        say(line)
    test = reproduce(failure.case, failure.kind, seconds=_SHRINK_S).text
    say(test)
    return test


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tensorlang.fuzz",
        description="Random programs under random legal schedules, against the oracle.",
    )
    parser.add_argument("--minutes", type=float, default=1.0, help="how long (default 1)")
    parser.add_argument("--seed", type=int, help="equal seeds give equal pairs, with one job; by default the time")
    parser.add_argument("--pairs", type=int, help="stop when so many pairs have agreed")
    parser.add_argument("--jobs", type=int, default=1, help="worker processes (default 1)")
    parser.add_argument("--json", action="store_true", help="print a summary as JSON to stdout")
    parser.add_argument("--report", type=Path, help="a file of counts, to which this run's are added")
    parser.add_argument("--case", metavar="SEED:NUMBER[:GOALS]", help="run one case of an earlier run, and show it")
    return parser


class _ProgressLines:
    """Says how far a run is, every few seconds."""

    def __init__(self) -> None:
        self._last_s = 0.0

    def __call__(self, report: Report) -> None:
        if report.elapsed_s - self._last_s >= _PROGRESS_S:
            self._last_s = report.elapsed_s
            _say(progress_line(report))
