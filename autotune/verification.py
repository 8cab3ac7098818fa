"""Verifies records: that their kernels still lower and are right, and that they are as fast as they say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from statistics import median

from autotune.contest import DEFAULT, ROUNDS
from autotune.measure.limits import Limits
from autotune.measure.measurer import Candidate, Measurer
from autotune.measure.outcome import Outcome
from schedules import Hardware, Record, lookup
from tensorlang.codegen import host_target
from tensorlang.errors import BoundsError, DatabaseError, LanguageError, ScheduleError
from tensorlang.lowering import lower
from tensorlang.nn import build
from tensorlang.schedule import Schedule
from tensorlang.schedule.resolve import resolve
from tensorlang.validation import algorithm_hash

PARTS = 10
"""Days in which the rotation comes by every record."""
VERIFIED = "verified.txt"
"""Name of the list, beside the records of a directory, of those that passed."""
_HURRIED_S = 1e-12  # a best time that makes the measurer drop every candidate once it is checked
_RECORD = "record"


class Verdict(StrEnum):
    """What became of a record."""

    RIGHT = "right"
    """Its kernel agrees with the oracle here."""
    LOWERED = "lowered"
    """It lowers; this CPU lacks the instructions of the one it was measured on."""
    FAILED = "failed"
    """It does not lower, or gives wrong answers, or is of an algorithm that is no more."""
    UNKNOWN = "unknown"
    """The measuring machinery failed."""

    @property
    def passes(self) -> bool:
        """True if nothing speaks against the record."""
        return self in (Verdict.RIGHT, Verdict.LOWERED)


@dataclass(frozen=True)
class Verified:
    """A record with its verdict, and why it is that."""

    record: Record
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True)
class Retimed:
    """A record that was timed again.

    Attributes
    ----------
    record : Record
    gain : float or None
        Speed over the default now, the median of interleaved rounds; None if it could not be timed.
    detail : str
        Why it could not.
    """

    record: Record
    gain: float | None
    detail: str = ""


def verify(record: Record, measurer: Measurer) -> Verified:
    """Compile a record's schedule and compare its answers with the oracle; only lower it if it is for other CPUs."""
    if record.algorithm_hash != algorithm_hash(build(record.workload).algorithm()):
        return Verified(record, Verdict.FAILED, "of an earlier form of the algorithm: no lookup answers with it")
    if not set(record.hardware.isa) <= set(Hardware.here(1).isa):
        return _lower(record)
    measurement = measurer.measure(_candidate(record, record.schedule, _HURRIED_S))
    match measurement.outcome:
        case Outcome.OK:
            return Verified(record, Verdict.RIGHT)
        case Outcome.INFRA:
            return Verified(record, Verdict.UNKNOWN, measurement.detail)
        case outcome:
            return Verified(record, Verdict.FAILED, f"{outcome}: {measurement.detail}")


def _lower(record: Record) -> Verified:
    layer = build(record.workload)
    try:
        lower(
            resolve(layer.algorithm(), Schedule.from_json(record.schedule.to_json())), {layer.output.name: layer.shape}
        )
    except (ScheduleError, BoundsError, LanguageError) as reason:
        return Verified(record, Verdict.FAILED, f"it does not lower: {reason.message}")
    return Verified(record, Verdict.LOWERED)


def retime(record: Record, measurer: Measurer) -> Retimed:
    """Time a record of this machine against the heuristic default of today, in a new process."""
    default = lookup(record.workload, threads=record.hardware.threads, databases=()).schedule
    if default == record.schedule:
        return Retimed(record, 1.0)
    contenders = {DEFAULT: _candidate(record, default), _RECORD: _candidate(record, record.schedule)}
    found = measurer.compare(contenders, ROUNDS)
    if found.failures or len(found.samples_s) < len(contenders):
        return Retimed(record, None, "; ".join(f"{label}: {m.outcome}" for label, m in found.failures.items()))
    ratios = [d / r for d, r in zip(found.samples_s[DEFAULT], found.samples_s[_RECORD], strict=True)]
    return Retimed(record, median(ratios))


def _candidate(record: Record, schedule: Schedule, incumbent_s: float | None = None) -> Candidate:
    threads = min(record.hardware.threads, host_target().cores)
    limits = Limits.for_macs(record.workload.macs)
    return Candidate(record.workload.to_json(), schedule.to_json(), threads, limits, incumbent_s)


def sample_to_retime(records: Iterable[Record], count: int) -> list[Record]:
    """At most `count` records of this very machine, spread over all of them, the same ones each time."""
    here = sorted((r for r in records if r.hardware == Hardware.here(r.hardware.threads)), key=lambda r: r.digest)
    return here[:: max(1, len(here) // count)][:count] if count else []


def due(records: Sequence[Record], verified: frozenset[str], day: date) -> list[Record]:
    """The records to verify on a day: those that are not on the list, and a tenth of the others, in turns."""
    turn = day.toordinal() % PARTS
    return [r for r in records if r.digest not in verified or int(r.digest, 16) % PARTS == turn]


def read_verified(directory: Path) -> frozenset[str]:
    """Digests of the records of a directory that passed before; none if there is no list."""
    path = directory / VERIFIED
    try:
        return frozenset(path.read_text(encoding="ascii").split())
    except FileNotFoundError:
        return frozenset()
    except (OSError, UnicodeDecodeError) as reason:
        raise DatabaseError(
            f"{path} cannot be read: {reason}.", hint="delete it: all records are verified then"
        ) from None


def write_verified(directory: Path, records: Iterable[Record]) -> Path:
    """Write the list of records that passed, one digest on a line."""
    path = directory / VERIFIED
    try:
        path.write_text("".join(f"{digest}\n" for digest in sorted({r.digest for r in records})), encoding="ascii")
    except OSError as reason:
        raise DatabaseError(f"{path}: {reason.strerror}.") from reason
    return path
