"""Where studies are kept is opened, or refused by name, before anything is measured; one run measures at a time."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
from pathlib import Path

import optuna
import pytest

from autotune.measure.slot import measuring_slot
from autotune.storage import default_storage_url, open_storage
from tensorlang.errors import TuningError

HINT = "\n  hint        give --storage another file or database URL"


def test_path_and_url_name_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "s.db"
    optuna.create_study(storage=open_storage(str(path)), study_name="kept")
    assert optuna.get_all_study_names(open_storage(f"sqlite:///{path}")) == ["kept"]


def test_default_is_beside_the_users_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENSORLANG_HOME", str(tmp_path))
    assert default_storage_url() == f"sqlite:///{tmp_path}/studies.db"
    open_storage()
    assert (tmp_path / "studies.db").exists()


def test_commits_do_not_wait_for_the_disk(tmp_path: Path) -> None:
    open_storage(str(tmp_path / "s.db"))
    with sqlite3.connect(tmp_path / "s.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but dear to its owner\n" * 100)
    before = path.read_bytes()
    with pytest.raises(TuningError) as caught:
        open_storage(str(path))
    assert str(caught.value) == f"The study storage sqlite:///{path} cannot be used: file is not a database.{HINT}"
    assert path.read_bytes() == before


def test_file_that_may_only_be_read_is_refused(tmp_path: Path) -> None:
    open_storage(str(tmp_path / "s.db"))
    url = f"sqlite:///file:{tmp_path}/s.db?mode=ro&uri=true"
    with pytest.raises(TuningError, match="cannot be used: attempt to write a readonly database"):
        open_storage(url)


def test_opening_makes_no_study_that_a_kill_could_leave_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("optuna.storages.RDBStorage.create_new_study")
    monkeypatch.delattr("optuna.create_study")
    open_storage(str(tmp_path / "s.db"))


def test_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file" / "s.db"
    path.parent.write_text("in the way")
    with pytest.raises(TuningError) as caught:
        open_storage(str(path))
    assert (
        str(caught.value)
        == f"The study storage sqlite:///{path} cannot be used: [Errno 17] File exists: '{path.parent}'.{HINT}"
    )


def test_unknown_database_is_refused_and_no_password_shown() -> None:
    with pytest.raises(TuningError) as caught:
        open_storage("nosuchdb://me:secret@example/x")
    assert str(caught.value) == (
        "The study storage nosuchdb://me:***@example/x cannot be used: "
        f"Can't load plugin: sqlalchemy.dialects:nosuchdb.{HINT}"
    )


HOLDER = """
import sys
from pathlib import Path
from autotune.measure.slot import measuring_slot

with measuring_slot(Path(sys.argv[1])):
    print("holding", flush=True)
    sys.stdin.read()
"""


def test_slot_is_one_processes_and_free_again_when_it_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holding\n"
        with pytest.raises(TuningError) as caught, measuring_slot(tmp_path):
            pass
        holder.kill()
    assert str(caught.value) == (
        f"Process {holder.pid} is measuring on this machine.\n"
        "  rule        one run measures at a time, as two would disturb each other's times\n"
        "  hint        wait until it ends, or stop it"
    )
    with measuring_slot(tmp_path):
        assert (tmp_path / f"measuring-{platform.node()}.lock").read_text() == str(os.getpid())
