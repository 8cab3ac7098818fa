"""Says which of several schedules timed in interleaved rounds is the best, and whether it is so beyond the noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

LEAST_GAIN = 1.01
"""A schedule must be at least so many times as fast as the one it replaces, by the median over the rounds."""
LEAST_WINS = 0.8
"""Share of the rounds it must win: in 10 rounds of two equally fast schedules, 8 wins come about once in 18 tries."""


def beats(challenger: Sequence[float], holder: Sequence[float]) -> bool:
    """Return whether `challenger` is faster than `holder` beyond the noise.

    Parameters
    ----------
    challenger, holder : sequence of float
        Times [s]; those at one position were taken in one round, next to each other.

    Notes
    -----
    Only times of one round are compared: what else the machine does changes slowly and hits both. Nothing is assumed
    of how times are distributed.
    """
    ratios = [theirs / ours for ours, theirs in zip(challenger, holder, strict=True)]
    wins = sum(ratio > 1 for ratio in ratios)
    return median(ratios) >= LEAST_GAIN and wins >= LEAST_WINS * len(ratios)


def choose(samples_s: Mapping[str, Sequence[float]]) -> str:
    """Return the winner among contenders in order of seniority: each holds its place until a later one beats it.

    Parameters
    ----------
    samples_s : mapping of str to sequence of float
        Times per round [s] by label, the default first, all of one length.
    """
    winner, *others = samples_s
    for label in others:
        if beats(samples_s[label], samples_s[winner]):
            winner = label
    return winner
