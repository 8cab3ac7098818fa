"""What there is to fill, and what a database already has of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autotune.networks import NetworkLayer
from autotune.trials import schedule_digest
from schedules import Hardware, Record, find_family
from tensorlang.codegen.target import Target
from tensorlang.nn import build
from tensorlang.validation import algorithm_hash

CANDIDATES = 16
"""Checked candidates that a published record has behind it, at least."""


@dataclass(frozen=True)
class Task:
    """A layer that is to have a record, for so many threads of this machine."""

    layer: NetworkLayer
    hardware: Hardware

    def __str__(self) -> str:
        """The layer by its name, what it computes, and the number of threads."""
        threads = self.hardware.threads
        return f"{self.layer.name} ({self.layer.workload}), {threads} thread{'s' * (threads != 1)}"


def make_tasks(layers: Sequence[NetworkLayer], machines: Sequence[Hardware]) -> tuple[Task, ...]:
    """One task for each layer and number of threads, those of a layer together: they share the oracle's answers."""
    return tuple(Task(layer, hardware) for layer in layers for hardware in machines)


class Settled:
    """The records that settle a task: of its layer, this machine, today's algorithm and default, and searched enough.

    Parameters
    ----------
    records : iterable of Record
        All of a database.
    target : Target
        What the defaults are made for.
    candidates : int
        How many checked candidates a record must have behind it, unless there were no more.
    """

    def __init__(self, records: Iterable[Record], target: Target, candidates: int) -> None:
        everything = tuple(records)
        gone = {digest for record in everything for digest in record.superseded}
        self._by_task: dict[object, list[Record]] = {}
        for record in everything:
            if record.search is not None and record.search.has_at_least(candidates) and record.digest not in gone:
                self._by_task.setdefault((record.workload, record.hardware), []).append(record)
        self._target = target

    def find(self, task: Task) -> Record | None:
        """The latest record that settles `task`; None if it is still to be done."""
        records = self._by_task.get((task.layer.workload, task.hardware), ())
        return next((record for record in reversed(records) if self._is_of_today(record)), None)

    def _is_of_today(self, record: Record) -> bool:
        """True if the algorithm is still the same, and so is the default that the schedule was compared with."""
        family, layer = find_family(record.workload), build(record.workload)
        if record.family != family.name or record.algorithm_hash != algorithm_hash(layer.algorithm()):
            return False
        threads = record.hardware.threads
        default = family.schedule(layer, family.default(record.workload, self._target, threads), self._target, threads)
        return record.search is not None and record.search.default == schedule_digest(default.to_json())
