"""What runs come to: the best after so many candidates, over layers and seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import fmean, median

from autotune.comparison.finals import Finals
from autotune.comparison.runs import Run

HEURISTIC = "heuristic"
"""Name of the curve of the default alone."""

_Shares = list[float]


@dataclass(frozen=True)
class Curve:
    """One variant.

    Attributes
    ----------
    name : str
    share : mapping of int to float
        Candidates -> geometric mean, over layers and seeds, of the speed of the best so far over that of the fastest
        schedule known of the layer, both timed again in the end. 1 is as good as anything found.
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


def make_curves(finals: Sequence[Finals], counts: Sequence[int], within: float) -> list[Curve]:
    """One curve for each variant in the order given, and the heuristic's.

    Parameters
    ----------
    finals : sequence of Finals
        One of each layer.
    counts : sequence of int
        Numbers of candidates at which to look.
    within : float
        Share of the fastest known speed that a run should reach, as in 0.97.
    """
    by_variant: dict[str, list[_Shares]] = {}
    for layer in finals:
        for run in layer.runs:
            by_variant.setdefault(str(run.variant), []).append(_shares(run, layer))
    curves = [_make_curve(name, shares, counts, within) for name, shares in by_variant.items()]
    if not curves:
        return []
    defaults = [shares[:1] for of_variant in by_variant.values() for shares in of_variant]
    return [*curves, _make_curve(HEURISTIC, defaults, counts, within)]


def _shares(run: Run, finals: Finals) -> _Shares:
    """After each candidate, the speed of the best until then over that of the fastest known."""
    return [finals.speeds[best.schedule] / finals.fastest for best in run.bests_so_far()]


def _make_curve(name: str, runs: Sequence[_Shares], counts: Sequence[int], within: float) -> Curve:
    share = {count: geometric_mean([shares[:count][-1] for shares in runs]) for count in counts}
    needed = (next((n for n, found in enumerate(shares, 1) if found >= within), float("inf")) for shares in runs)
    return Curve(name, share, median(needed))


def geometric_mean(values: Sequence[float]) -> float:
    """The geometric mean of one or more positive numbers."""
    return exp(fmean(map(log, values)))
