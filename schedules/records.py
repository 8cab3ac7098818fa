"""Tuning records: what was measured, where, with which schedule, and how it was checked; one JSON line each."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from schedules.hardware import Hardware
from schedules.space import KnobValue
from tensorlang.errors import DatabaseError, LanguageError, ScheduleError
from tensorlang.nn import Workload, workload_from_data
from tensorlang.nn.codec import Json, decode, encode, parse_json
from tensorlang.schedule import Schedule

SCHEMA = 2
"""Version of the form in which records are written."""
SUPERSEDES = "supersedes"
"""Key of `Record.provenance`: the digests, with spaces between them, of the record that this one met in the same rounds
and replaces, and of those that it had replaced."""
_READABLE = (1, SCHEMA)  # what schema 1 lacks, the number of candidates, is absent from the record
_MAX_LINE_CHARS = 1_000_000
_MOST_QUOTED = 400  # characters
_MOST_NS = 10**15
_LARGEST_EXTENT = 1 << 40
_FAMILY = re.compile(r"[a-z0-9_]{1,64}")  # it is part of the name of a file


@dataclass(frozen=True)
class Toolchain:
    """What made the kernel: versions that can change its speed or its text."""

    codegen_epoch: str
    numba: str
    llvmlite: str
    threading_layer: str


@dataclass(frozen=True)
class Timing:
    """Raw measurements, in the order taken.

    Attributes
    ----------
    samples_ns : tuple of int
        Time of one call of the kernel, per repeat [ns].
    baseline_samples_ns : tuple of int
        The same of the heuristic default, measured in the same run, interleaved [ns].
    method : str
        How the samples were taken.
    """

    samples_ns: tuple[int, ...]
    baseline_samples_ns: tuple[int, ...]
    method: str

    def __post_init__(self) -> None:
        for name in ("samples_ns", "baseline_samples_ns"):
            samples = getattr(self, name)
            if not samples or min(samples) < 1:
                raise DatabaseError(f"timing.{name} must hold one or more times >= 1 ns, but got {list(samples)[:9]}.")
            if max(samples) > _MOST_NS:
                raise DatabaseError(f"timing.{name} must hold times of at most {_MOST_NS} ns.")

    @property
    def speedup(self) -> float:
        """Time of the baseline over that of the kernel: above 1 is faster than the default. What records are ranked by.

        The lesser of two estimates: by the least times, and the median over the rounds. So one disturbed side of a few
        rounds cannot make a gain.
        """
        rounds = zip(self.baseline_samples_ns, self.samples_ns, strict=False)
        return min(min(self.baseline_samples_ns) / min(self.samples_ns), median(b / s for b, s in rounds))


@dataclass(frozen=True)
class Check:
    """How the kernel's answers were compared before it was timed."""

    oracle: str
    seeds: tuple[int, ...]
    max_abs_error: float
    max_rel_error: float


@dataclass(frozen=True)
class Search:
    """What the schedule was chosen from.

    Attributes
    ----------
    checked : int
        Candidates, the default among them, whose answers agreed with the oracle's.
    tried : int
        Candidates in all; the others were wrong, crashed or took too long.
    exhausted : bool
        True if the search ended because no other legal point could be found.
    sampler : str
        Name of what proposed the candidates.
    seed : int
        Of the sampler.
    default : str
        Hash of the heuristic default's schedule, which the baseline samples are of: heuristics change with the code.
    """

    checked: int
    tried: int
    exhausted: bool
    sampler: str
    seed: int
    default: str

    def __post_init__(self) -> None:
        if not 0 <= self.checked <= self.tried:
            raise DatabaseError(f"0 <= search.checked <= search.tried must hold, but got {self.checked}, {self.tried}.")

    def has_at_least(self, candidates: int) -> bool:
        """True if so many candidates were checked, or as many as there are."""
        return self.checked >= candidates or self.exhausted


