"""What a comparison measured, and the ratios that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, fsum, log
from statistics import median, quantiles

from autotune.bench.case import Case
from autotune.bench.implementations import Implementation


@dataclass(frozen=True)
class Timed:
    """One implementation's times of one case.

    Attributes
    ----------
    case : Case
    threads : int
    implementation : Implementation
    samples_s : tuple of float
        Least time of a call, per round [s]; entries of one position in different `Timed` were measured side by side.
    detail : str
        How it computed the layer.
    figures : mapping of str to float
        What else its process said of the layer. Of ours: whether the schedule is from a record (``is_recorded``); the
        memory of intermediate results, of the prepared weights, and of the layer's own inputs and outputs [B]
        (``scratch_bytes``, ``prepared_bytes``, ``tensor_bytes``).
    """

    case: Case
    threads: int
    implementation: Implementation
    samples_s: tuple[float, ...]
    detail: str
    figures: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def time_s(self) -> float:
        """Median over the rounds [s]."""
        return median(self.samples_s)

    @property
    def gflops(self) -> float:
        """Speed at that time [GFLOP/s]."""
        return self.case.gflop / self.time_s


@dataclass(frozen=True)
class Failure:
    """A case that an implementation did not compute, or computed wrongly; it has no time."""

    case: Case
    threads: int
    implementation: Implementation
    reason: str


@dataclass(frozen=True)
class Comparison:
    """Everything that one run of the bench found.

    Attributes
    ----------
    timed : tuple of Timed
    failures : tuple of Failure
    builds_s : tuple of float
        Lowering plus compilation of each of our kernels, nothing taken from the disk cache [s].
    facts : mapping of int to mapping
        By number of threads: ``fma_peak_gflops``, ``read_bandwidth_gbs``, ``call_overhead_us``.
    loads_s : tuple of float
        What `tensorlang.compile` took for kernels that the disk cache had [s].
    """

    timed: tuple[Timed, ...]
    failures: tuple[Failure, ...]
    builds_s: tuple[float, ...] = ()
    facts: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    loads_s: tuple[float, ...] = ()


@dataclass(frozen=True)
class Ratio:
    """How many times faster ours is than a peer, on one case.

    Attributes
    ----------
    ours, peer : Timed
    value : float
        Median over the rounds of the peer's time over ours.
    low, high : float
        Quartiles over the rounds.
    """

    ours: Timed
    peer: Timed
    value: float
    low: float
    high: float

    @property
    def spread(self) -> float:
        """Distance of the quartiles, relative to the median."""
        return (self.high - self.low) / self.value


def compare(ours: Timed, peer: Timed) -> Ratio:
    """Return the ratio of two implementations that were timed side by side."""
    ratios = [theirs / own for own, theirs in zip(ours.samples_s, peer.samples_s, strict=True)]
    low, value, high = quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    return Ratio(ours, peer, value, low, high)


def compare_all(timed: Sequence[Timed], schedule: str) -> list[Ratio]:
    """Return the ratios of our kernels under `schedule` to every peer that was timed on the same case."""
    return _pair(timed, schedule, lambda implementation: implementation.schedule is None)


def compare_schedules(timed: Sequence[Timed], schedule: str, other: str) -> list[Ratio]:
    """Return the ratios of our kernels under `schedule` to our own under `other`: above 1, `schedule` is faster."""
    return _pair(timed, schedule, lambda implementation: implementation.schedule == other)


def _pair(timed: Sequence[Timed], schedule: str, is_other: Callable[[Implementation], bool]) -> list[Ratio]:
    others = [t for t in timed if is_other(t.implementation)]
    return [
        compare(ours, other)
        for ours in timed
        if ours.implementation.schedule == schedule
        for other in others
        if (other.case, other.threads) == (ours.case, ours.threads)
    ]


def keep_least(ratios: Iterable[Ratio]) -> list[Ratio]:
    """Return, for every case and number of threads, the ratio to its fastest peer."""
    least: dict[tuple[Case, int], Ratio] = {}
    for ratio in ratios:
        key = (ratio.ours.case, ratio.ours.threads)
        if key not in least or ratio.value < least[key].value:
            least[key] = ratio
    return list(least.values())


def geometric_mean(values: Iterable[float]) -> float:
    """Return the geometric mean of one or more positive numbers."""
    logs = [log(value) for value in values]
    return exp(fsum(logs) / len(logs))
