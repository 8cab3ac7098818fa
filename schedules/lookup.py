"""Finds the best known schedule of a workload on a machine; it always answers, and says where the answer came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from typing import get_args

from schedules.database import Database
from schedules.families import find_family
from schedules.family import Family
from schedules.hardware import Hardware
from schedules.nearness import distance, is_alike, is_near, is_transferable
from schedules.records import Record
from schedules.space import KnobValue
from tensorlang.codegen.target import Target, host_target
from tensorlang.errors import ScheduleError, TuningError
from tensorlang.nn import Layer, Workload, build
from tensorlang.schedule import Schedule
from tensorlang.validation import algorithm_hash


class Rung(StrEnum):
    """How near the answer of a lookup is, nearest first."""

    EXACT_MACHINE = "exact machine"
    SAME_ISA_AND_CACHES = "same ISA and caches"
    SAME_ISA = "same ISA"
    NEAREST_SHAPE = "nearest shape"
    HEURISTIC = "heuristic"


@dataclass(frozen=True)
class Found:
    """The answer of a lookup.

    Attributes
    ----------
    layer : Layer
        The algorithm that `schedule` is for.
    schedule : Schedule
        Compile it with ``tl.compile(layer.output, schedule, inputs=layer.inputs)``.
    rung : Rung
        Where the answer came from.
    record : Record or None
        The record it came from; None on the heuristic rung.
    family : str
        Family that made the schedule.
    knobs : mapping
        The knobs that make the schedule again.
    explanation : str
        One sentence for people.
    """

    layer: Layer
    schedule: Schedule
    rung: Rung
    record: Record | None
    family: str
    knobs: Mapping[str, KnobValue]
    explanation: str

    def __repr__(self) -> str:
        """One line: the workload, the family with its knobs, and where the answer came from."""
        knobs = ", ".join(f"{name}={value}" for name, value in self.knobs.items())
        return f"Found({self.layer.workload}: {self.family}({knobs}), {self.explanation})"


def lookup(
    workload: Workload,
    *,
    threads: int | None = None,
    hardware: Hardware | None = None,
    target: Target | None = None,
    databases: Sequence[Database] | None = None,
) -> Found:
    """Return the best known schedule of `workload`.

    Parameters
    ----------
    workload : Workload
        The layer.
    threads : int, optional
        Threads the kernel will run with; by default all cores of the target.
    hardware : Hardware, optional
        The machine to look up for; by default this one.
    target : Target, optional
        What the schedule is compiled for; by default this machine.
    databases : sequence of Database, optional
        Searched in order, an answer of an earlier one overriding those of later ones on the same rung; by default the
        user's, then the shipped one.

    Returns
    -------
    Found
        Never fails for want of a record: the last rung is the family's heuristic default.

    Raises
    ------
    TuningError
        If `workload` is not one, as the name of a layer is not.
    """
    _check_workload(workload)
    target = target or host_target()
    threads = threads or target.cores
    hardware = hardware or Hardware.of_target(target, threads)
    databases = databases if databases is not None else (Database.user(), Database.shipped())
    family, layer = find_family(workload), build(workload)
    same = [by_rank(database.records_of(lambda w: w == workload), threads) for database in databases]
    exact = _same_shape(layer, family, hardware, same)
    if exact is not None:
        return exact
    ranked = [by_rank(database.records_of(lambda w: is_near(w, workload)), threads) for database in databases]
    return _nearest_shape(layer, family, hardware, target, ranked) or _heuristic(layer, family, target, threads)


def _check_workload(workload: object) -> None:
    if isinstance(workload, Workload):
        return
    network, _, layer = str(workload).partition(":")
    names = f'autotune.networks.find_network("{network}").select(["{layer}"]).layers[0].workload'
    raise TuningError(
        f"A workload is looked up, but got {workload!r}.",
        legal=" | ".join(f"{kind.__name__}(...)" for kind in get_args(Workload)),
        hint=names if isinstance(workload, str) and layer else "the classes are in tensorlang.nn",
    )


def neighbours(
    workload: Workload, *, hardware: Hardware, target: Target, databases: Sequence[Database] | None = None
) -> tuple[dict[str, KnobValue], ...]:
    """Knobs of the nearest shape that has records on this instruction set, legal for `workload`: at most one point.

    Unlike `lookup`, it does not ask whether they are likely to beat the heuristic: a search tries them and sees.
    """
    family = find_family(workload)
    databases = databases if databases is not None else (Database.user(), Database.shipped())
    alike = [database.records_of(lambda w: is_alike(w, workload)) for database in databases]
    ranked = [by_rank(records, hardware.threads) for records in alike]
    others = [record for record in _alike(workload, family, hardware, ranked) if record.workload != workload]
    return tuple(dict(record.knobs) for record in islice(_legal_here(others, workload, family, hardware, target), 1))


def best(workload: Workload) -> Found:
    """The best known schedule of `workload` on this machine: `lookup` with its defaults, as networks ask for it."""
    return lookup(workload)


def by_rank(records: Sequence[Record], threads: int) -> list[Record]:
    """Same number of threads first, then the greatest gain over the baseline of its own run; later records win ties.

    A record that lost to a later one in the same rounds is out, whatever gain it claims.
    """
    newest_first = list(reversed(not_superseded(records)))
    return sorted(newest_first, key=lambda r: (r.hardware.threads != threads, -r.timing.speedup))


def not_superseded(records: Sequence[Record]) -> list[Record]:
    """The records without those that lost to a later one of them in the same rounds."""
    beaten = {(digest, r.workload, r.hardware) for r in records for digest in r.superseded}
    suspects = {(workload, hardware) for _, workload, hardware in beaten}
    return [
        r
        for r in records
        if (r.workload, r.hardware) not in suspects or (r.digest, r.workload, r.hardware) not in beaten
    ]


def _same_shape(layer: Layer, family: Family, hardware: Hardware, ranked: Sequence[Sequence[Record]]) -> Found | None:
    records = [record for database in ranked for record in database]
    # How loops are dealt to threads is part of a schedule: one for 1 thread ran at half the default's speed on 2.
    fits = [
        r
        for r in records
        if r.workload == layer.workload and r.hardware.threads == hardware.threads and is_current(r, layer, family)
    ]
    for rung in (Rung.EXACT_MACHINE, Rung.SAME_ISA_AND_CACHES, Rung.SAME_ISA):
        for record in fits:
            if is_on_rung(rung, record.hardware, hardware) and (schedule := bound_schedule(record, layer)) is not None:
                text = f"{rung}: {_origin(record)}"
                return Found(layer, schedule, rung, record, record.family, record.knobs, text)
    return None


def bound_schedule(record: Record, layer: Layer) -> Schedule | None:
    """The record's schedule for `layer`; None if it is not a legal one of it, as in a record that was tampered with."""
    try:
        return Schedule.from_json(record.schedule.to_json(), output=layer.output)
    except ScheduleError:
        return None


