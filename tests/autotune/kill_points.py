"""Kills the tuner at random moments and lets it go on: ``python -m tests.autotune.kill_points --points 200``.

The tuner, its studies in SQLite and the database of records are the real ones; times are a function of the schedule
alone. Each run is a process of its own that ends itself by SIGKILL at a function call chosen beforehand: first at one
to measure a candidate, then anywhere: in Optuna, between two statements of a transaction, before a line is appended.
Once a run is left to reach its end, its trials, the best and what a lookup answers must be those of a run that nobody
killed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import optuna

import autotune.budget
import autotune.tuner
from autotune.budget import Budget
from autotune.measure.outcome import Measurement
from autotune.networks import NetworkLayer
from autotune.problem import layer_problem
from autotune.session import keeper
from autotune.stopping import StopRequest
from autotune.storage import open_storage
from autotune.study import LayerStudy
from autotune.trials import ATTRIBUTE, Trial
from autotune.tuner import Tuner
from schedules import Database, Hardware, lookup
from tensorlang.codegen import host_target
from tensorlang.nn import Conv2d, Gemm
from tests.autotune.digest_measurer import DigestMeasurer
from tests.autotune.fakes import Silence, make_network

LAYERS = (NetworkLayer("gemm", Gemm(48, 64, 32), 2), NetworkLayer("conv", Conv2d(1, 14, 14, 16, 32, 3, 3), 1))
_TRIALS, _TURN_TRIALS = 14, 5
_FINISHED = 0


class _Turns(Budget):
    """Never spent; a turn is a few trials."""

    def turn_s(self, layers: int) -> float:
        return float(_TURN_TRIALS)


class _ShortStudy(LayerStudy):
    """Comes to its end after a few schedules."""

    def step(self, measure: Callable[[str], Measurement]) -> Trial | None:
        self.is_exhausted = len(self.trials) >= _TRIALS
        return None if self.is_exhausted else super().step(measure)


def tune(folder: Path) -> None:
    """One run, from wherever the last one was killed, to the end."""
    os.environ["TENSORLANG_HOME"] = str(folder)
    clock = count()
    vars(autotune.budget)["monotonic"] = lambda: float(next(clock)) / 2
    vars(autotune.tuner)["LayerStudy"] = _ShortStudy
    problems = [layer_problem(layer, host_target(), Hardware.here(1)) for layer in LAYERS]
    keep = keeper(Database.user(), Hardware.here(1), {})
    storage = open_storage(str(folder / "studies.db"))
    measurer = DigestMeasurer(folder / "measured")
    Tuner(make_network(*LAYERS), problems, storage, measurer, keep, _Turns(1e9), StopRequest(), Silence()).run()


def read(folder: Path) -> dict[str, Any]:
    """What a run left, but for dates and for trials that it was killed over."""
    os.environ["TENSORLANG_HOME"] = str(folder)
    storage = open_storage(str(folder / "studies.db"))
    layers, lost = {}, 0
    for summary in optuna.get_all_study_summaries(storage):
        trials = optuna.load_study(study_name=summary.study_name, storage=storage).get_trials()
        states = optuna.trial.TrialState
        lost += sum(trial.state is states.FAIL for trial in trials)
        layers[summary.study_name] = [
            [trial.state.name, trial.params, trial.values, trial.user_attrs.get(ATTRIBUTE), trial.constraints]
            for trial in trials
            if trial.state is not states.FAIL
        ]
    contents = Database.user().load()
    written = [(str(record.workload), record.schedule.to_json()) for record in contents.records]
    return {
        "layers": layers,
        "answers": [_answer(layer) for layer in LAYERS],
        "lost": lost,
        "problems": [str(problem) for problem in contents.problems],
        "written twice": len(written) - len(set(written)),
        "measured": (folder / "measured").read_text(encoding="ascii").split(),
    }


def _answer(layer: NetworkLayer) -> dict[str, Any]:
    found = lookup(layer.workload, threads=1)
    assert found.record is not None
    data = json.loads(found.record.to_json())
    data["provenance"] = {}
    del data["search"]  # how far the search was when the contest was held, which a run that is taken up does at once
    return {"rung": str(found.rung), "record": data}


def _in_fork(work: Callable[[], object]) -> int:
    """Do `work` in a process of its own; minus the signal that ended it, or 0."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(_FINISHED)
        finally:
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _anywhere(frame: FrameType) -> bool:
    return True


