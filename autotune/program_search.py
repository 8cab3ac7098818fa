"""The search for the fastest schedule of one program: until the budget or the trials are spent, then a contest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from optuna.storages import BaseStorage

from autotune.budget import Budget
from autotune.contest import DEFAULT, Contest, hold_contest, to_candidate
from autotune.measure.failures import FailureStreak
from autotune.measure.measurer import Measurer
from autotune.measure.outcome import Measurement, Outcome
from autotune.program_problem import ProgramProblem
from autotune.stopping import StopRequest
from autotune.study import LayerStudy
from autotune.trials import Trial
from schedules.space import Knobs
from tensorlang.schedule import Schedule


@dataclass(frozen=True)
class TuningResult:
    """What tuning a program found.

    Attributes
    ----------
    schedule : Schedule
        The fastest, without holes: the baseline, unless another beat it beyond the noise.
    point : mapping
        What the knobs of the space are in it; those of the default if it is a baseline that was given.
    times : mapping of str to tuple of float
        Time of one call in each round of the last contest by contender, "default" being the baseline [s]; empty if
        there was none.
    winner : str
        The contender that `schedule` is.
    trials : tuple of Trial
        What was measured, in this run and earlier ones of the same study, in order.
    outcomes : mapping of str to int
        How often measuring ended in which way; points whose schedules could not be made are "illegal".
    doubt : str
        Why the contest settles nothing, so that the baseline stays; empty if it does.
    is_exhausted : bool
        Whether nothing is left to try.
    """

    schedule: Schedule
    point: Knobs
    times: Mapping[str, tuple[float, ...]]
    winner: str
    trials: tuple[Trial, ...]
    outcomes: Mapping[str, int]
    doubt: str
    is_exhausted: bool

    @property
    def baseline_s(self) -> float | None:
        """Least time of the baseline in the contest [s]; None if it could not be timed."""
        return min(self.times[DEFAULT]) if self.times else None

    @property
    def best_s(self) -> float | None:
        """Least time of `schedule` in the contest [s]; None if it could not be timed."""
        return min(self.times[self.winner]) if self.times else None

    @property
    def speedup(self) -> float:
        """How many times as fast as the baseline `schedule` is, by least times."""
        return self.baseline_s / self.best_s if self.baseline_s and self.best_s else 1.0

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.items())
        time = f"{1e6 * self.best_s:.1f} us, {self.speedup:.2f}x the baseline" if self.best_s else "not timed"
        return f"{time}; {counts}{f'; not settled: {self.doubt}' if self.doubt else ''}"


class ProgramSearch:
    """One run of tuning a program.

    Parameters
    ----------
    problem : ProgramProblem
    storage : BaseStorage
        Holds the study; what an earlier run left there is taken up.
    measurer : Measurer
    budget : Budget
    stop : StopRequest
    trials : int or None
        Candidates to measure, those of earlier runs included.
    seed : int
    notify : callable
        Told each trial.
    """

    def __init__(
        self,
        problem: ProgramProblem,
        storage: BaseStorage,
        measurer: Measurer,
        budget: Budget,
        stop: StopRequest,
        *,
        trials: int | None = None,
        seed: int = 0,
        notify: Callable[[Trial], None] = lambda trial: None,
    ) -> None:
        self._problem = problem
        self._measurer = measurer
        self._budget = budget
        self._stop = stop
        self._trials = trials
        self._notify = notify
        self._study = LayerStudy(problem, storage, seed)
        self._failures = FailureStreak()

    def run(self) -> TuningResult:
        """Search, then time the best against the baseline.

        Raises
        ------
        TuningError
            If the measuring process fails time after time for reasons of its own, or nothing could be timed.
        """
        while not self._is_over():
            self._step()
        self._stop.is_finishing = True
        contest = hold_contest(self._study, self._measurer)
        self._stop.is_finishing = False
        self._study.mark_confirmed()
        return self._result(contest)

    def _is_over(self) -> bool:
        is_enough = self._trials is not None and len(self._study.trials) >= self._trials
        return self._study.is_exhausted or is_enough or self._stop.requested or self._budget.left_s <= 0

    def _step(self) -> None:
        best = self._study.best
        best_s = best.measurement.median_s if best else None

        def measure(schedule: str) -> Measurement:
            return self._measurer.measure(to_candidate(self._problem, schedule, best_s))

        trial = self._study.step(measure)
        if trial is None:
            return
        self._failures.count(failed=trial.measurement.outcome is Outcome.INFRA and not self._stop.requested)
        self._failures.check(trial.measurement.detail)
        self._notify(trial)

    def _result(self, contest: Contest | None) -> TuningResult:
        problem, trials = self._problem, tuple(self._study.trials.values())
        outcomes = Counter(trial.measurement.outcome.value for trial in trials)
        if problem.refused:
            outcomes[Outcome.ILLEGAL.value] += len(problem.refused)
        winner = contest.winner if contest is not None and not contest.doubt else None
        doubt = contest.doubt if contest is not None else self._why_untimed()
        text = winner.schedule if winner else problem.default_schedule
        return TuningResult(
            schedule=Schedule.from_json(text, output=problem.subject.algorithm),
            point=winner.knobs if winner else problem.default,
            times=contest.samples_s if contest is not None else {},
            winner=winner.label if winner else DEFAULT,
            trials=trials,
            outcomes=outcomes,
            doubt=doubt,
            is_exhausted=self._study.is_exhausted,
        )

    def _why_untimed(self) -> str:
        trial = self._study.trials.get(self._study.default_digest)
        if trial is None:
            return "the baseline could not be timed"
        return f"the baseline failed: {trial.measurement.outcome}: {trial.measurement.detail}"
