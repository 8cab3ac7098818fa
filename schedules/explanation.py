"""Why a lookup answered as it did: the rung that answered, and for each nearer one what kept it from answering."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schedules.database import Database
from schedules.families import find_family
from schedules.hardware import Hardware
from schedules.lookup import Found, Rung, bound_schedule, is_current, is_on_rung, lookup, not_superseded
from schedules.nearness import FARTHEST, LEAST_GAIN, distance, is_alike
from schedules.records import Record
from tensorlang.codegen.target import Target, host_target
from tensorlang.nn import Layer, Workload, build


@dataclass(frozen=True)
class Explanation:
    """The answer of a lookup, and why it is that.

    Attributes
    ----------
    found : Found
    steps : tuple of (Rung, str)
        The rungs asked, nearest first, each with what it said; the last is the one that answered.
    """

    found: Found
    steps: tuple[tuple[Rung, str], ...]

    def to_lines(self) -> list[str]:
        """A line for each rung."""
        return [f"{rung}: {text}" for rung, text in self.steps]


def explain(
    workload: Workload,
    *,
    threads: int | None = None,
    hardware: Hardware | None = None,
    target: Target | None = None,
    databases: Sequence[Database] | None = None,
) -> Explanation:
    """Look up `workload`, and say of each rung nearer than the one that answered why it did not.

    Parameters are those of `schedules.lookup`, and so is what is found.
    """
    target = target or host_target()
    threads = threads or target.cores
    hardware = hardware or Hardware.of_target(target, threads)
    databases = databases if databases is not None else (Database.user(), Database.shipped())
    found = lookup(workload, threads=threads, hardware=hardware, target=target, databases=databases)
    records = [base.records_of(lambda w: is_alike(w, workload)) for base in databases]
    case = _Case(build(workload), hardware, target, records)
    steps: list[tuple[Rung, str]] = []
    for rung in Rung:
        if rung is found.rung:
            return Explanation(found, (*steps, (rung, f"answers: {found.explanation.removeprefix(f'{rung}: ')}")))
        steps.append((rung, case.why_not(rung)))
    raise AssertionError(found.rung)


class _Case:
    """What is looked up, where, and in which records."""

    def __init__(self, layer: Layer, hardware: Hardware, target: Target, databases: Sequence[Sequence[Record]]) -> None:
        self.layer = layer
        self.family = find_family(layer.workload)
        self.hardware = hardware
        self.target = target
        self.records = [record for records in databases for record in records]
        self._in_force = {id(record) for records in databases for record in not_superseded(records)}

    def why_not(self, rung: Rung) -> str:
        """Why no record answered on `rung`."""
        if rung is Rung.NEAREST_SHAPE:
            return self._why_no_neighbour()
        same = [record for record in self.records if record.workload == self.layer.workload]
        if not same:
            return "no record of this workload"
        reasons = _count(self._why_unfit(record, rung) for record in same)
        return f"none of the {len(same)} records of this workload fits: {reasons}"

    def _why_unfit(self, record: Record, rung: Rung) -> str:
        if id(record) not in self._in_force:
            return "lost to a later record in the same rounds"
        if record.hardware.threads != self.hardware.threads:
            return f"for {_threads(record.hardware.threads)}, not {self.hardware.threads}"
        if not is_current(record, self.layer, self.family):
            return "of an earlier form of the algorithm"
        if not is_on_rung(rung, record.hardware, self.hardware):
            return _difference(record.hardware, self.hardware, rung)
        assert bound_schedule(record, self.layer) is None
        return "a schedule that is not legal for this layer"

    def _why_no_neighbour(self) -> str:
        workload = self.layer.workload
        alike = [r for r in self.records if r.workload != workload and is_alike(r.workload, workload)]
        if not alike:
            return "no record of another shape with the same loops"
        reasons = _count(self._why_not_transferred(record) for record in alike)
        return f"none of the {len(alike)} records of other shapes with the same loops serves: {reasons}"

    def _why_not_transferred(self, record: Record) -> str:
        """The reasons in the order in which a lookup asks."""
        workload = self.layer.workload
        if id(record) not in self._in_force:
            return "lost to a later record in the same rounds"
        if not record.hardware.is_same_isa(self.hardware):
            return _difference(record.hardware, self.hardware, Rung.SAME_ISA)
        if not is_current(record, build(record.workload), self.family):
            return "of an earlier form of the algorithm"
        if record.hardware.threads != self.hardware.threads:
            return f"for {_threads(record.hardware.threads)}, not {self.hardware.threads}"
        if distance(record.workload, workload) > FARTHEST:
            return f"more than {FARTHEST:g} doublings away"
        if record.timing.speedup < LEAST_GAIN:
            return f"gained less than {LEAST_GAIN:g}x over its own default, too little to carry over"
        return "knobs that are not legal for this shape"


def _difference(theirs: Hardware, ours: Hardware, rung: Rung) -> str:
    """What keeps a machine from being near enough for `rung`."""
    if not theirs.is_same_isa(ours):
        return f"measured with other vector instructions ({theirs.class_name})"
    if not theirs.is_same_isa_and_caches(ours):
        return f"measured with caches of other sizes ({theirs.class_name})"
    assert rung is Rung.EXACT_MACHINE
    if theirs.class_name != ours.class_name:
        return f"measured on another CPU ({theirs.class_name})"
    return f"measured with {theirs.cores} cores, not {ours.cores}"


def _count(reasons: Iterable[str]) -> str:
    """Each reason once, with how often it came, the commonest first."""
    return "; ".join(f"{count} {reason}" for reason, count in Counter(reasons).most_common())


def _threads(count: int) -> str:
    return f"{count} thread{'s' * (count != 1)}"
