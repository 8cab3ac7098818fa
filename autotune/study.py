"""The search over one layer's points: an Optuna study that survives kill -9 and goes on where it stopped."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from random import Random

import optuna
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from autotune.measure.outcome import Measurement, Outcome
from autotune.points import from_indices, sample_points, suggest_point, to_indices
from autotune.problem import Problem
from autotune.trials import ATTRIBUTE, Trial, fastest, schedule_digest
from schedules.space import Knobs
from tensorlang.errors import ScheduleError

_STARTUP_TRIALS = 8
_DRAWS_PER_STEP = 12
_UNTRIED_SAMPLES = 2000
_CONFIRMED = "confirmed"

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
        Of the sampler. A resumed study draws from another stream, so as not to repeat itself.

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
    from those, and would not from FAIL. FAIL: the measuring machinery failed, which says nothing about the point.
    """

    def __init__(self, problem: Problem, storage: BaseStorage, seed: int) -> None:
        self.problem = problem
        self.default_digest = schedule_digest(problem.default_schedule)
        self.trials: dict[str, Trial] = {}
        name = f"{problem.name}-t{problem.threads}-{problem.key}"
        self._study = optuna.create_study(study_name=name, storage=storage, direction="minimize", load_if_exists=True)
        self._restore()
        past = len(self._study.get_trials(deepcopy=False))
        self._study.sampler = _sampler(seed + past)
        self._random = Random(f"{seed} {past} {problem.key}")
        if self.default_digest not in self.trials:
            self._study.enqueue_trial(to_indices(problem.space, problem.default))
        for knobs in problem.starts:
            self._study.enqueue_trial(to_indices(problem.space, knobs), skip_if_exists=True)

    @property
    def best(self) -> Trial | None:
        """The fastest trial so far, by its measurement in the search."""
        return next(iter(fastest(self.trials.values(), 1)), None)

    @property
    def confirmed_digest(self) -> str:
        """Hash of the schedule that was the fastest when the best were last timed against each other; "" if never."""
        return str(self._study.user_attrs.get(_CONFIRMED, ""))

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
        for _ in range(_DRAWS_PER_STEP):
            trial = self._try_next(measure)
            if trial is not None:
                return trial
        untried = self._find_untried()
        if untried is None:
            return None
        self._study.enqueue_trial(to_indices(self.problem.space, untried))
        return self._try_next(measure)

    def _try_next(self, measure: Callable[[str], Measurement]) -> Trial | None:
        """Ask for one point; None if it was illegal by its knobs or makes a schedule that is known already."""
        asked = self._study.ask()
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
            self.trials[digest] = trial
        return trial

    def _schedule(self, knobs: Knobs) -> str | None:
        """The schedule of a point, or None if the point is illegal."""
        if not self.problem.is_legal(knobs):
            return None
        try:
            return self.problem.make_schedule(knobs)
        except ScheduleError:
            return None

    def _tell(self, asked: optuna.Trial, measurement: Measurement) -> None:
        if measurement.outcome is Outcome.OK:
            self._study.tell(asked, measurement.minimum_s)
        elif measurement.outcome is Outcome.INFRA:
            self._study.tell(asked, state=TrialState.FAIL)
        else:
            asked.set_constraint("feasible", _INFEASIBILITY[measurement.outcome])
            self._study.tell(asked, state=TrialState.PRUNED)

    def _find_untried(self) -> Knobs | None:
        """A legal point whose schedule was not measured: the sampler has come to repeat itself."""
        for knobs in sample_points(self.problem.space, self._random, _UNTRIED_SAMPLES):
            schedule = self._schedule(knobs)
            if schedule is not None and schedule_digest(schedule) not in self.trials:
                return knobs
        return None

    def _restore(self) -> None:
        """Take up what an earlier run left: its measurements, and trials that it was killed over."""
        for frozen in self._study.get_trials(deepcopy=False):
            if frozen.state is TrialState.RUNNING:
                self._study.tell(frozen.number, state=TrialState.FAIL)
            elif frozen.state is not TrialState.FAIL and ATTRIBUTE in frozen.user_attrs:
                knobs = from_indices(self.problem.space, frozen.params)
                trial = Trial.from_data(knobs, frozen.user_attrs[ATTRIBUTE])
                if trial.is_timed or trial.digest != self.default_digest:  # a default that failed gets another chance
                    self.trials[trial.digest] = trial


def _sampler(seed: int) -> optuna.samplers.TPESampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # `group` is marked experimental
        return optuna.samplers.TPESampler(
            n_startup_trials=_STARTUP_TRIALS, multivariate=True, group=True, constant_liar=True, seed=seed
        )