def is_current(record: Record, layer: Layer, family: Family) -> bool:
    """True if the record is of the algorithm and the family as they are now."""
    return record.family == family.name and record.algorithm_hash == _algorithm_hash(layer.workload)


@lru_cache(maxsize=1024)
def _algorithm_hash(workload: Workload) -> str:
    return algorithm_hash(build(workload).algorithm())


def is_on_rung(rung: Rung, theirs: Hardware, ours: Hardware) -> bool:
    """True if records of `theirs` answer on `rung` for `ours`; one of the rungs of one shape."""
    if rung is Rung.EXACT_MACHINE:
        return theirs == ours
    return theirs.is_same_isa_and_caches(ours) if rung is Rung.SAME_ISA_AND_CACHES else theirs.is_same_isa(ours)


def _nearest_shape(
    layer: Layer, family: Family, hardware: Hardware, target: Target, ranked: Sequence[Sequence[Record]]
) -> Found | None:
    """Make the schedule of the nearest shape that is worth it again for this one, if its knobs are legal here."""
    workload = layer.workload
    fit = [r for r in _alike(workload, family, hardware, ranked) if is_transferable(r, workload, hardware.threads)]
    for record in _legal_here(fit, workload, family, hardware, target):
        knobs = dict(record.knobs)
        schedule = family.schedule(layer, knobs, target, hardware.threads)
        text = f"nearest shape: the knobs of {record.workload}, {_origin(record)}"
        return Found(layer, schedule, Rung.NEAREST_SHAPE, record, family.name, knobs, text)
    return None


def _alike(workload: Workload, family: Family, hardware: Hardware, ranked: Sequence[Sequence[Record]]) -> list[Record]:
    """Records of workloads with the same loops, of this instruction set; the nearest first."""
    alike = [
        record
        for records in ranked
        for record in records
        if record.hardware.is_same_isa(hardware)
        and is_alike(record.workload, workload)
        and record.family == family.name
    ]
    return sorted(alike, key=lambda record: distance(record.workload, workload))


def _legal_here(
    records: Iterable[Record], workload: Workload, family: Family, hardware: Hardware, target: Target
) -> Iterator[Record]:
    """Those that are still current, and whose knobs make a schedule here."""
    space = family.space(workload, target, hardware.threads)
    for record in records:
        if record.algorithm_hash != _algorithm_hash(record.workload):
            continue
        if space.contains(record.knobs) and family.is_legal(workload, record.knobs, target):
            yield record


def _heuristic(layer: Layer, family: Family, target: Target, threads: int) -> Found:
    knobs = family.default(layer.workload, target, threads)
    schedule = family.schedule(layer, knobs, target, threads)
    text = f"heuristic: the default of the {family.name} family; no record fits"
    return Found(layer, schedule, Rung.HEURISTIC, None, family.name, knobs, text)


def _origin(record: Record) -> str:
    where = f"{record.hardware.class_name}, {record.hardware.threads} threads"
    if record.timing.speedup <= 1:
        return f"tuned on {where}, where nothing beat the default"
    return f"tuned on {where}, {record.timing.speedup:.2f} times the speed of the default there"
