"""Fills a database with the layers of networks on this machine: what the command does but for printing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autotune.catalogue import distinct_layers
from autotune.filling.filler import Filler, Listener
from autotune.filling.report import summarise
from autotune.filling.tasks import make_tasks
from autotune.machine import describe_machine
from autotune.measure.exclusive import exclusive_measurer
from autotune.networks import Network
from autotune.stopping import StopRequest
from autotune.storage import open_storage, storage_errors
from schedules import Database, Hardware
from tensorlang.codegen import host_target


@dataclass(frozen=True)
class Filled:
    """How a filling run ended: `summary` is that of `autotune.filling.report.summarise`."""

    summary: dict[str, Any]
    interrupted: bool

    @property
    def is_complete(self) -> bool:
        """True if every task has its record."""
        return bool(self.summary["records"] == self.summary["wanted"])


def fill_database(
    networks: Sequence[Network],
    *,
    threads: Sequence[int],
    candidates: int,
    into: Path | None,
    seed: int,
    storage_url: str | None,
    listener: Listener,
) -> Filled:
    """Give every layer of `networks` a record for each number of threads; see `Filler`.

    Parameters
    ----------
    networks : sequence of Network
    threads : sequence of int
        From `autotune.session.check_threads`.
    candidates : int
        Checked candidates behind each record.
    into : Path or None
        Directory of the database that gets the records; by default the user's.
    seed : int
    storage_url : str or None
        Where studies are kept; see `autotune.storage.open_storage`.
    listener : Listener

    Raises
    ------
    TuningError
        If another run is measuring, or the storage cannot be used, or measuring itself fails.
    DatabaseError
        If the database cannot be written to; said before anything is measured.
    """
    database = Database.user() if into is None else Database(into.resolve())
    database.check_writable()
    others = [base for base in (Database.user(), Database.shipped()) if base.directory != database.directory]
    storage = open_storage(storage_url)
    tasks = make_tasks(distinct_layers(networks), [Hardware.here(count) for count in threads])
    machine, stop = describe_machine(), StopRequest()
    with exclusive_measurer(stop) as measurer, storage_errors(storage.url):
        filler = Filler(
            database,
            others,
            host_target(),
            storage,
            measurer,
            stop,
            listener,
            candidates=candidates,
            seed=seed,
            machine=machine,
        )
        filler.run(tasks)
        return Filled(summarise(filler.settled(tasks), len(tasks)), interrupted=stop.requested)
