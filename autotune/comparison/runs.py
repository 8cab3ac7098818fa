"""Searches of several samplers over several layers, each candidate's time in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from optuna.storages import InMemoryStorage

from autotune.measure.outcome import Measurement
from autotune.problem import LayerProblem
from autotune.study import LayerStudy
from autotune.transfer import Winner, find_winner, points_from


@dataclass(frozen=True)
class Variant:
    """A way of searching: a sampler, and whether it starts from what won for the layers before."""

    sampler: str
    transfers: bool = False

    def __str__(self) -> str:
        """The sampler's name, with ``+transfer`` if it starts from what won before."""
        return f"{self.sampler}+transfer" if self.transfers else self.sampler


@dataclass(frozen=True)
class Run:
    """One search.

    Attributes
    ----------
    layer : str
    variant : Variant
    seed : int
    times_s : tuple of float or None
        Time of each candidate in the order tried [s], the default first; None for one that failed.
    """

    layer: str
    variant: Variant
    seed: int
    times_s: tuple[float | None, ...]

    def best_after(self, count: int) -> float | None:
        """Least time among the first so many candidates [s]; None if all failed."""
        return min((time_s for time_s in self.times_s[:count] if time_s is not None), default=None)

    def needed_for(self, time_s: float) -> int | None:
        """Candidates until one takes no longer than `time_s` [s]; None if none does."""
        return next((n for n, t in enumerate(self.times_s, 1) if t is not None and t <= time_s), None)


def search(
    problems: Sequence[LayerProblem],
    measures: Sequence[Callable[[str], Measurement]],
    variant: Variant,
    seed: int,
    trials: int,
) -> Iterator[Run]:
    """Search the layers one after the other, each for so many candidates, or until its space is exhausted.

    Parameters
    ----------
    problems : sequence of LayerProblem
    measures : sequence of callable
        For each problem, schedule as JSON -> measurement.
    variant : Variant
    seed : int
    trials : int
        Candidates for each layer, those that fail included.
    """
    winners: list[Winner] = []
    for problem, measure in zip(problems, measures, strict=True):
        study = LayerStudy(problem, InMemoryStorage(), seed, variant.sampler)
        if variant.transfers:
            study.offer(points_from(winners, problem))
        while len(study.trials) < trials and study.step(measure) is not None:
            pass
        winner = find_winner(study)
        winners += [winner] if winner else []
        yield Run(problem.layer.name, variant, seed, tuple(trial.time_s for trial in study.trials.values()))
