"""Where studies are kept: an SQLite file of the user's by default, or any database that Optuna can open."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import optuna
import sqlalchemy
from optuna.storages import RDBStorage
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from schedules.database import Database
from tensorlang.errors import TuningError

_LOCK_WAIT_S = 60
_MOST_RACES, _RACE_S = 10, 0.3
_SQLITE = {"connect_args": {"timeout": _LOCK_WAIT_S}}
_SERVER = {"pool_pre_ping": True}  # a connection that the server dropped while a candidate was measured is replaced


def default_storage_url() -> str:
    """URL of the user's own SQLite file, beside the user's database of records."""
    return f"sqlite:///{Database.user().directory.parent / 'studies.db'}"


def open_storage(url: str | None = None) -> RDBStorage:
    """Open the database of studies, made if need be.

    Parameters
    ----------
    url : str, optional
        SQLAlchemy URL, or the path of an SQLite file; by default `default_storage_url`.

    Raises
    ------
    TuningError
        If it cannot be opened or written to: named, before any tuning starts. A file that is no database is left alone.
    """
    url = default_storage_url() if url is None else url if "://" in url else f"sqlite:///{os.path.abspath(url)}"
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with storage_errors(url):
        try:
            storage = _open(url)
            _prove_writable(storage)
        except (OSError, RuntimeError, ImportError) as reason:  # a folder in the way, a driver that is not installed
            raise _unusable(url, reason) from reason
    return storage


@contextmanager
def storage_errors(url: str) -> Iterator[None]:
    """Turn what the database at `url` reports into a TuningError that names it: a full disk, a lost connection."""
    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as reason:
        raise _unusable(url, reason) from reason


def _unusable(url: str, reason: Exception) -> TuningError:
    return TuningError(
        f"The study storage {_without_password(url)} cannot be used: {_first_line(reason)}.",
        hint="give --storage another file or database URL",
    )


def _open(url: str) -> RDBStorage:
    address = sqlalchemy.engine.make_url(url)
    is_sqlite = address.get_backend_name() == "sqlite"
    if is_sqlite and address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    storage = _make_tables(lambda: RDBStorage(url, engine_kwargs=_SQLITE if is_sqlite else _SERVER))
    if is_sqlite:
        _make_commits_cheap(storage)
    return storage


def _make_tables(open_it: Callable[[], RDBStorage]) -> RDBStorage:
    """Open a database, again where another process that opened it at the same moment was first to make a table."""
    for _ in range(_MOST_RACES):
        try:
            return open_it()
        except SQLAlchemyError as reason:
            if not isinstance(reason, IntegrityError) and "already exists" not in str(reason):
                raise
        sleep(_RACE_S)
    return open_it()


def _make_commits_cheap(storage: RDBStorage) -> None:
    """Write-ahead log without a disk flush per commit: a killed process loses nothing, a power cut the last trials."""

    def on_connect(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    sqlalchemy.event.listen(storage.engine, "connect", on_connect)
    storage.remove_session()
    storage.engine.dispose()


def _prove_writable(storage: RDBStorage) -> None:
    """Write nothing to a table: an SQLite file without write permission opens all the same.

    A study that is made and deleted would stay behind in a process that is killed between the two.
    """
    with storage.engine.connect() as connection:
        connection.execute(sqlalchemy.text("UPDATE studies SET study_name = study_name WHERE study_id IS NULL"))


def _first_line(reason: Exception) -> str:
    origin = getattr(reason, "orig", None) or reason.__cause__ or reason
    return (str(origin).strip() or type(origin).__name__).splitlines()[0].rstrip(".")


def _without_password(url: str) -> str:
    try:
        return sqlalchemy.engine.make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return url
