"""The search over one layer's points: an Optuna study that survives kill -9 and goes on where it stopped."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from random import Random
from typing import TypeAlias
from zlib import crc32

import optuna
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from autotune.measure.outcome import Measurement, Outcome
from autotune.points import from_indices, sample_points, suggest_point, to_indices
from autotune.problem import Problem
from autotune.trials import ATTRIBUTE, Trial, fastest, schedule_digest
from schedules.records import Search
from schedules.space import Knobs
from tensorlang.errors import ScheduleError

_STARTUP_TRIALS = 8
_DRAWS_PER_STEP = 12
_UNTRIED_SAMPLES = 2000
_CONFIRMED = "confirmed"
_STARTS = "starts"

Indices: TypeAlias = Mapping[str, int]

# A constraint above 0 tells the sampler that a point is infeasible, and how far from feasible it is.
_INFEASIBILITY = {
    Outcome.ILLEGAL: 1.0,
    Outcome.RUN_TIMEOUT: 1.0,
    Outcome.COMPILE_TIMEOUT: 1.0,
    Outcome.COMPILE_ERROR: 2.0,
    Outcome.OUT_OF_MEMORY: 2.0,
    Outcome.WRONG_ANSWER: 3.0,
    Outcome.CRASH: 3.0,
}


class LayerStudy:
    """Chooses points to measure and remembers what came of them.

    Parameters
    ----------
    problem : Problem
        What is searched. The study's name holds `problem.key`, so that the same problem on the same storage goes on.
    storage : BaseStorage
        From `open_storage`. One tuner at a time works on a study: trials found running are taken for lost.
    seed : int
        Of the sampler.

    Attributes
    ----------
    trials : dict of str to Trial
        What was measured, by hash of the schedule.
    default_digest : str
        Hash of the heuristic default's schedule.

    Notes
    -----
    Each trial ends in one of three states. COMPLETE, with the least time of a call [s] as its value: measured, or known
    from an equal schedule. PRUNED with a constraint: infeasible, for whatever reason of the candidate's own; TPE learns
    from those, and would not from FAIL. FAIL: the measuring machinery failed, or the tuner was killed over it, which
    says nothing about the point.

    What is tried next is a function of the seed and of the trials that ended in the first two states: a study that is
    interrupted, at any moment and however often, goes through the same points as one that is not. A point whose trial
    ended as FAIL is drawn again. For the same reason the points to begin with are those of the study's first run.
    """

    def __init__(self, problem: Problem, storage: BaseStorage, seed: int) -> None:
        self.problem = problem
        self._is_exhausted = False
        self.default_digest = schedule_digest(problem.make_schedule(problem.default))
        self.trials: dict[str, Trial] = {}
        name = f"{problem.layer.name}-t{problem.threads}-{problem.key}"
        self._study = optuna.create_study(study_name=name, storage=storage, direction="minimize", load_if_exists=True)
        self._seed = seed
        self._ended = 0
        self._idle_draws = 0
        self._starts = self._first_points()
        self._restore()

    @property
    def best(self) -> Trial | None:
        """The fastest trial so far, by its measurement in the search."""
        return next(iter(fastest(self.trials.values(), 1)), None)

    @property
    def confirmed_digest(self) -> str:
        """Hash of the schedule that was the fastest when the best were last timed against each other; "" if never."""
        return str(self._study.user_attrs.get(_CONFIRMED, ""))

    @property
    def search(self) -> Search:
        """What its best was chosen from, for a record; at least one trial must have been right."""
        return Search(
            checked=sum(trial.measurement.outcome is Outcome.OK for trial in self.trials.values()),
            tried=len(self.trials),
            exhausted=self._is_exhausted,
            sampler=type(_sampler(self._seed)).__name__,
            seed=self._seed,
            default=self.default_digest,
        )

    def mark_confirmed(self) -> None:
        """Remember that the fastest trial so far was timed against the default."""
        self._study.set_user_attr(_CONFIRMED, self.best.digest if self.best else "")

    def step(self, measure: Callable[[str], Measurement]) -> Trial | None:
        """Choose a schedule that was not measured before, measure it, and return the trial.

        Parameters
        ----------
        measure : callable
            Schedule as JSON -> measurement.

        Returns
        -------
        Trial or None
            None when no untried legal point can be found: the space is exhausted.
        """
        while self._idle_draws < _DRAWS_PER_STEP:
            trial = self._try_next(measure)
            if trial is not None:
                return trial
        untried = self._find_untried()
        self._is_exhausted = untried is None
        return None if untried is None else self._try_next(measure, to_indices(self.problem.space, untried))

    def _try_next(self, measure: Callable[[str], Measurement], fixed: Indices | None = None) -> Trial | None:
        """Take the point that is given, else the next one; None if it is illegal or makes a schedule that is known."""
        asked = self._ask(fixed or next(iter(self._starts), None))
        knobs = suggest_point(asked, self.problem.space)
        schedule = self._schedule(knobs)
        if schedule is None:
            self._tell(asked, Measurement(Outcome.ILLEGAL))
            return None
        digest = schedule_digest(schedule)
        if digest in self.trials:
            self._tell(asked, self.trials[digest].measurement)
            return None
        trial = Trial(knobs, digest, measure(schedule))
        asked.set_user_attr(ATTRIBUTE, trial.to_data())
        self._tell(asked, trial.measurement)
        if trial.measurement.outcome is not Outcome.INFRA:
            self._idle_draws = 0
            self.trials[digest] = trial
        return trial

    def _ask(self, fixed: Indices | None) -> optuna.Trial:
        seed = crc32(f"{self._seed} {self._ended} {self.problem.key}".encode())
        self._study.sampler = _sampler(seed) if fixed is None else _constant(fixed)
        return self._study.ask()

    def _schedule(self, knobs: Knobs) -> str | None:
        """The schedule of a point, or None if the point is illegal."""
        if not self.problem.is_legal(knobs):
            return None
        try:
            return self.problem.make_schedule(knobs)
        except ScheduleError:
            return None

    def _tell(self, asked: optuna.Trial, measurement: Measurement) -> None:
        if measurement.outcome is Outcome.INFRA:
            self._study.tell(asked, state=TrialState.FAIL)
            return
        if measurement.outcome is Outcome.OK:
            self._study.tell(asked, measurement.minimum_s)
        else:
            asked.set_constraint("feasible", _INFEASIBILITY[measurement.outcome])
            self._study.tell(asked, state=TrialState.PRUNED)
        self._count_ended(asked.params)

    def _count_ended(self, indices: Indices) -> None:
        self._ended += 1
        self._idle_draws += 1
        self._starts = [start for start in self._starts if start != indices]

    def _find_untried(self) -> Knobs | None:
        """A legal point whose schedule was not measured: the sampler has come to repeat itself."""
        random = Random(f"{self._seed} {self._ended} {self.problem.key}")
        for knobs in sample_points(self.problem.space, random, _UNTRIED_SAMPLES):
            schedule = self._schedule(knobs)
            if schedule is not None and schedule_digest(schedule) not in self.trials:
                return knobs
        return None

    def _first_points(self) -> list[Indices]:
        """The default and the starts of the study's first run, each once."""
        known = self._study.user_attrs.get(_STARTS)
        if known is None:
            points = [to_indices(self.problem.space, knobs) for knobs in (self.problem.default, *self.problem.starts)]
            known = [point for place, point in enumerate(points) if point not in points[:place]]
            self._study.set_user_attr(_STARTS, known)
        return list(known)

    def _restore(self) -> None:
        """Take up what an earlier run left: its measurements, and trials that it was killed over."""
        default, *_ = self._starts
        for frozen in self._study.get_trials(deepcopy=False):
            if not frozen.state.is_finished():
                self._study.tell(frozen.number, state=TrialState.FAIL)
            elif frozen.state is not TrialState.FAIL:
                self._count_ended(frozen.params)
                if ATTRIBUTE in frozen.user_attrs:
                    knobs = from_indices(self.problem.space, frozen.params)
                    trial = Trial.from_data(knobs, frozen.user_attrs[ATTRIBUTE])
                    self.trials[trial.digest] = trial
                    self._idle_draws = 0
        failed = self.trials.get(self.default_digest)
        if failed is not None and not failed.is_timed:  # a default that failed gets another chance
            del self.trials[self.default_digest]
            self._starts.insert(0, default)


def _constant(indices: Indices) -> optuna.samplers.BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.PartialFixedSampler(dict(indices), optuna.samplers.RandomSampler(seed=0))


def _sampler(seed: int) -> optuna.samplers.TPESampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # `group` is marked experimental
        return optuna.samplers.TPESampler(
            n_startup_trials=_STARTUP_TRIALS, multivariate=True, group=True, constant_liar=True, seed=seed
        )
