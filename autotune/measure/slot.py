"""One measuring run at a time on a machine: two would time each other."""

from __future__ import annotations

import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schedules import Database
from tensorlang.errors import TuningError


@contextmanager
def measuring_slot(directory: Path | None = None) -> Iterator[None]:
    """Hold the machine's only measuring slot; the system frees it if the process dies.

    Parameters
    ----------
    directory : Path, optional
        The slot is that of its users; by default the one that holds the user's database.

    Raises
    ------
    TuningError
        If another process holds it, or the lock file cannot be made.
    """
    directory = directory or Database.user().directory.parent
    path = directory / f"measuring-{platform.node()}.lock"  # machines may share the directory
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="ascii")
    except OSError as reason:
        raise TuningError(
            f"{path}: {reason.strerror}.", hint="set TENSORLANG_HOME to a directory that you can write to"
        ) from reason
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise TuningError(
                f"Process {file.read().strip() or '(unknown)'} is measuring on this machine.",
                rule="one run measures at a time, as two would disturb each other's times",
                hint="wait until it ends, or stop it",
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
