"""Says whether a schedule is today as much faster than the default as its record claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from autotune.decision import LEAST_GAIN, find_disturbance, round_ratios
from schedules import Timing


@dataclass(frozen=True)
class Ratio:
    """How many times as fast as the default, over the rounds of one run: what is claimed, and how far it is in doubt.

    The range holds the quartiles and what is claimed, which the least times may put below them.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, samples: Sequence[float], baseline: Sequence[float]) -> Ratio:
        """The ratio of times of one run; those at one position are of one round. `value` is `Timing.speedup`."""
        ratios = round_ratios(samples, baseline)
        low, _, high = quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
        value = min(min(baseline) / min(samples), median(ratios))
        return cls(value, min(low, value), high)

    def __str__(self) -> str:
        return f"{self.value:.2f}x ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Reproduction:
    """A recorded ratio beside the one measured now.

    Attributes
    ----------
    recorded, now : Ratio
    disturbance : str
        What other processes did to the rounds measured now; empty if they hardly did anything.
    """

    recorded: Ratio
    now: Ratio
    disturbance: str = ""

    @property
    def holds(self) -> bool:
        """True if the ranges meet, or are less apart than the least gain that counts."""
        return self.now.low <= self.recorded.high * LEAST_GAIN and self.recorded.low <= self.now.high * LEAST_GAIN

    @property
    def verdict(self) -> str:
        """For people: whether it holds, and if not, whether that says anything."""
        if self.holds:
            return "reproduced"
        return f"not reproduced, but {self.disturbance}" if self.disturbance else "NOT REPRODUCED"


def reproduce(
    timing: Timing, best_s: Sequence[float], default_s: Sequence[float], waiting_share: float
) -> Reproduction:
    """Compare a record's timing with times measured now [s], round by round, of its schedule and of the default."""
    rounds = min(len(timing.samples_ns), len(timing.baseline_samples_ns))
    recorded = Ratio.of(timing.samples_ns[:rounds], timing.baseline_samples_ns[:rounds])
    return Reproduction(recorded, Ratio.of(best_s, default_s), find_disturbance(waiting_share))
