"""Trials as the tuner keeps them in a study, and reads them back when it resumes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from autotune.measure.outcome import Measurement, Outcome, Phase
from schedules.space import Knobs

ATTRIBUTE = "tensorlang"
"""Name of the trial attribute that holds `Trial.to_data`."""


@dataclass(frozen=True)
class Trial:
    """A point that was tried: its knobs, the hash of the schedule they make, and the measurement."""

    knobs: Knobs
    digest: str
    measurement: Measurement

    @property
    def is_timed(self) -> bool:
        """True if it was right, and fast enough to be timed in full."""
        return self.measurement.outcome is Outcome.OK and not self.measurement.dropped

    @property
    def time_s(self) -> float | None:
        """Time of a call as far as it is known, if only from a probe [s]; None if it failed."""
        return self.measurement.median_s if self.measurement.outcome is Outcome.OK else None

    def to_data(self) -> dict[str, Any]:
        """The trial as plain data, without its knobs, which Optuna keeps."""
        m = self.measurement
        return {
            "digest": self.digest,
            "outcome": m.outcome.value,
            "phase": m.phase.value,
            "detail": m.detail,
            "samples_s": list(m.samples_s),
            "dropped": m.dropped,
            "elapsed_s": m.elapsed_s,
            "build_s": m.build_s,
            "errors": [m.max_abs_error, m.max_rel_error],
        }

    @classmethod
    def from_data(cls, knobs: Knobs, data: Mapping[str, Any]) -> Trial:
        """The inverse of `to_data`."""
        measurement = Measurement(
            Outcome(data["outcome"]),
            samples_s=tuple(data["samples_s"]),
            dropped=data["dropped"],
            detail=data["detail"],
            phase=Phase(data["phase"]),
            elapsed_s=data["elapsed_s"],
            build_s=data["build_s"],
            max_abs_error=data["errors"][0],
            max_rel_error=data["errors"][1],
        )
        return cls(knobs, data["digest"], measurement)


def schedule_digest(schedule: str) -> str:
    """Hash of a schedule's JSON: equal schedules are measured once, whichever knobs made them."""
    return hashlib.sha256(schedule.encode()).hexdigest()[:16]


def fastest(trials: Iterable[Trial], count: int) -> list[Trial]:
    """The `count` fastest trials that were timed in full, fastest first."""
    return sorted((t for t in trials if t.is_timed), key=lambda t: t.measurement.median_s)[:count]
