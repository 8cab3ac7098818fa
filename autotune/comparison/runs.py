"""Searches of several samplers over several layers, each candidate's time in order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

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
class Tried:
    """A candidate: its schedule, as JSON, and its time in the search [s]; None if it failed."""

    schedule: str
    time_s: float | None


@dataclass(frozen=True)
class Run:
    """One search.

    Attributes
    ----------
    layer : str
    variant : Variant
    seed : int
    candidates : tuple of Tried
        In the order tried, the default first.
    """

    layer: str
    variant: Variant
    seed: int
    candidates: tuple[Tried, ...]

    @property
    def is_timed(self) -> bool:
        """Whether the default could be timed: what all the others are held against."""
        return bool(self.candidates) and self.candidates[0].time_s is not None

    def bests_so_far(self) -> Iterator[Tried]:
        """For each candidate, the fastest until then by the times of the search; the default must be timed."""
        best, *_ = self.candidates
        assert best.time_s is not None, "nothing is held against a default that failed"
        for candidate in self.candidates:
            if candidate.time_s is not None and candidate.time_s < (best.time_s or 0.0):
                best = candidate
            yield best

    def without(self, schedules: Collection[str]) -> Run:
        """The same search, had these failed."""
        candidates = (Tried(c.schedule, None) if c.schedule in schedules else c for c in self.candidates)
        return replace(self, candidates=tuple(candidates))


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
        candidates = (Tried(problem.make_schedule(trial.knobs), trial.time_s) for trial in study.trials.values())
        yield Run(problem.layer.name, variant, seed, tuple(candidates))
