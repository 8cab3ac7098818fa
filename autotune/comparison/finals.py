"""What a search ends with, timed again: of many candidates, the one measured as the fastest owes part of it to luck."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from autotune.comparison.runs import Run
from autotune.contest import ROUNDS, to_candidate
from autotune.decision import find_disturbance, round_ratios
from autotune.measure.measurer import Measurer
from autotune.problem import LayerProblem
from autotune.trials import schedule_digest

_LAST = 3
"""Fastest candidates of a search at its end that are timed again, as `autotune tune` does."""


@dataclass(frozen=True)
class Finals:
    """What was timed again of one layer.

    Attributes
    ----------
    runs : tuple of Run
        The searches, without candidates that failed now.
    speeds : mapping of str to float
        Schedule -> how many times as fast as the default it was, by the median over interleaved rounds: the default's,
        every candidate's that was the best so far in some search, and the last best three of each.
    disturbance : str
        How other processes disturbed the rounds; "" if they hardly did.
    """

    runs: tuple[Run, ...]
    speeds: Mapping[str, float]
    disturbance: str = ""

    @property
    def layer(self) -> str:
        """Name of the layer."""
        return self.runs[0].layer

    @property
    def fastest(self) -> float:
        """Greatest speed, in that of the default."""
        return max(self.speeds.values())


def hold_finals(problem: LayerProblem, runs: Sequence[Run], measurer: Measurer) -> Finals | None:
    """Time what was the best so far in searches of one layer, all in one process and in turns.

    Returns
    -------
    Finals or None
        None if the default could not be timed.
    """
    kept = tuple(runs)
    while all(run.is_timed for run in kept):
        schedules = {schedule_digest(schedule): schedule for run in kept for schedule in _finalists(run)}
        comparison = measurer.compare({d: to_candidate(problem, text) for d, text in schedules.items()}, ROUNDS)
        timed = {schedules[digest]: times for digest, times in comparison.samples_s.items()}
        failed = set(schedules.values()) - timed.keys()
        if not failed:
            default = timed[problem.default_schedule]
            speeds = {schedule: median(round_ratios(times, default)) for schedule, times in timed.items()}
            return Finals(kept, speeds, find_disturbance(comparison.waiting_share))
        kept = tuple(run.without(failed) for run in kept)
    return None


def _finalists(run: Run) -> list[str]:
    timed = [candidate for candidate in run.candidates if candidate.time_s is not None]
    last = sorted(timed, key=lambda candidate: candidate.time_s or 0.0)[:_LAST]
    return [candidate.schedule for candidate in (*run.bests_so_far(), *last)]
