"""The search over one layer's points: an Optuna study that survives kill -9 and goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from random import Random

import optuna
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from autotune.measure.outcome import Measurement, Outcome
from autotune.points import ChosenPoint, from_indices, sample_points, suggest_point
from autotune.problem import Problem
from autotune.search import DEFAULT_SAMPLER, Observation, make_sampler
from autotune.trials import ATTRIBUTE, Trial, fastest, schedule_digest
from schedules.space import Knobs
from tensorlang.errors import ScheduleError

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


@dataclass(frozen=True)
class _Point:
    """A point with the schedule it makes, as JSON, and the hash of that."""

    knobs: Knobs
    schedule: str
    digest: str


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
    sampler : str
        Name of the sampler.

    Attributes
    ----------
    trials : dict of str to Trial
        What was measured, by hash of the schedule, in order.
    default_digest : str
        Hash of the heuristic default's schedule.

    Notes
    -----
    The default comes first, then the starts of the problem and those offered since, then what the sampler proposes.
    Which point is next depends on nothing but what was measured before and the seed: a study that was killed goes on
    with the points it would have tried. Points that are illegal by their knobs, or make a schedule that was measured,
    are passed over and leave no trace; those that `problem.is_hopeless` comes last of all.

    Each trial ends in one of three states. COMPLETE, with the least time of a call [s] as its value. PRUNED with a
    constraint: infeasible, for whatever reason of the candidate's own. FAIL: the measuring machinery failed, which says
    nothing about the point.
    """

    def __init__(self, problem: Problem, storage: BaseStorage, seed: int, sampler: str = DEFAULT_SAMPLER) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.problem = problem
        self.trials: dict[str, Trial] = {}
        self._seed = seed
        self._points: dict[str, _Point | None] = {}
        default = self._point(problem.default)
        assert default is not None, "the default is a legal point"
        self.default_digest = default.digest
        self._chosen = ChosenPoint(problem.space)
        self._sampler = make_sampler(sampler, problem.space, self._is_promising)
        self._starts = [problem.default, *problem.starts]
        name = f"{problem.layer.name}-t{problem.threads}-{problem.key}"
        self._study = optuna.create_study(
            study_name=name, storage=storage, direction="minimize", load_if_exists=True, sampler=self._chosen
        )
        self._restore()

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

    def offer(self, points: Iterable[Knobs]) -> None:
        """Try these points next, if they are legal and new: what was found elsewhere."""
        self._starts += points

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
        while (point := self._choose()) is not None:
            self._chosen.knobs = point.knobs
            trial = self._try(self._study.ask(), measure)
            if trial is not None:
                return trial
        return None

    def _try(self, asked: optuna.Trial, measure: Callable[[str], Measurement]) -> Trial | None:
        """Measure the point of a trial; None if it is of no use, as when somebody else put it into the storage."""
        point = self._point(suggest_point(asked, self.problem.space))
        if point is None or point.digest in self.trials:
            self._tell(asked, self.trials[point.digest].measurement if point else Measurement(Outcome.ILLEGAL))
            return None
        trial = Trial(point.knobs, point.digest, measure(point.schedule))
        asked.set_user_attr(ATTRIBUTE, trial.to_data())
        self._tell(asked, trial.measurement)
        if trial.measurement.outcome is not Outcome.INFRA:
            self.trials[trial.digest] = trial
        return trial

    def _choose(self) -> _Point | None:
        points = map(self._point, chain(self._starts, self._propose()))
        return next((point for point in points if point is not None and point.digest not in self.trials), None)

    def _propose(self) -> Iterator[Knobs]:
        """What the sampler wants; if it comes to repeat itself, any point, and those without hope at the end."""
        history = [Observation(trial.knobs, trial.time_s) for trial in self.trials.values()]
        seed = f"{self._seed} {len(history)} {self.problem.key}"
        yield from self._sampler.propose(history, seed)
        for accepts in (self._is_promising, self.problem.is_legal):
            yield from filter(accepts, sample_points(self.problem.space, Random(seed), _UNTRIED_SAMPLES))

    def _is_promising(self, knobs: Knobs) -> bool:
        return self.problem.is_legal(knobs) and not self.problem.is_hopeless(knobs)

    def _point(self, knobs: Knobs) -> _Point | None:
        """The point with its schedule, or None if it is illegal."""
        key = repr(sorted(knobs.items()))
        if key not in self._points:
            schedule = self._schedule(knobs)
            self._points[key] = None if schedule is None else _Point(knobs, schedule, schedule_digest(schedule))
        return self._points[key]

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
