"""One file of records: its lines, decoded when they are asked for, and what was found wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from schedules.records import Record
from schedules.sealed import check_counts, check_seal, is_sealed
from tensorlang.errors import DatabaseError, LanguageError
from tensorlang.nn import Workload, workload_from_json

_MAX_FILE_BYTES = 64 << 20
_MAX_WORKLOAD_BYTES = 2000
_START = re.compile(rb'\{"schema": \d{1,4}, "workload": (\{[^{}]*\}), ')  # of a line as `Record.to_json` writes it


@dataclass(frozen=True)
class Problem:
    """A line, or a whole file (line 0), that is no record; it is left where it is and takes no part in lookups."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{place}: {self.message}"


@dataclass(frozen=True)
class Contents:
    """What a database holds: good records in the order appended, and what was found wrong."""

    records: tuple[Record, ...]
    problems: tuple[Problem, ...]


class RecordFile:
    """The lines of a file as they were when it was read.

    Notes
    -----
    Decoding a whole record takes a millisecond, a lookup needs a few of hundreds: those of one workload, then those
    of workloads like it. The workload stands first on a line and is read alone; a line that does not begin as ours do
    is decoded whole.
    """

    def __init__(self, path: Path, lines: list[_Line], problem: Problem | None = None) -> None:
        self.path = path
        self._lines = lines
        self._problem = problem

    @classmethod
    def read(cls, path: Path, size_bytes: int) -> RecordFile:
        """Read a file; one that cannot be read, or a sealed one that was changed, holds nothing but a problem."""
        if size_bytes > _MAX_FILE_BYTES:
            return cls._failed(path, 0, f"{size_bytes} B is more than the {_MAX_FILE_BYTES} B that are read.")
        try:
            content = path.read_bytes()
        except OSError as reason:
            return cls._failed(path, 0, f"cannot be read: {reason.strerror}.")
        return cls.parse(path, content)

    @classmethod
    def parse(cls, path: Path, content: bytes) -> RecordFile:
        """The file that `content` would be; `path` is for messages alone, and nothing is opened."""
        lines = [_Line(path, number, line) for number, line in enumerate(content.split(b"\n"), 1) if line.strip()]
        if not is_sealed(content):
            return cls(path, lines)
        try:
            found = cls(path, lines[1:])
            check_counts(check_seal(content), found.contents.records)
        except DatabaseError as reason:
            return cls._failed(path, 1, with_hint(reason))
        return found

    @classmethod
    def _failed(cls, path: Path, line: int, message: str) -> RecordFile:
        return cls(path, [], Problem(path, line, message))

    @cached_property
    def contents(self) -> Contents:
        """All records and problems."""
        decoded = [line.decoded for line in self._lines]
        problems = [item for item in (self._problem, *decoded) if isinstance(item, Problem)]
        return Contents(tuple(item for item in decoded if isinstance(item, Record)), tuple(problems))

    def records_of(self, accepts: Callable[[Workload], bool]) -> Iterator[Record]:
        """The records whose workload is accepted, in order."""
        for line in self._lines:
            if line.workload is None or accepts(line.workload):
                record = line.decoded
                if isinstance(record, Record) and accepts(record.workload):
                    yield record


class _Line:
    """A line of a file; decoded once, when it is first asked for."""

    def __init__(self, path: Path, number: int, text: bytes) -> None:
        self._path = path
        self._number = number
        self._text = text

    @cached_property
    def workload(self) -> Workload | None:
        """The workload, if it can be told from the beginning of the line."""
        start = _START.match(self._text, 0, _MAX_WORKLOAD_BYTES)
        if start is None:
            return None
        try:
            return workload_from_json(start[1].decode())
        except (UnicodeDecodeError, LanguageError):
            return None

    @cached_property
    def decoded(self) -> Record | Problem:
        """The record, or what is wrong with it."""
        try:
            return read_line(self._text)
        except DatabaseError as reason:
            return Problem(self._path, self._number, with_hint(reason))


def read_line(line: bytes) -> Record:
    """The record on a line of a file, of whatever origin.

    Raises
    ------
    DatabaseError
        Nothing else, whatever the bytes are.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise DatabaseError("not UTF-8 text.") from None
    return Record.from_json(text)


def with_hint(reason: DatabaseError) -> str:
    """The message of an error and what to do, in one line."""
    return f"{reason.message.rstrip('.')}; {reason.hint}." if reason.hint else reason.message
