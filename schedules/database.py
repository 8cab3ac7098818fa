"""The database of tuned schedules: append-only JSON-lines files that survive crashes and foreign content."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from schedules.record_file import Contents, Problem, RecordFile
from schedules.records import Record
from tensorlang.errors import DatabaseError
from tensorlang.nn import Workload

__all__ = ["Contents", "Database", "Problem", "read_file"]

_SHIPPED = Path(__file__).parent / "records"
_SET_ASIDE = ".set-aside-"


class Database:
    """Records in a directory, one file per hardware class and layer family.

    Parameters
    ----------
    directory : Path
        Made by the first `append`.

    Notes
    -----
    A record is appended by one write under a file lock, so that readers and other writers see whole lines. Nothing
    is ever overwritten: a line that is no record is reported by `load` and stays; a file that holds no record at all
    is renamed by the `append` that needs its name.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @classmethod
    def user(cls) -> Database:
        """The user's database: ``$TENSORLANG_HOME/records``, or ``tensorlang/records`` in the XDG data directory."""
        home = os.environ.get("TENSORLANG_HOME")
        if home:
            return cls(Path(home) / "records")
        data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
        return cls(Path(data) / "tensorlang" / "records")

    @classmethod
    def shipped(cls) -> Database:
        """The published records, installed with the package."""
        return cls(_SHIPPED)

    def load(self) -> Contents:
        """Read every file; files unchanged since the last call are not read again."""
        parts = [read_file(path).contents for path in self._paths()]
        return Contents(
            tuple(record for part in parts for record in part.records),
            tuple(problem for part in parts for problem in part.problems),
        )

    def records_of(self, accepts: Callable[[Workload], bool]) -> tuple[Record, ...]:
        """The records of the workloads that are accepted; of the others, only the workload is read."""
        return tuple(record for path in self._paths() for record in read_file(path).records_of(accepts))

    def append(self, record: Record) -> Path:
        """Add a record, and return the file it went to.

        Raises
        ------
        DatabaseError
            If the directory or the file cannot be written.
        """
        path = self.path_for(record)
        line = (record.to_json() + "\n").encode()
        with _reporting(path):
            self.directory.mkdir(parents=True, exist_ok=True)
            _set_aside_if_foreign(path)
            _append_line(path, line)
        return path

    def set_aside(self) -> frozenset[Path]:
        """Files that held no record and were renamed when their names were needed."""
        with _reporting(self.directory):
            return frozenset(self.directory.glob(f"*{_SET_ASIDE}*"))

    def path_for(self, record: Record) -> Path:
        """The file that holds records like this one."""
        return self.directory / f"{record.hardware.class_name}-{record.family}.jsonl"

    def check_writable(self) -> None:
        """Make the directory and prove that files can be written there; call it before hours of tuning.

        Raises
        ------
        DatabaseError
            If they cannot.
        """
        probe = self.directory / f".writable-{os.getpid()}"
        with _reporting(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"")
            probe.unlink()

    def _paths(self) -> list[Path]:
        with _reporting(self.directory):
            return sorted(self.directory.glob("*.jsonl"))


def _signature(path: Path) -> tuple[int, int]:
    with _reporting(path):
        status = path.stat()
    return status.st_mtime_ns, status.st_size


def read_file(path: Path) -> RecordFile:
    """What one file holds, whatever its name; one unchanged since the last call is not read again."""
    return _read_file(path, *_signature(path))


@lru_cache(maxsize=256)
def _read_file(path: Path, mtime_ns: int, size_bytes: int) -> RecordFile:
    return RecordFile.read(path, size_bytes)


def _set_aside_if_foreign(path: Path) -> None:
    """Rename a file that has content but no record, so that it stays as it is and its name is free."""
    if not path.exists():
        return
    contents = read_file(path).contents
    if contents.records or not contents.problems:
        return
    number = 1
    while (aside := path.with_name(f"{path.name}{_SET_ASIDE}{number}")).exists():
        number += 1
    path.rename(aside)


def _append_line(path: Path, line: bytes) -> None:
    """Append `line` by one write under a lock, on a line of its own even after a write that was cut short."""
    with path.open("a+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        end = file.seek(0, os.SEEK_END)
        if end:
            file.seek(end - 1)
            if file.read(1) != b"\n":
                line = b"\n" + line
        file.write(line)
        os.fsync(file.fileno())


@contextmanager
def _reporting(path: Path) -> Iterator[None]:
    """Turn the system's refusal into an error that names the path."""
    try:
        yield
    except OSError as reason:
        raise DatabaseError(
            f"{path}: {reason.strerror}.", hint="set TENSORLANG_HOME to a directory that you can write to"
        ) from reason
