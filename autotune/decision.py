"""Says which of several schedules timed in interleaved rounds is the best, and whether it is so beyond the noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from statistics import median, quantiles

LEAST_GAIN = 1.01
"""A schedule must be at least so many times as fast as the one it replaces, by the median over the rounds."""
MOST_CHANCE = 0.005
"""Greatest probability that an equally fast schedule would do as well over the rounds, for it to win."""

MOST_SPREAD = 0.25
"""Distance of the quartiles of the per-round ratios, relative to their median, beyond which the rounds disagree."""
MOST_SURPRISE = 1.5
"""Times by which a gain may exceed the one that other measurements of the same schedules give."""

MOST_WAITING = 0.05
"""Share of the time that threads may wait for CPUs held by other processes, for times to mean anything."""


def find_disturbance(waiting_share: float) -> str:
    """Return how other processes disturbed the rounds; "" if they hardly did.

    Whoever waits for a CPU makes all threads of a parallel loop wait: schedules with many such loops then look slow in
    every round alike, so that the times themselves show nothing.
    """
    return f"waited {100 * waiting_share:.0f} % of the time for busy CPUs" if waiting_share > MOST_WAITING else ""


def round_ratios(challenger: Sequence[float], holder: Sequence[float]) -> list[float]:
    """How many times as fast as `holder` the challenger was, round by round."""
    return [theirs / ours for ours, theirs in zip(challenger, holder, strict=True)]


def spread(ratios: Sequence[float]) -> float:
    """Distance of the quartiles, relative to the median; 0 for a single ratio."""
    if len(ratios) < 2:
        return 0.0
    low, middle, high = quantiles(ratios, n=4, method="inclusive")
    return (high - low) / middle


def beats(challenger: Sequence[float], holder: Sequence[float]) -> bool:
    """Return whether `challenger` is faster than `holder` beyond the noise.

    Parameters
    ----------
    challenger, holder : sequence of float
        Times [s]; those at one position were taken in one round, next to each other.

    Notes
    -----
    Only times of one round are compared: what else the machine does changes slowly and hits both. Nothing is assumed
    of how times are distributed, but that two equally fast schedules may change places.

    Of equally fast default and three challengers, in ten rounds, a challenger wins in at most 2 % of the contests,
    whatever the noise (simulated with normal noise of 0.3 to 10 %, exponential noise and rare long delays).
    """
    ratios = round_ratios(challenger, holder)
    return median(ratios) >= LEAST_GAIN and chance(ratios) <= MOST_CHANCE


def chance(ratios: Sequence[float]) -> float:
    """Probability that two equally fast schedules give ratios as much in favour of the first, or more.

    References
    ----------
    The exact signed-rank test (Wilcoxon, Biometrics Bulletin 1, 1945) on the logarithms of the ratios.
    """
    logarithms = sorted((log(ratio) for ratio in ratios), key=abs)
    against = sum(rank for rank, value in enumerate(logarithms, 1) if value <= 0)
    ways = [1] + [0] * against  # in how many of all sets of ranks the sum is so much
    for rank in range(1, len(logarithms) + 1):
        for total in range(against, rank - 1, -1):
            ways[total] += ways[total - rank]
    return float(sum(ways)) / 2.0 ** len(logarithms)


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


def find_doubt(challenger: Sequence[float], default: Sequence[float], searched_gain: float | None) -> str:
    """Return why the rounds do not settle whether, and by how much, `challenger` beats the default; "" if they do.

    Parameters
    ----------
    challenger, default : sequence of float
        Times [s]; those at one position were taken in one round.
    searched_gain : float or None
        The gain by the times measured before, in the search; None if the challenger was not measured there.

    Notes
    -----
    A busy machine hits a schedule with many short parallel loops harder than one with few, in some rounds or in all of
    them, and times no longer say how fast the schedules are. Three signs of it: rounds that disagree; least times that
    say something else than the typical round; a gain far above the one that the search saw.
    """
    ratios = round_ratios(challenger, default)
    typical, by_minima = median(ratios), min(default) / min(challenger)
    if (width := spread(ratios)) > MOST_SPREAD:
        return f"spread {100 * width:.0f} %"
    if typical < LEAST_GAIN:
        return ""
    if not 1 <= by_minima <= MOST_SURPRISE * typical or by_minima * MOST_SURPRISE < typical:
        return f"{typical:.2f}x by the rounds, {by_minima:.2f}x by the least times"
    if searched_gain is not None and typical > MOST_SURPRISE * searched_gain:
        return f"{typical:.2f}x by the rounds, {searched_gain:.2f}x in the search"
    return ""
