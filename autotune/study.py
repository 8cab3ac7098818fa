"""The search over one layer's points: an Optuna study that survives kill -9 and goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from random import Random

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from autotune.claims import CLAIM, is_abandoned, is_lost, join_study, make_claim
from autotune.measure.outcome import Measurement, Outcome
from autotune.points import ChosenPoint, from_indices, sample_points, suggest_point, to_indices
from autotune.problem import Problem
from autotune.search import DEFAULT_SAMPLER, Observation, make_sampler
from autotune.trials import ATTRIBUTE, Trial, fastest, schedule_digest
from schedules.records import Search
from schedules.space import Knobs
from tensorlang.errors import ScheduleError

_UNTRIED_SAMPLES = 2000
_CONFIRMED = "confirmed"
_STARTS = "starts"
_LEASES = 4  # times the limits: a candidate may be measured again in a new child, or on another machine
_LONGEST_WAIT_S = 900.0  # for a machine to measure on
_WAIT_FOR_OTHERS_S = 0.5

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
        From `open_storage`. Several tuners may work on a study at once: each claims what it measures, takes up what
        the others finish, and takes over nothing but what nobody works on any more.
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
    is_exhausted : bool
        True if no untried legal point was found when one was looked for last.

    Notes
    -----
    The default comes first, then the starts of the problem and those offered since, then what the sampler proposes.
    Which point is next depends on nothing but what was measured before and the seed: a study that was killed goes on
    with the points it would have tried, and with the starts of its first run, whatever the database holds by then.
    Points that are illegal by their knobs, or make a schedule that was measured, are passed over and leave no trace;
    those that `problem.is_hopeless` comes last of all.

    Each trial ends in one of three states. COMPLETE, with the median time of a call [s] as its value. PRUNED with
    a constraint: infeasible, for whatever reason of the candidate's own. FAIL: the measuring machinery failed, which
    says nothing about the point.
    """

    def __init__(self, problem: Problem, storage: BaseStorage, seed: int, sampler: str = DEFAULT_SAMPLER) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.problem = problem
        self.trials: dict[str, Trial] = {}
        self._seed = seed
        self._sampler_name = sampler
        self.is_exhausted = False
        self._lease_s = _LEASES * sum(problem.limits.phase_s.values()) + _LONGEST_WAIT_S
        self._seen: set[int] = set()
        self._points: dict[str, _Point | None] = {}
        self.default_digest = schedule_digest(problem.default_schedule)
        self._chosen = ChosenPoint(problem.space)
        self._sampler = make_sampler(sampler, problem.space, self._is_promising)
        name = f"{problem.name}-t{problem.threads}-{problem.key}"
        self._study = optuna.create_study(
            study_name=name, storage=storage, direction="minimize", load_if_exists=True, sampler=self._chosen
        )
        self._starts = self._first_points()
        self._restore()

    @property
    def best(self) -> Trial | None:
        """The fastest trial so far, by its measurement in the search."""
        # A copy: others may ask while another thread measures.
        return next(iter(fastest(tuple(self.trials.values()), 1)), None)

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
            exhausted=self.is_exhausted,
            sampler=self._sampler_name,
            seed=self._seed,
            default=self.default_digest,
        )

    def mark_confirmed(self) -> None:
        """Remember that the fastest trial so far was timed against the default."""
        self._study.set_user_attr(_CONFIRMED, self.best.digest if self.best else "")

    def offer(self, points: Iterable[Knobs]) -> None:
        """Try these points next, if they are legal and new: what was found elsewhere."""
        known = set(map(_key, self._starts))
        new = {key: point for point in points if (key := _key(point)) not in known}
        if new:
            self._set_starts([*self._starts, *new.values()])

    def step(self, measure: Callable[[str], Measurement]) -> Trial | None:
        """Choose a schedule that was not measured before, measure it, and return the trial.

        Parameters
        ----------
        measure : callable
            Schedule as JSON -> measurement.

        Returns
        -------
        Trial or None
            None when no untried legal point can be found: `is_exhausted`, or others work on all that are left. Then it
            has waited a moment.
        """
        passed_over: set[str] = set()  # others work on them; what comes of them is taken up when they are done
        while (point := self._choose(passed_over)) is not None:
            self._chosen.knobs = point.knobs
            trial = self._try_next(measure, passed_over)
            if trial is not None:
                return trial
        self.is_exhausted = not passed_over
        if passed_over:
            time.sleep(_WAIT_FOR_OTHERS_S)
        return None

    def _try_next(self, measure: Callable[[str], Measurement], passed_over: set[str]) -> Trial | None:
        try:
            return self._try(self._study.ask(), measure, passed_over)
        except UpdateFinishedTrialError:  # this process slept past its lease, and another took the trial for lost
            return None

    def _try(self, asked: optuna.Trial, measure: Callable[[str], Measurement], passed_over: set[str]) -> Trial | None:
        """Measure the point of a trial; None if it is of no use, as when somebody else put it into the storage."""
        point = self._point(suggest_point(asked, self.problem.space))
        if point is None:
            self._tell(asked, Measurement(Outcome.ILLEGAL))
            return None
        is_claimed = point.digest not in self.trials and self._is_claimed_by_others(asked, point.digest)
        if point.digest in self.trials:
            self._tell(asked, self.trials[point.digest].measurement)
            return None
        if is_claimed:
            passed_over.add(point.digest)
            self._study.tell(asked, state=TrialState.FAIL)
            return None
        trial = Trial(point.knobs, point.digest, measure(point.schedule))
        if trial.measurement.outcome is not Outcome.INFRA:
            self.trials[trial.digest] = trial
        asked.set_user_attr(ATTRIBUTE, trial.to_data())
        self._tell(asked, trial.measurement)
        return trial

    def _choose(self, passed_over: set[str]) -> _Point | None:
        """The next point that nobody has measured or, as far as is known, works on."""
        passed_over.update(self._take_up().values())
        points = map(self._point, chain(self._starts, self._propose()))
        return next((p for p in points if p and p.digest not in self.trials and p.digest not in passed_over), None)

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
        key = _key(knobs)
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
            self._study.tell(asked, measurement.median_s)
        elif measurement.outcome is Outcome.INFRA:
            self._study.tell(asked, state=TrialState.FAIL)
        else:
            asked.set_constraint("feasible", _INFEASIBILITY[measurement.outcome])
            self._study.tell(asked, state=TrialState.PRUNED)

    def _first_points(self) -> list[Knobs]:
        """The default, then the starts that earlier runs of this study had, or the problem's if this is the first."""
        known = self._study.user_attrs.get(_STARTS)
        if known is None:
            self._set_starts([self.problem.default, *self.problem.starts])
            return self._starts
        return [from_indices(self.problem.space, indices) for indices in known]

    def _set_starts(self, points: list[Knobs]) -> None:
        self._starts = points
        self._study.set_user_attr(_STARTS, [to_indices(self.problem.space, knobs) for knobs in points])

    def _restore(self) -> None:
        """Take up what earlier runs left: their measurements, and trials that they were killed over."""
        is_alone = not join_study(self._study)
        for frozen in self._study.get_trials(deepcopy=False):
            if not frozen.state.is_finished() and is_lost(frozen, is_alone=is_alone):
                self._give_up(frozen)
        self._take_up()

    def _give_up(self, running: FrozenTrial) -> None:
        with suppress(UpdateFinishedTrialError):  # another tuner, or the owner itself, was faster by a moment
            self._study.tell(running.number, state=TrialState.FAIL, skip_if_finished=True)

    def _is_claimed_by_others(self, asked: optuna.Trial, digest: str) -> bool:
        """Claim a schedule, then look whether another tuner claims it too, and take up what others finished.

        Of two that choose the same at the same moment at least one sees the other's claim: it is never measured twice.
        Both may; then both let it go, and it may be chosen again.
        """
        asked.set_user_attr(CLAIM, make_claim(self._lease_s, digest))
        return any(number != asked.number and claimed == digest for number, claimed in self._take_up().items())

    def _take_up(self) -> dict[int, str]:
        """Take up what was finished since the last time, by whomever, and return what is claimed, by trial."""
        claimed = {}
        for frozen in self._study.get_trials(deepcopy=False):
            if frozen.state is TrialState.RUNNING and CLAIM in frozen.user_attrs:
                claim = frozen.user_attrs[CLAIM]
                if is_abandoned(claim):
                    self._give_up(frozen)
                else:
                    claimed[frozen.number] = claim["digest"]
            elif frozen.state.is_finished() and frozen.number not in self._seen:
                self._seen.add(frozen.number)
                self._take_up_finished(frozen)
        return claimed

    def _take_up_finished(self, frozen: FrozenTrial) -> None:
        if frozen.state is TrialState.FAIL or ATTRIBUTE not in frozen.user_attrs:
            return
        trial = Trial.from_data(from_indices(self.problem.space, frozen.params), frozen.user_attrs[ATTRIBUTE])
        if trial.is_timed or trial.digest != self.default_digest:  # a default that failed gets another chance
            self.trials.setdefault(trial.digest, trial)


def _key(knobs: Knobs) -> str:
    return repr(sorted(knobs.items()))
