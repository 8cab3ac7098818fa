"""The JSON form of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any, TypeAlias

from autotune.bench.implementations import DEFAULT, TUNED
from autotune.bench.result import Comparison, Ratio, Timed, compare_all, geometric_mean, keep_least

Document: TypeAlias = dict[str, Any]


def make_document(comparison: Comparison) -> Document:
    """Return `comparison` as one JSON object.

    Returns
    -------
    dict
        ``cases``: one object per case, number of threads and implementation; ``schedule`` is null for peers.
        ``summary``: figures of the tuned schedules over all cases and numbers of threads; ``by_schedule`` holds the
        same figures per schedule (``default``, ``tuned``), and in each ``by_threads`` those per number of threads.
        Ratios are peer time over ours: above 1 is faster than the peer. ``fma_peak_gflops`` belongs to the largest
        number of threads.
        ``failures``: cases without a time, and why.
    """
    return {
        "cases": [_case(timed) for timed in comparison.timed],
        "summary": _summary(comparison),
        "failures": [
            {
                "case": failure.case.name,
                "threads": failure.threads,
                "implementation": failure.implementation.name,
                "schedule": failure.implementation.schedule,
                "reason": failure.reason,
            }
            for failure in comparison.failures
        ],
    }


def _case(timed: Timed) -> Document:
    return {
        "case": timed.case.name,
        "threads": timed.threads,
        "implementation": timed.implementation.name,
        "schedule": timed.implementation.schedule,
        "ms": 1e3 * timed.time_s,
        "gflops": timed.gflops,
        "samples_ms": [1e3 * time_s for time_s in timed.samples_s],
        "reproduce": f"{timed.case.reproduce} --threads {timed.threads} --json",
        "workload": timed.case.workload.to_data(),
        "detail": timed.detail,
    }


def _summary(comparison: Comparison) -> Document:
    thread_counts = sorted(comparison.facts)
    ratios = {kind: compare_all(comparison.timed, kind) for kind in (str(DEFAULT.schedule), str(TUNED.schedule))}
    by_schedule = {
        kind: {
            **_figures(found),
            "by_threads": {str(n): _figures([r for r in found if r.ours.threads == n]) for n in thread_counts},
        }
        for kind, found in ratios.items()
    }
    return {
        **_figures(ratios[str(TUNED.schedule)]),
        "fma_peak_gflops": _fact(comparison, thread_counts[-1:], "fma_peak_gflops"),
        "fma_peak_gflops_by_threads": {str(n): _fact(comparison, [n], "fma_peak_gflops") for n in thread_counts},
        "call_overhead_us": _fact(comparison, thread_counts[:1], "call_overhead_us"),
        "build_s": _build(comparison.builds_s),
        "by_schedule": by_schedule,
    }


def _build(builds_s: Sequence[float]) -> Document | None:
    return {"median": median(builds_s), "max": max(builds_s)} if builds_s else None


def _fact(comparison: Comparison, threads: Sequence[int], name: str) -> float | None:
    return next((comparison.facts[n][name] for n in threads if name in comparison.facts[n]), None)


def _figures(ratios: Sequence[Ratio]) -> Document:
    """Geometric means, the worst case and the typical spread; null where nothing could be compared."""
    peers = sorted({ratio.peer.implementation.name for ratio in ratios})
    least = keep_least(ratios)
    return {
        "geomean_vs": {
            name: geometric_mean(r.value for r in ratios if r.peer.implementation.name == name) for name in peers
        },
        "geomean_vs_best": geometric_mean(r.value for r in least) if least else None,
        "worst": _worst(least),
        "spread": median(r.spread for r in ratios) if ratios else None,
    }


def _worst(least: Sequence[Ratio]) -> Document | None:
    if not least:
        return None
    worst = min(least, key=lambda ratio: ratio.value)
    return {
        "case": worst.ours.case.name,
        "ratio": worst.value,
        "threads": worst.ours.threads,
        "peer": worst.peer.implementation.name,
    }
