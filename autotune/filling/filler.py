"""Works through tasks until each has a verified record; may be stopped at any moment, and goes on from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from optuna.storages import BaseStorage

from autotune.contest import Contest, hold_contest, to_candidate
from autotune.filling.tasks import Settled, Task
from autotune.measure.failures import FailureStreak
from autotune.measure.measurer import Measurer
from autotune.measure.outcome import Measurement, Outcome
from autotune.problem import LayerProblem, layer_problem
from autotune.recording import make_record
from autotune.stopping import StopRequest
from autotune.study import LayerStudy
from autotune.toolchain import find_toolchain
from autotune.trials import Trial, schedule_digest
from schedules import Database, Record
from tensorlang.codegen.target import Target

_TOOL = "autotune db fill"
_PASSES = 3
"""Times that a task is come back to if its rounds disagreed: a busy machine has passed by then."""
_CONTESTS = 2  # in one pass
_TRIES_PER_CANDIDATE = 4


class Listener(Protocol):
    """Told what becomes of each task."""

    def on_start(self, todo: int, done: int) -> None:
        """So many tasks are to do, and so many had a record already."""
        ...

    def on_done(self, task: Task, record: Record) -> None:
        """A record was written."""
        ...

    def on_put_off(self, task: Task, reason: str) -> None:
        """No record came of it this time."""
        ...

    def on_pass(self, left: int) -> None:
        """Another pass begins, over the tasks that are left."""
        ...


class Filler:
    """Tunes tasks and appends their records to a database.

    Parameters
    ----------
    database : Database
        Gets the records.
    others : sequence of Database
        Where known schedules to start from are looked up too.
    target : Target
    storage : BaseStorage
        Holds the studies: what an earlier run measured is not measured again.
    measurer : Measurer
    stop : StopRequest
    listener : Listener
    candidates : int
        Checked candidates that each record has behind it, at least; fewer only where there are no more.
    seed : int
        Of the samplers.
    machine : mapping
        From `describe_machine`, for the records.

    Notes
    -----
    A task's record is written as soon as its contest is decided, and its trials are in the storage before: whenever
    the process ends, at most the trial in hand is lost. A contest whose rounds disagree leaves no record; its task is
    put off, and comes again after all others.
    """

    def __init__(
        self,
        database: Database,
        others: Sequence[Database],
        target: Target,
        storage: BaseStorage,
        measurer: Measurer,
        stop: StopRequest,
        listener: Listener,
        *,
        candidates: int,
        seed: int,
        machine: Mapping[str, str],
    ) -> None:
        self._database = database
        self._others = others
        self._target = target
        self._storage = storage
        self._measurer = measurer
        self._stop = stop
        self._listener = listener
        self._candidates = candidates
        self._seed = seed
        self._machine = machine
        self._failed_tasks = FailureStreak("layers")

    def run(self, tasks: Sequence[Task]) -> None:
        """Work through `tasks` in order, until all are settled, the passes are over or the user stops it.

        Raises
        ------
        TuningError
            If measuring failed for several tasks in a row, for reasons of its own.
        """
        settled = self._settled()
        left = [task for task in tasks if settled.find(task) is None]
        self._listener.on_start(len(left), len(tasks) - len(left))
        for number in range(_PASSES):
            if number and left and not self._stop.requested:
                self._listener.on_pass(len(left))
            left = [task for task in left if not self._settle(task)]

    def settled(self, tasks: Sequence[Task]) -> dict[Task, Record]:
        """The tasks that have a record, and it."""
        settled = self._settled()
        return {task: record for task in tasks if (record := settled.find(task)) is not None}

    def _settled(self) -> Settled:
        return Settled(self._database.load().records, self._target, self._candidates)

    def _settle(self, task: Task) -> bool:
        """Make the record of a task; False if it has none, so that it must come again."""
        if self._stop.requested:
            return False
        databases = (self._database, *self._others)
        problem = layer_problem(task.layer, self._target, task.hardware, databases)
        study = LayerStudy(problem, self._storage, self._seed)
        reason = self._search(study) or self._record(task, problem, study)
        if self._stop.requested and reason:
            return False
        if reason:
            self._listener.on_put_off(task, reason)
        return not reason

    def _search(self, study: LayerStudy) -> str:
        """Measure candidates until enough were checked; why that did not come about, else an empty string."""
        failures = FailureStreak()
        most = _TRIES_PER_CANDIDATE * self._candidates
        while not study.search.has_at_least(self._candidates) and not self._stop.requested:
            if study.search.tried >= most:
                return f"only {study.search.checked} of {most} candidates were right"
            trial = study.step(_measuring(study, self._measurer))
            if trial is None:
                continue
            failures.count(failed=trial.measurement.outcome is Outcome.INFRA)
            if failures.is_too_long and not self._stop.requested:
                self._failed_tasks.count(failed=True)
                self._failed_tasks.check(trial.measurement.detail)
                return f"measuring failed: {trial.measurement.detail}"
        self._failed_tasks.count(failed=False)
        return "stopped" if self._stop.requested else ""

    def _record(self, task: Task, problem: LayerProblem, study: LayerStudy) -> str:
        """Hold the contest and write the record; why that did not come about, else an empty string."""
        reason = ""
        for _ in range(_CONTESTS):
            if self._stop.requested:
                return "stopped"
            contest = hold_contest(study, self._measurer)
            reason = "the default could not be timed" if contest is None else contest.doubt
            if contest is None or reason:
                continue
            contest = self._with_trial(problem, contest)
            if contest is None:
                return "the record known before gave wrong answers"
            record = make_record(problem, contest, task.hardware, find_toolchain(), self._machine)
            record = replace(record, provenance={**record.provenance, "tool": _TOOL})
            self._database.append(record)
            study.mark_confirmed()
            self._listener.on_done(task, record)
            return ""
        return reason

    def _with_trial(self, problem: LayerProblem, contest: Contest) -> Contest | None:
        """The contest with the winner's check, which a record known before may not have had in this study."""
        if contest.winner.trial is not None:
            return contest
        measurement = self._measurer.measure(to_candidate(problem, contest.winner.schedule))
        if measurement.outcome is not Outcome.OK:
            return None
        trial = Trial(contest.winner.knobs, schedule_digest(contest.winner.schedule), measurement)
        return replace(contest, winner=replace(contest.winner, trial=trial))


def _measuring(study: LayerStudy, measurer: Measurer) -> Callable[[str], Measurement]:
    def measure(schedule: str) -> Measurement:
        best_s = study.best.measurement.median_s if study.best else None
        return measurer.measure(to_candidate(study.problem, schedule, best_s))

    return measure
