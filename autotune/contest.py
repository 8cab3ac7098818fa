"""The final timing of a layer's best schedules against its default, in one process and interleaved rounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import median

from autotune.decision import LEAST_GAIN, choose, find_disturbance, find_doubt, round_ratios
from autotune.measure.measurer import Candidate, Measurer
from autotune.measure.outcome import Measurement
from autotune.problem import Problem
from autotune.study import LayerStudy
from autotune.trials import Trial, fastest, schedule_digest
from schedules.records import Search
from schedules.space import Knobs

DEFAULT = "default"
RECORD = "record"
ROUNDS = 10
METHOD = (
    f"{ROUNDS} rounds interleaved with the default in a new process, each elsewhere in memory, "
    "a sample the least of a round's batches"
)
_FINALISTS = 3


@dataclass(frozen=True)
class Contender:
    """A schedule that takes part: the default, the record known before, or a trial."""

    label: str
    knobs: Knobs
    schedule: str
    trial: Trial | None


@dataclass(frozen=True)
class Contest:
    """The outcome.

    Attributes
    ----------
    winner : Contender
        The default, unless another beat it beyond the noise.
    doubt : str
        Why the rounds do not settle it, so that nothing may be recorded; empty if they do.
    samples_s : mapping of str to tuple of float
        Time of one call by label and round [s].
    failures : mapping of str to Measurement
        Contenders that failed this time, and why.
    search : Search or None
        What the winner was chosen from.
    waiting_share : float
        Share of the time that threads waited for CPUs which other processes held.
    """

    winner: Contender
    samples_s: Mapping[str, tuple[float, ...]]
    failures: Mapping[str, Measurement]
    doubt: str = ""
    search: Search | None = None
    waiting_share: float = 0.0

    @property
    def gain(self) -> float:
        """What the rounds support: the lesser of the gain by least times and the median gain of a round, at least 1."""
        default, best = self.samples_s[DEFAULT], self.samples_s[self.winner.label]
        return max(1.0, min(self.default_s / self.best_s, median(round_ratios(best, default))))

    @property
    def default_s(self) -> float:
        """Least time of the default [s]."""
        return min(self.samples_s[DEFAULT])

    @property
    def best_s(self) -> float:
        """Least time of the winner [s]."""
        return min(self.samples_s[self.winner.label])


def find_contenders(study: LayerStudy) -> dict[str, Contender]:
    """Return the default, the record known before and the fastest trials, each schedule once, in order of seniority.

    A record that this very study made is one of its trials, and no more: were it an incumbent, a run that was stopped
    and went on could end with another winner than one that was not.
    """
    problem = study.problem
    default = problem.default_schedule
    contenders = [Contender(DEFAULT, problem.default, default, study.trials.get(study.default_digest))]
    for place, trial in enumerate(fastest(study.trials.values(), _FINALISTS), 1):
        contenders.append(Contender(f"trial {place}", trial.knobs, problem.make_schedule(trial.knobs), trial))
    if problem.incumbent is not None:
        schedule = problem.incumbent.schedule.to_json()
        measured = study.trials.get(schedule_digest(schedule))  # None, too, if the study that made the record was lost
        record = Contender(RECORD, problem.incumbent.knobs, schedule, measured)
        contenders = _admit(record, contenders, is_senior=measured is None or not problem.has_made_incumbent)
    distinct: dict[str, Contender] = {}
    for contender in contenders:
        distinct.setdefault(contender.schedule, contender)
    return {contender.label: contender for contender in distinct.values()}


def _admit(record: Contender, contenders: list[Contender], is_senior: bool) -> list[Contender]:
    """Put the record right after the default; without seniority, in the place of the equal schedule, or last."""
    if is_senior:
        return [contenders[0], record, *contenders[1:]]
    named = [
        replace(c, label=RECORD) if c.schedule == record.schedule and c.label != DEFAULT else c for c in contenders
    ]
    return [*named, record]


def hold_contest(study: LayerStudy, measurer: Measurer) -> Contest | None:
    """Time the contenders of a layer against each other.

    Returns
    -------
    Contest or None
        None if the default itself could not be timed, so that nothing can be said of the others.
    """
    contenders = find_contenders(study)
    comparison = measurer.compare(
        {label: to_candidate(study.problem, contender.schedule) for label, contender in contenders.items()}, ROUNDS
    )
    if DEFAULT not in comparison.samples_s:
        return None
    in_order = {label: comparison.samples_s[label] for label in contenders if label in comparison.samples_s}
    winner = contenders[choose(in_order)]
    doubt = find_disturbance(comparison.waiting_share) or _doubt(winner, contenders, in_order)
    return Contest(winner, in_order, comparison.failures, doubt, study.search, comparison.waiting_share)


def _doubt(winner: Contender, contenders: Mapping[str, Contender], samples_s: Mapping[str, tuple[float, ...]]) -> str:
    """Doubt about a winner; about a default that stays, only if another looked faster in rounds that disagree."""
    default = samples_s[DEFAULT]
    if winner.label != DEFAULT:
        return find_doubt(samples_s[winner.label], default, _searched_gain(winner, contenders[DEFAULT]))
    others = [(median(round_ratios(times, default)), label) for label, times in samples_s.items() if label != DEFAULT]
    gain, label = max(others, default=(0.0, ""))
    return find_doubt(samples_s[label], default, None) if gain >= LEAST_GAIN else ""


def _searched_gain(winner: Contender, default: Contender) -> float | None:
    """The gain by what the search measured, if it timed both in full."""
    if winner.trial is None or default.trial is None or not (winner.trial.is_timed and default.trial.is_timed):
        return None
    return default.trial.measurement.median_s / winner.trial.measurement.median_s


def to_candidate(problem: Problem, schedule: str, incumbent_s: float | None = None) -> Candidate:
    """A schedule of the problem, to be measured."""
    return Candidate(problem.workload, schedule, problem.threads, problem.limits, incumbent_s)
