"""A PostgreSQL server of the tests' own: in a temporary folder, reached through a socket there, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

REQUIRED = "TENSORLANG_POSTGRESQL"
"""Set to "required", it makes a missing server an error instead of a skipped test."""

_DEBIAN = Path("/usr/lib/postgresql")
_USER = "postgres"
_START_S = 60


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Start a server with an empty database and yield the database's URL; skip the test if none is installed.

    The server refuses to run as root: root runs it as the user that Debian's package makes for it.
    """
    programs = _programs()
    if programs is None:
        if os.environ.get(REQUIRED) == "required":
            pytest.fail("PostgreSQL is not installed, and these tests have to run: make ci-deps")
        pytest.skip("PostgreSQL is not installed: make ci-deps")
    folder = Path(mkdtemp(prefix="tlpg-", dir="/tmp"))  # the path of a socket has to be short
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, _USER)
        data = folder / "data"
        _run(programs / "initdb", "--auth=trust", f"--username={_USER}", "--no-sync", "--pgdata", data)
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        control: tuple[str | Path, ...] = (programs / "pg_ctl", "--pgdata", data, "--wait")
        _run(*control, "--timeout", str(_START_S), "--log", folder / "log", "--options", options, "start")
        try:
            yield f"postgresql+psycopg://{_USER}@/{_USER}?host={folder}"
        finally:
            _run(*control, "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    """The folder of initdb and pg_ctl, which Debian does not put on the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    return versions[-1].parent if versions else None


def _run(*command: str | Path) -> None:
    done = subprocess.run(_as_user(list(map(str, command))), capture_output=True, text=True, cwd="/", check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}\n{done.stderr}"


def _as_user(command: Sequence[str]) -> list[str]:
    if os.geteuid() != 0:
        return list(command)
    user = pwd.getpwnam(_USER)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--init-groups", *command]
