"""Moving records between databases: reading files and directories of them, merging, and writing them anew."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from schedules.database import Contents, Database, read_file
from schedules.lookup import not_superseded
from schedules.records import Record
from schedules.sealed import seal, to_lines
from tensorlang.errors import DatabaseError

SUFFIX = ".jsonl"


def read_records(path: Path) -> Contents:
    """What a file, or a directory of files, holds.

    Raises
    ------
    DatabaseError
        If there is no such path.
    """
    if not path.exists():
        raise DatabaseError(f"{path}: there is no such file or directory.")
    return Database(path).load() if path.is_dir() else read_file(path).contents


def merge(sources: Sequence[Iterable[Record]]) -> list[Record]:
    """Return the best record of each workload on each machine, unchanged, provenance and all.

    Notes
    -----
    The best is the one with the greatest speed over the baseline of its own run: times of different runs are not
    comparable, and their minimum goes to the quietest run. Of equals the last one wins. A record that lost to another
    of them in the same rounds is out, whatever it claims.
    """
    best: dict[object, Record] = {}
    for record in not_superseded([record for source in sources for record in source]):
        key = (record.workload, record.hardware, record.family, record.algorithm_hash)
        if key not in best or record.timing.speedup >= best[key].timing.speedup:
            best[key] = record
    return sorted(best.values(), key=_order)


def write_records(records: Sequence[Record], path: Path, *, sealed: bool = False) -> tuple[Path, ...]:
    """Write records anew, each file at once or not at all, and return the files.

    Parameters
    ----------
    records : sequence of Record
    path : Path
        A file if it ends in ``.jsonl``, else a directory, which gets a file for each hardware class and layer family.
    sealed : bool
        Give the file a header with counts and a hash, by which changes are noticed; a directory has none.

    Raises
    ------
    DatabaseError
        If it cannot be written.
    """
    if path.suffix == SUFFIX:
        _replace(path, seal(records) if sealed else to_lines(records))
        return (path,)
    by_file: dict[Path, list[Record]] = {}
    for record in records:
        by_file.setdefault(Database(path).path_for(record), []).append(record)
    for file, lines in sorted(by_file.items()):
        _replace(file, to_lines(lines))
    return tuple(sorted(by_file))


def _replace(path: Path, content: bytes) -> None:
    """Write beside the file and rename, so that readers see the old content or the new."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), 0o644)
        os.replace(temporary, path)
    except OSError as reason:
        raise DatabaseError(f"{path}: {reason.strerror}.", hint="choose a place that you can write to") from reason


def _order(record: Record) -> tuple[object, ...]:
    return (record.hardware.class_name, record.family, str(record.workload), record.hardware.threads, record.digest)