@dataclass(frozen=True)
class Record:
    """One tuned schedule of one workload on one machine.

    `family` and `knobs` say how the schedule was made, so that it can be made again for a shape nearby; the schedule
    itself is what was measured. `provenance` is free text by key (who, when, with which command). `search` is None in
    records of schema 1, which did not say.
    """

    workload: Workload
    algorithm_hash: str
    hardware: Hardware
    toolchain: Toolchain
    family: str
    knobs: Mapping[str, KnobValue]
    schedule: Schedule
    timing: Timing
    check: Check
    provenance: Mapping[str, str]
    search: Search | None = None

    @cached_property
    def digest(self) -> str:
        """Hash of the record's content."""
        return hashlib.sha256(json.dumps(json.loads(self.to_json()), sort_keys=True).encode()).hexdigest()[:16]

    @property
    def superseded(self) -> tuple[str, ...]:
        """Digests of the records that it replaces."""
        return tuple(self.provenance.get(SUPERSEDES, "").split())

    def to_json(self) -> str:
        """The record as one line of JSON; `Record.from_json` reads it back."""
        parts = {name: encode(getattr(self, name)) for name in _Parts.__dataclass_fields__}
        whole = {
            "schema": SCHEMA,
            "workload": self.workload.to_data(),
            "schedule": parse_json(self.schedule.to_json(), error=DatabaseError),
            **parts,
        }
        return json.dumps(whole, allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> Record:
        """Read one line, executing nothing.

        Raises
        ------
        DatabaseError
            If the line is too long, not JSON, of another schema, or does not describe a record exactly. Nothing else
            is raised, whatever the text is.
        """
        if len(line) > _MAX_LINE_CHARS:
            raise DatabaseError(f"a record has at most {_MAX_LINE_CHARS} characters, but this one has {len(line)}.")
        try:
            data = parse_json(line, error=DatabaseError, what="the record")
            if not isinstance(data, dict):
                raise DatabaseError("a record must be an object with a 'schema'.")
            check_schema(data.get("schema"))
            return cls._from_data(data)
        except (DatabaseError, LanguageError) as reason:
            raise DatabaseError(_shorten(reason.message), legal=_shorten(reason.legal), hint=reason.hint) from None
        except RecursionError:
            raise DatabaseError("the record is nested too deeply.") from None

    @classmethod
    def _from_data(cls, data: dict[str, Json]) -> Record:
        rest = {name: item for name, item in data.items() if name not in ("schema", "workload", "schedule")}
        parts = decode(_Parts, rest, error=DatabaseError, path="record")
        if not _FAMILY.fullmatch(parts.family):
            raise DatabaseError("record.family must be a name of small letters, digits and _, at most 64 of them.")
        workload = workload_from_data(data.get("workload"), error=DatabaseError)
        if any(type(value) is int and value > _LARGEST_EXTENT for value in vars(workload).values()):
            raise DatabaseError(f"the workload has an extent above {_LARGEST_EXTENT}.")
        return cls(workload=workload, schedule=_read_schedule(data.get("schedule")), **vars(parts))


@dataclass(frozen=True)
class _Parts:
    """The fields of a record that decode by their types alone; names and meaning are those of `Record`."""

    algorithm_hash: str
    hardware: Hardware
    toolchain: Toolchain
    family: str
    knobs: Mapping[str, KnobValue]
    timing: Timing
    check: Check
    provenance: Mapping[str, str]
    search: Search | None = None


def check_schema(schema: Json) -> None:
    """Raise DatabaseError unless records of this schema can be read."""
    if type(schema) is int and schema in _READABLE:
        return
    known = f"this version of tensorlang reads schemas {', '.join(map(str, _READABLE))}"
    if type(schema) is int and schema > SCHEMA:
        raise DatabaseError(
            f"the record is of schema {schema}; {known}.",
            hint="install a newer tensorlang to read it, or leave it: lookups pass over it",
        )
    raise DatabaseError(
        f"the record names no schema that ever was; {known}.", hint="delete the line: no version of tensorlang wrote it"
    )


def _shorten(text: str) -> str:
    """The text as it is, unless it quotes what nobody wants to read."""
    return text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}..."


def _read_schedule(data: Json) -> Schedule:
    try:
        schedule = Schedule.from_json(json.dumps(data))
    except ScheduleError as reason:
        raise DatabaseError(f"the record's schedule is malformed: {reason.message}") from reason
    if schedule.holes:
        raise DatabaseError(f"the record cannot be compiled: {schedule.holes[0].message}")
    return schedule
