"""What a search learns from layers that are like its own: points that won there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from autotune.problem import LayerProblem
from autotune.study import LayerStudy
from schedules.nearness import distance, is_alike
from schedules.space import Knobs, KnobValue
from tensorlang.nn import Workload

MOST_POINTS = 3
"""Points taken from other layers: each costs a measurement, and what won further away says less."""

_LEAST_GAIN = 1.02


@dataclass(frozen=True)
class Winner:
    """A point that beat the default of its layer, by the times of the search."""

    workload: Workload
    family: str
    threads: int
    knobs: Knobs


def find_winner(study: LayerStudy) -> Winner | None:
    """The fastest point of a study; None if the default is about as fast, as others know their own default."""
    best, default = study.best, study.trials.get(study.default_digest)
    if best is None or best.digest == study.default_digest:
        return None
    if default is not None and default.is_timed:
        if default.measurement.median_s < _LEAST_GAIN * best.measurement.median_s:
            return None
    problem = study.problem
    assert isinstance(problem, LayerProblem), "what is like a layer is a layer"
    return Winner(problem.layer.workload, problem.family, problem.threads, best.knobs)


def points_from(winners: Iterable[Winner], problem: LayerProblem) -> list[dict[str, KnobValue]]:
    """The points of a problem's space that are nearest to what won for layers like its own, the most alike first."""
    ours = problem.layer.workload
    alike = [
        winner
        for winner in winners
        if winner.family == problem.family
        and winner.threads == problem.threads
        and winner.workload != ours
        and is_alike(winner.workload, ours)
    ]
    alike.sort(key=lambda winner: distance(winner.workload, ours))
    points = [problem.space.nearest(winner.knobs) for winner in alike]
    distinct = {repr(sorted(point.items())): point for point in points if problem.is_legal(point)}
    return list(distinct.values())[:MOST_POINTS]
