"""Counts over several runs of the fuzzer, in a file."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tensorlang.errors import LanguageError
from tensorlang.fuzz.coverage import Coverage
from tensorlang.fuzz.session import Report


@dataclass(frozen=True)
class Archive:
    """What the runs so far exercised: seeds and numbers of their cases, counts, and failures."""

    runs: tuple[dict[str, Any], ...] = ()
    failures: tuple[dict[str, Any], ...] = ()
    coverage: Coverage = field(default_factory=Coverage)

    def next_case(self, seed: int) -> int:
        """The number of the first case of `seed` that no run has had."""
        return max((run["first"] + run["cases"] for run in self.runs if run["seed"] == seed), default=0)

    def added(self, report: Report) -> Archive:
        """With one more run, which counted on from `coverage`."""
        failures = (*self.failures, *report.to_data()["failures"])
        return Archive((*self.runs, report.run_data()), failures, report.coverage)


def load_archive(path: Path) -> Archive:
    """The archive in a file, an empty one if there is no such file.

    Raises
    ------
    LanguageError
        If the file is no archive.
    """
    try:
        data = json.loads(path.read_text())
        coverage = Coverage()
        for item in fields(Coverage):
            counts = data["counts"][item.name]
            setattr(coverage, item.name, Counter(counts) if isinstance(counts, dict) else int(counts))
        return Archive(tuple(data["runs"]), tuple(data["failures"]), coverage)
    except FileNotFoundError:
        return Archive()
    except (ValueError, KeyError, TypeError) as error:
        raise LanguageError(f"{path} holds no counts of the fuzzer.", hint="name another file") from error


def save_archive(path: Path, archive: Archive) -> None:
    """Write the archive, with a summary for people."""
    counts = {item.name: getattr(archive.coverage, item.name) for item in fields(Coverage)}
    data = {
        "runs": archive.runs,
        "failures": archive.failures,
        "summary": archive.coverage.to_data(),
        "counts": counts,
    }
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(data, indent=1))
    part.replace(path)
