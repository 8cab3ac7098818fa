"""Figures of many cases together: means, the worst case, and how near the kernels come to what the machine can do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median, quantiles
from typing import Any, TypeAlias

from autotune.bench.implementations import AGAIN, DEFAULT, TUNED
from autotune.bench.result import Ratio, Timed, compare_all, compare_schedules, geometric_mean, keep_least
from tensorlang.dtypes import parse_dtype
from tensorlang.nn import Conv2d, Gemm

Document: TypeAlias = dict[str, Any]
Facts: TypeAlias = Mapping[int, Mapping[str, float]]
"""What the machine can do, by number of threads."""

NEAR_PEAK = 0.85
"""Share of the FMA peak from which on a case counts as at least `NEAR_PEAK_COUNTS`: little is left to gain there."""
NEAR_PEAK_COUNTS = 1.10
LARGEST = 10
"""So many convolutions, those with the most operations, are looked at by themselves."""


def find_figures(timed: Sequence[Timed], schedule: str, facts: Facts) -> Document:
    """Return what our kernels under `schedule` reach; null where nothing could be compared.

    Returns
    -------
    dict
        ``geomean_vs`` (by peer), ``geomean_vs_best``: means of the ratios to a peer, and to the fastest of each case.
        ``worst``: the case with the least of the latter. ``geomean_vs_best_credited``, ``worst_credited``: the same two
        where a case at 85 % of the same run's FMA peak counts as at least 1.10. ``spread``: median distance of the
        quartiles over the rounds. ``share_of_fma_peak``: geometric mean; ``share_of_fma_peak_of_largest``: the least
        among the ten largest convolutions, if there are as many. ``share_of_read_bandwidth``: the least among products
        with a vector, counting the weights alone. ``extra_memory``: the most that scratch memory and prepared weights
        take, relative to the layer's own tensors.
    """
    ratios = compare_all(timed, schedule)
    least = keep_least(ratios)
    ours = [t for t in timed if t.implementation.schedule == schedule]
    peers = sorted({ratio.peer.implementation.name for ratio in ratios})
    return {
        "geomean_vs": {
            name: geometric_mean(r.value for r in ratios if r.peer.implementation.name == name) for name in peers
        },
        "geomean_vs_best": _mean([r.value for r in least]),
        "geomean_vs_best_credited": _mean([credited(r, facts) for r in least]),
        "worst": _worst(least, lambda ratio: ratio.value),
        "worst_credited": _worst(least, lambda ratio: credited(ratio, facts)),
        "spread": median(r.spread for r in ratios) if ratios else None,
        "share_of_fma_peak": _mean(_known(share_of_fma_peak(t, facts) for t in ours)),
        "share_of_fma_peak_of_largest": _of_largest(ours, facts),
        "share_of_read_bandwidth": min(_known(share_of_read_bandwidth(t, facts) for t in ours), default=None),
        "extra_memory": max(_known(map(extra_memory, ours)), default=None),
    }


def find_noise(timed: Sequence[Timed]) -> Document | None:
    """How far two processes that run the same kernel are apart: the ratios of the default to itself, over the cases.

    Returns
    -------
    dict or None
        ``median``, quartiles ``low`` and ``high``, and extremes ``least`` and ``greatest``; None if there is no case.
    """
    values = [ratio.value for ratio in compare_schedules(timed, str(DEFAULT.schedule), str(AGAIN.schedule))]
    if not values:
        return None
    low, middle, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return {"median": middle, "low": low, "high": high, "least": min(values), "greatest": max(values)}


def find_default_vs_tuned(timed: Sequence[Timed]) -> float | None:
    """Speed of the default schedules relative to the tuned ones, as a geometric mean over the cases."""
    return _mean([r.value for r in compare_schedules(timed, str(DEFAULT.schedule), str(TUNED.schedule))])


def credited(ratio: Ratio, facts: Facts) -> float:
    """The ratio, but at least 1.10 if our kernel is at 85 % of the FMA peak."""
    share = share_of_fma_peak(ratio.ours, facts)
    return max(ratio.value, NEAR_PEAK_COUNTS) if share is not None and share >= NEAR_PEAK else ratio.value


def share_of_fma_peak(timed: Timed, facts: Facts) -> float | None:
    """Speed relative to the FMA peak of as many threads; None if that is not known."""
    peak = facts.get(timed.threads, {}).get("fma_peak_gflops")
    return timed.gflops / peak if peak else None


def share_of_read_bandwidth(timed: Timed, facts: Facts) -> float | None:
    """Rate of reading the weights of a product with a vector, relative to that of reading a large array.

    Above 1 where the caches hold the weights; None for all other layers.
    """
    workload, bandwidth = timed.case.workload, facts.get(timed.threads, {}).get("read_bandwidth_gbs")
    if not isinstance(workload, Gemm) or workload.m > 1 or not bandwidth:
        return None
    return 1e-9 * workload.n * workload.k * parse_dtype(workload.dtype).size_bytes / timed.time_s / bandwidth


def extra_memory(timed: Timed) -> float | None:
    """Scratch memory and prepared weights relative to the layer's own inputs and outputs."""
    own = timed.figures.get("tensor_bytes")
    return (timed.figures["scratch_bytes"] + timed.figures["prepared_bytes"]) / own if own else None


def _of_largest(ours: Sequence[Timed], facts: Facts) -> float | None:
    """The least share of the FMA peak among the largest convolutions; None if there are too few to speak of."""
    convolutions = {t.case for t in ours if isinstance(t.case.workload, Conv2d)}
    if len(convolutions) < LARGEST:
        return None
    largest = sorted(convolutions, key=lambda case: case.workload.macs, reverse=True)[:LARGEST]
    return min(_known(share_of_fma_peak(t, facts) for t in ours if t.case in largest), default=None)


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean(values: Sequence[float]) -> float | None:
    return geometric_mean(values) if values else None


def _worst(least: Sequence[Ratio], value: Callable[[Ratio], float]) -> Document | None:
    if not least:
        return None
    worst = min(least, key=value)
    return {
        "case": worst.ours.case.name,
        "ratio": value(worst),
        "threads": worst.ours.threads,
        "peer": worst.peer.implementation.name,
    }