def _at_a_measurement(frame: FrameType) -> bool:
    return frame.f_code is DigestMeasurer.measure.__code__


def _killed_at(call: int, work: Callable[[], object], counts: Callable[[FrameType], bool]) -> Callable[[], None]:
    """`work`, during whose function call number `call`, of those that count, the process kills itself."""

    def run() -> None:
        left = call

        def on_event(frame: FrameType, event: str, argument: object) -> None:
            nonlocal left
            left -= counts(frame)
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(on_event)
        work()
        sys.setprofile(None)

    return run


def _count_calls(folder: Path) -> int:
    """Do a run that nobody kills, and return how many events a profiler sees in it."""
    path = folder / "calls"

    def run() -> None:
        calls = 0

        def on_event(frame: FrameType, event: str, argument: object) -> None:
            nonlocal calls
            calls += 1

        sys.setprofile(on_event)
        tune(folder)
        sys.setprofile(None)
        path.write_text(str(calls), encoding="ascii")

    assert _in_fork(run) == _FINISHED
    return int(path.read_text(encoding="ascii"))


def _summarise(folder: Path) -> dict[str, Any]:
    path = folder / "summary.json"
    assert _in_fork(lambda: path.write_text(json.dumps(read(folder)), encoding="utf-8")) == _FINISHED
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


@dataclass
class Report:
    """What came of the runs."""

    kills: int = 0
    chains: int = 0
    lost: int = 0
    faults: tuple[str, ...] = ()


def find_faults(expected: dict[str, Any], found: dict[str, Any], kills: int) -> list[str]:
    """How a run that was killed `kills` times differs from one that was not."""
    faults = [f"{key} differ" for key in ("layers", "answers") if found[key] != expected[key]]
    faults += found["problems"]
    if found["written twice"]:
        faults.append(f"{found['written twice']} records were written twice")
    if found["lost"] > kills:
        faults.append(f"{found['lost']} trials were lost by {kills} kills")
    if len(found["measured"]) > len(expected["measured"]) + kills:
        faults.append(f"{len(found['measured'])} measurements, where {len(expected['measured'])} were needed")
    return faults


def _tune_until(folder: Path, call: int, counts: Callable[[FrameType], bool] = _anywhere) -> int:
    """Go on with a run until the function call of that number; 0: to the end."""
    return _in_fork(_killed_at(call, lambda: tune(folder), counts))


def kill_and_resume(points: int, seed: int, folder: Path) -> Report:
    """Kill runs at `points` moments in all, and compare where each chain of them ends."""
    random, report = Random(seed), Report()
    whole = folder / "whole"
    whole.mkdir()
    calls = _count_calls(whole)
    expected = _summarise(whole)
    while report.kills < points:
        chain = folder / f"chain{report.chains}"
        chain.mkdir()
        kills = int(_tune_until(chain, random.randrange(1, _TRIALS), _at_a_measurement) == -signal.SIGKILL)
        while report.kills + kills < points and _tune_until(chain, random.randrange(1, calls)) == -signal.SIGKILL:
            kills += 1
        status = _tune_until(chain, 0)
        found = {} if status else _summarise(chain)
        faults = find_faults(expected, found, kills) if found else [f"exit status {status}"]
        report.kills += kills
        report.chains += 1
        report.lost += found.get("lost", 0)
        report.faults += tuple(f"{chain}: {fault}" for fault in faults)
    return report


def main() -> None:
    """Print the counts; exit status 1 if anything differed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = kill_and_resume(arguments.points, arguments.seed, Path(folder))
    print(f"{report.kills} kills, {report.chains} runs resumed to their end, {report.lost} trials lost in flight")
    for fault in report.faults:
        print(fault)
    sys.exit(bool(report.faults))


if __name__ == "__main__":
    main()
