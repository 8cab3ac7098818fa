"""What runs come to: the best after so many candidates, over layers and seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import fmean, median

from autotune.comparison.runs import Run

HEURISTIC = "heuristic"
"""Name of the curve of the default alone."""


@dataclass(frozen=True)
class Curve:
    """One variant.

    Attributes
    ----------
    name : str
    share : mapping of int to float
        Candidates -> geometric mean, over layers and seeds, of the speed of the best so far over that of the fastest
        schedule known of the layer. 1 is as good as anything found.
    needed : float
        Median of the candidates needed for `within` of the fastest known; infinite if half of the runs or more did not
        get there.
    """

    name: str
    share: Mapping[int, float]
    needed: float


def counts_up_to(trials: int) -> tuple[int, ...]:
    """1, 2, 4 and so on, and `trials`."""
    powers = [2**k for k in range(trials.bit_length()) if 2**k < trials]
    return (*powers, trials)


def fastest_known(runs: Sequence[Run]) -> dict[str, float]:
    """Least time of a candidate of any run, by layer [s]."""
    known: dict[str, float] = {}
    for run in runs:
        best_s = run.best_after(len(run.times_s))
        if best_s is not None:
            known[run.layer] = min(best_s, known.get(run.layer, best_s))
    return known


def make_curves(runs: Sequence[Run], counts: Sequence[int], within: float) -> list[Curve]:
    """One curve for each variant in the order given, and the heuristic's.

    Parameters
    ----------
    runs : sequence of Run
        Those in which not even the default could be timed are left out.
    counts : sequence of int
        Numbers of candidates at which to look.
    within : float
        Share of the fastest known speed that a run should reach, as in 0.97.
    """
    known = fastest_known(runs)
    usable = [run for run in runs if run.times_s and run.times_s[0] is not None]
    by_variant: dict[str, list[Run]] = {}
    for run in usable:
        by_variant.setdefault(str(run.variant), []).append(run)
    curves = [_make_curve(name, own, counts, known, within) for name, own in by_variant.items()]
    if not usable:
        return curves
    default = _make_curve(HEURISTIC, usable, (1,), known, within)
    reached = [known[run.layer] / (run.times_s[0] or 0) >= within for run in usable]
    needed = 1.0 if 2 * sum(reached) > len(reached) else float("inf")
    return [*curves, Curve(HEURISTIC, dict.fromkeys(counts, default.share[1]), needed)]


def _make_curve(
    name: str, runs: Sequence[Run], counts: Sequence[int], known: Mapping[str, float], within: float
) -> Curve:
    share = {
        count: geometric_mean([known[run.layer] / best for run in runs if (best := run.best_after(count)) is not None])
        for count in counts
    }
    needed = [run.needed_for(known[run.layer] / within) for run in runs]
    return Curve(name, share, median(float("inf") if n is None else n for n in needed))


def geometric_mean(values: Sequence[float]) -> float:
    """The geometric mean of one or more positive numbers."""
    return exp(fmean(map(log, values)))
