"""Measurements of one layer's schedules that are kept in a file, and made when they are missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autotune.contest import to_candidate
from autotune.measure.failures import FailureStreak
from autotune.measure.measurer import Measurer
from autotune.measure.outcome import Measurement, Outcome
from autotune.problem import LayerProblem
from autotune.trials import Trial, schedule_digest
from schedules import Toolchain


class Measurements:
    """Measures each schedule once.

    Parameters
    ----------
    problem : LayerProblem
    measurer : Measurer
    path : Path
        A JSON line for every measurement; made if need be. What is no measurement is passed over: a line that a killed
        run left half written.
    """

    def __init__(self, problem: LayerProblem, measurer: Measurer, path: Path) -> None:
        self._problem = problem
        self._measurer = measurer
        self._path = path
        self._known = dict(_read(path))
        self._failures = FailureStreak()
        self.made = 0

    def __call__(self, schedule: str) -> Measurement:
        """The measurement of a schedule, given as JSON.

        Raises
        ------
        TuningError
            If measuring fails time after time for reasons of its own.
        """
        digest = schedule_digest(schedule)
        if digest in self._known:
            return self._known[digest]
        measurement = self._measurer.measure(to_candidate(self._problem, schedule, self.best_s))
        self._failures.count(failed=measurement.outcome is Outcome.INFRA)
        self._failures.check(measurement.detail)
        if measurement.outcome is Outcome.INFRA:
            return measurement
        self.made += 1
        self._known[digest] = measurement
        self._write(Trial({}, digest, measurement).to_data())
        return measurement

    @property
    def best_s(self) -> float | None:
        """Time of the fastest schedule [s]; None if none was timed."""
        timed = [m.median_s for m in self._known.values() if m.outcome is Outcome.OK and not m.dropped]
        return min(timed, default=None)

    def _write(self, data: dict[str, Any]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(data) + "\n")


def measurements_path(directory: Path, problem: LayerProblem, toolchain: Toolchain) -> Path:
    """Where the measurements of a problem are kept: other code, another file."""
    made_by = hashlib.sha256(repr(toolchain).encode()).hexdigest()[:8]
    return directory / f"{problem.layer.name}-t{problem.threads}-{problem.key}-{made_by}.jsonl"


def _read(path: Path) -> Iterator[tuple[str, Measurement]]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    for line in lines:
        try:
            trial = Trial.from_data({}, json.loads(line))
        except (ValueError, KeyError, TypeError):
            continue
        yield trial.digest, trial.measurement
