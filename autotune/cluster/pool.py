"""The machines of a cluster as they come and go: which there are, of what kind, and which are measuring."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Any

from distributed import Client, Future

from autotune.cluster import worker
from autotune.cluster.answers import Lost, fetch
from autotune.cluster.machine import Kind, Report, why_unfit
from schedules import Toolchain

_WATCH_S = 0.5
_POLL_S = 0.1
_REST_S = 30.0
_ABSENCE_S = 60.0


@dataclass(frozen=True)
class Slot:
    """The measuring slot of a machine, held for one job on one of its workers."""

    address: str
    machine: str


class MachinePool:
    """Knows the machines behind a Dask scheduler; use it as a context manager.

    Parameters
    ----------
    client : Client
    toolchain : Toolchain
        The controller's.
    notify : callable
        Told in words of each worker that cannot be used, once.

    Notes
    -----
    Every new worker is asked where it runs before it gets anything to measure, also one that came back. However many
    workers a machine has, it has one slot. A machine that failed a job is left alone for half a minute if others can
    do its work.
    """

    def __init__(self, client: Client, toolchain: Toolchain, notify: Callable[[str], None]) -> None:
        self.client = client
        self._toolchain = toolchain
        self._notify = notify
        self._questions: dict[str, Future] = {}
        self._reports: dict[str, Report] = {}
        self._refused: set[str] = set()
        self._busy: set[str] = set()
        self._rests_until: dict[str, float] = {}
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="cluster-watch", daemon=True)

    def __enter__(self) -> MachinePool:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._watcher.join()

    @property
    def is_closed(self) -> bool:
        """True once all waiting and measuring is to be given up."""
        return self._closed.is_set()

    def close(self) -> None:
        """Give up all waiting and measuring."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()

    def wait(self, timeout_s: float) -> None:
        """Wait until something changes, at most `timeout_s` [s]."""
        with self._changed:
            self._changed.wait(timeout_s)

    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of machines that are there now, in order of their names."""
        with self._changed:
            return tuple(sorted({report.kind for report in self._reports.values()}, key=str))

    def count(self, kind: Kind) -> int:
        """How many machines of a kind are there now."""
        with self._changed:
            return len({report.machine for report in self._reports.values() if report.kind == kind})

    def facts(self, kind: Kind) -> Mapping[str, str]:
        """What one of the machines of a kind said of itself; nothing if none is there now."""
        with self._changed:
            return next((report.facts for report in self._reports.values() if report.kind == kind), {})

    @property
    def is_settled(self) -> bool:
        """True if there are workers, and every one has answered where it runs."""
        with self._changed:
            asked = tuple(self._questions)
            return bool(asked) and all(address in self._reports or address in self._refused for address in asked)

    def workers(self) -> dict[str, str]:
        """The machine of each worker that is there now and can be used, by the worker's address."""
        with self._changed:
            return {address: report.machine for address, report in self._reports.items()}

    def is_present(self, address: str) -> bool:
        """True if the worker at `address` is there now."""
        with self._changed:
            return address in self._reports

    def acquire(self, kind: Kind, preferred: str, interrupted: Callable[[], bool]) -> Slot | None:
        """Wait for a machine of a kind, preferably one machine of that kind, and take its slot.

        Returns
        -------
        Slot or None
            None if there was no such machine for a minute, busy or not, or waiting was interrupted.
        """
        seen = monotonic()
        with self._changed:
            while not self.is_closed and not interrupted() and monotonic() - seen < _ABSENCE_S:
                if (slot := self._free_slot(kind, preferred)) is not None:
                    self._busy.add(slot.machine)
                    return slot
                if any(report.kind == kind for report in self._reports.values()):
                    seen = monotonic()
                self._changed.wait(_POLL_S)
        return None

    def release(self, slot: Slot, *, failed: bool) -> None:
        """Give a slot back; a machine that failed rests."""
        with self._changed:
            self._busy.discard(slot.machine)
            if failed:
                self._rests_until[slot.machine] = monotonic() + _REST_S
            self._changed.notify_all()

    def _free_slot(self, kind: Kind, preferred: str) -> Slot | None:
        """A free machine: one that failed lately only if there is no other of its kind, free or busy."""
        alike = [(address, report.machine) for address, report in self._reports.items() if report.kind == kind]
        rested = [(address, machine) for address, machine in alike if self._rests_until.get(machine, 0) <= monotonic()]
        free = [(address, machine) for address, machine in rested or alike if machine not in self._busy]
        slots = sorted(free, key=lambda pair: (pair[1] != preferred, pair))
        return Slot(*slots[0]) if slots else None

    def _watch(self) -> None:
        while not self._closed.wait(_WATCH_S if self._reports else _POLL_S):
            try:
                present = set(self.client.nthreads())
            except (OSError, TimeoutError, RuntimeError):  # the scheduler is away, or the client was closed
                present = set()
            self._update(present)

    def _update(self, present: set[str]) -> None:
        """Forget workers that have gone, ask new ones, and take in what was answered."""
        with self._changed:
            self._reports = {address: found for address, found in self._reports.items() if address in present}
            self._questions = {address: asked for address, asked in self._questions.items() if address in present}
        for address in present - self._questions.keys():
            asked = self.client.submit(worker.report, workers=[address], allow_other_workers=False, pure=False)
            with self._changed:
                self._questions[address] = asked
        for address, asked in tuple(self._questions.items()):
            if address not in self._reports and asked.done():
                self._take_in(address, asked)

    def _take_in(self, address: str, asked: Future) -> None:
        found: Any = Lost(asked.status) if asked.cancelled() or asked.status == "lost" else fetch(asked)
        if isinstance(found, Lost) and asked.status != "error":  # gone before it answered: to be asked again
            asked.cancel()
            with self._changed:
                del self._questions[address]
            return
        reason = found.detail if isinstance(found, Lost) else why_unfit(found.kind, self._toolchain)
        if not reason:
            with self._changed:
                self._reports[address] = found
                self._changed.notify_all()
        elif address not in self._refused:
            self._refused.add(address)
            self._notify(f"worker {address} is not used: {reason}")
