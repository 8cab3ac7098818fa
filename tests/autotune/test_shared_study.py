"""Several tuners share a study, on SQLite and on a PostgreSQL server: nothing is measured twice, nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from optuna_dashboard import wsgi

from autotune.claims import CLAIM, is_lost, join_study, make_claim
from autotune.measure.outcome import Measurement
from autotune.storage import open_storage
from autotune.study import LayerStudy
from autotune.trials import ATTRIBUTE, schedule_digest
from schedules.space import Knob, Space
from tests.architecture.sources import ROOT
from tests.autotune.fakes import make_layer, make_problem, ok
from tests.autotune.postgresql import postgresql_server
from tests.autotune.sharing import ENOUGH, open_study

_FOREVER = 1000
SMALL = Space((Knob("tile", (1, 2, 4)), Knob("unroll", (False, True)), Knob("order", ("mn",))))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/studies.db"
    else:
        with postgresql_server() as address:
            yield address


def start_tuner(url: str, limit: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.autotune.sharing", url, str(limit)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def finish(tuner: subprocess.Popen[str]) -> list[str]:
    """What a tuner measured, once it has ended by itself."""
    output, _ = tuner.communicate(timeout=120)
    assert tuner.returncode == 0
    return output.splitlines()


@contextmanager
def opened(url: str) -> Iterator[RDBStorage]:
    storage = open_storage(url)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def read_trials(storage: RDBStorage) -> list[FrozenTrial]:
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage).get_trials()


def get(application: Any, path: str) -> tuple[str, Any]:
    """What a WSGI application answers to a GET request: its status, and the JSON in its body."""
    statuses: list[str] = []
    environment = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
    }
    body = b"".join(application(environment, lambda status, headers, *_: statuses.append(status)))
    return statuses[0], json.loads(body)


def check_dashboard(storage: RDBStorage) -> None:
    """The dashboard lists the study and shows its trials."""
    application = wsgi(storage)
    status, listed = get(application, "/api/studies")
    assert status == "200 OK"
    (summary,) = listed["study_summaries"]
    assert summary["study_name"] == "shared-t1-k"
    status, study = get(application, f"/api/studies/{summary['study_id']}")
    assert status == "200 OK"
    assert min(trial["values"][0] for trial in study["trials"] if trial["state"] == "Complete") > 0


def test_two_tuners_and_a_third_that_is_killed(url: str) -> None:
    """All three begin at once, on an empty database; the third is killed over its third candidate."""
    tuners = [start_tuner(url, limit) for limit in (2, _FOREVER, _FOREVER)]
    killed = tuners[0]
    assert killed.stdout is not None
    begun = [killed.stdout.readline().strip() for _ in range(3)]
    killed.kill()
    killed.communicate()
    shares = [begun[:2], *(finish(tuner) for tuner in tuners[1:])]
    assert all(shares), "one tuner did it all"
    with opened(url) as storage:
        check_study(storage, killed.pid, shares)
        check_dashboard(storage)


def check_study(storage: RDBStorage, killed_pid: int, shares: Sequence[Sequence[str]]) -> None:
    """What the killed tuner had in flight is taken for lost by whoever opens the study next; all the rest is there."""
    # A tuner that opened the study after the kill has taken it for lost already; what the killed one let go is older.
    of_killed = (t for t in read_trials(storage) if t.user_attrs.get(CLAIM, {}).get("pid") == killed_pid)
    *_, in_flight = (trial for trial in of_killed if ATTRIBUTE not in trial.user_attrs)
    study = open_study(storage)
    trials = read_trials(storage)
    assert trials[in_flight.number].state is TrialState.FAIL
    assert TrialState.RUNNING not in {trial.state for trial in trials}
    kept = [trial.user_attrs[ATTRIBUTE]["digest"] for trial in trials if ATTRIBUTE in trial.user_attrs]
    measured = [schedule_digest(schedule) for share in shares for schedule in share]
    assert sorted(kept) == sorted(measured), "a measurement was lost"
    assert study.trials.keys() == set(measured)
    assert ENOUGH <= len(study.trials) <= ENOUGH + len(shares)
    assert len(measured) == len(set(measured)), "a schedule was measured twice"


def test_candidate_that_another_tuner_measures_is_left_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = open_storage(str(tmp_path / "s.db"))
    problem = make_problem(make_layer("shared"), space=SMALL)
    measured: list[str] = []

    def measure(schedule: str) -> Measurement:
        """While the first tuner measures its first candidate, another process measures all the rest."""
        measured.append(schedule)
        if len(measured) == 1:
            with monkeypatch.context() as elsewhere:
                elsewhere.setattr("autotune.claims.os.getpid", os.getppid)
                other = LayerStudy(problem, storage, seed=1)
                while other.step(measure) is not None:
                    pass
        return ok(1e-3)

    study = LayerStudy(problem, storage, seed=0)
    while study.step(measure) is not None:
        pass
    assert len(measured) == len(set(measured)) == len(study.trials) == problem.space.size


def test_points_that_others_work_on_are_waited_for_and_taken_over_if_they_die(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = open_storage(str(tmp_path / "s.db"))
    problem = make_problem(make_layer("shared"), space=SMALL)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("autotune.claims._host", lambda: "elsewhere")
        other = LayerStudy(problem, storage, seed=0)
        with pytest.raises(KeyboardInterrupt):
            other.step(interrupted)
    study = LayerStudy(problem, storage, seed=0)
    while study.step(lambda schedule: ok(1e-3)) is not None:
        pass
    assert (len(study.trials), study.is_exhausted) == (SMALL.size - 1, False)
    monkeypatch.setattr("autotune.claims.time.time", lambda: 1e12)  # past every lease
    assert study.step(lambda schedule: ok(1e-3)) is not None
    assert study.step(lambda schedule: ok(1e-3)) is None
    assert (len(study.trials), study.is_exhausted) == (SMALL.size, True)


def test_lost_trial_may_be_let_go_by_two_tuners_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = open_storage(str(tmp_path / "s.db"))
    problem = make_problem(make_layer("shared"), space=SMALL)
    with pytest.raises(KeyboardInterrupt):
        LayerStudy(problem, storage, seed=0).step(interrupted)
    set_state = storage.set_trial_state_values

    def set_it_after_another(trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        set_state(trial_id, state, values)
        return set_state(trial_id, state, values)

    monkeypatch.setattr(storage, "set_trial_state_values", set_it_after_another)
    LayerStudy(problem, storage, seed=0)
    assert [trial.state for trial in read_trials(storage)] == [TrialState.FAIL]


def interrupted(schedule: str) -> Measurement:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ({}, True),  # this very process, which is opening the study
        ({"pid": os.getppid()}, True),  # alive, but began at another time: another process has the id now
        ({"host": "elsewhere"}, False),
        ({"host": "elsewhere", "until": 0.0}, True),
    ],
    ids=["own", "reused", "elsewhere", "lease over"],
)
def test_claim_holds_while_its_owner_may_be_at_work(change: dict[str, object], lost: bool) -> None:
    study = optuna.create_study()
    trial = study.ask()
    trial.set_user_attr(CLAIM, {**make_claim(60.0, "digest"), **change})
    assert is_lost(study.trials[0], is_alone=False) is lost


def test_trial_that_is_not_claimed_yet_is_left_alone_for_a_minute_if_there_are_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study = optuna.create_study()
    study.ask()
    assert not is_lost(study.trials[0], is_alone=False)
    assert is_lost(study.trials[0], is_alone=True)
    monkeypatch.setattr("autotune.claims._UNCLAIMED_S", -1.0)
    assert is_lost(study.trials[0], is_alone=False)


def test_tuner_that_joins_a_study_sees_others_that_live(monkeypatch: pytest.MonkeyPatch) -> None:
    study = optuna.create_study()
    assert not join_study(study)
    assert not join_study(study)  # itself, earlier
    monkeypatch.setattr("autotune.claims.os.getpid", os.getppid)
    assert join_study(study)
