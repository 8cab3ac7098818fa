"""The JSON form of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from autotune.bench.figures import (
    Document,
    extra_memory,
    find_default_vs_tuned,
    find_figures,
    find_noise,
    share_of_fma_peak,
    share_of_read_bandwidth,
)
from autotune.bench.implementations import DEFAULT, OURS, TUNED
from autotune.bench.result import Comparison, Timed

_SCHEDULES = (str(DEFAULT.schedule), str(TUNED.schedule))
_MEMORY = ("scratch_bytes", "prepared_bytes", "tensor_bytes")


def make_document(comparison: Comparison) -> Document:
    """Return `comparison` as one JSON object.

    Returns
    -------
    dict
        ``cases``: one object per case, number of threads and implementation; ``schedule`` is null for peers, and
        ``"again"`` for the default in a second process. Ours say what share of the machine's peaks they reach, and
        what memory they take.
        ``summary``: figures of the tuned schedules over all cases and numbers of threads (see `find_figures`);
        ``by_schedule`` holds the same figures per schedule (``default``, ``tuned``), and in each ``by_threads`` those
        per number of threads. ``by_case_set`` holds for each set the figures of either schedule, the speed of the
        default relative to the tuned one (``default_vs_tuned``) and ``noise`` (see `find_noise`), over all numbers of
        threads and ``by_threads``. Ratios are peer time over ours: above 1 is faster than the peer.
        ``fma_peak_gflops`` and ``read_bandwidth_gbs`` belong to the largest number of threads; ``cached_ready_ms`` is
        what compiling a kernel takes that the disk cache has.
        ``failures``: cases without a time, and why.
    """
    return {
        "cases": [_case(timed, comparison) for timed in comparison.timed],
        "summary": _summary(comparison),
        "failures": [
            {
                "case_set": failure.case.case_set,
                "case": failure.case.name,
                "threads": failure.threads,
                "implementation": failure.implementation.name,
                "schedule": failure.implementation.schedule,
                "reason": failure.reason,
            }
            for failure in comparison.failures
        ],
    }


def _case(timed: Timed, comparison: Comparison) -> Document:
    return {
        "case_set": timed.case.case_set,
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
        **(_reached(timed, comparison) if timed.implementation.name == OURS else {}),
    }


def _reached(timed: Timed, comparison: Comparison) -> Document:
    """What only our own kernels are asked; null where it has no meaning."""
    return {
        "share_of_fma_peak": share_of_fma_peak(timed, comparison.facts),
        "share_of_read_bandwidth": share_of_read_bandwidth(timed, comparison.facts),
        "is_recorded": bool(timed.figures.get("is_recorded")),
        **{name: timed.figures.get(name) for name in _MEMORY},
        "extra_memory": extra_memory(timed),
    }


def _summary(comparison: Comparison) -> Document:
    by_schedule = _by_schedule(comparison.timed, comparison)
    return {
        **{name: value for name, value in by_schedule[_SCHEDULES[-1]].items() if name != "by_threads"},
        **_facts(comparison),
        "build_s": _median_and_max(comparison.builds_s),
        "cached_ready_ms": _median_and_max([1e3 * load_s for load_s in comparison.loads_s]),
        "noise": find_noise(comparison.timed),
        "default_vs_tuned": find_default_vs_tuned(comparison.timed),
        "by_schedule": by_schedule,
        "by_case_set": {
            name: _case_set([t for t in comparison.timed if t.case.case_set == name], comparison)
            for name in dict.fromkeys(t.case.case_set for t in comparison.timed)
        },
    }


def _by_schedule(timed: Sequence[Timed], comparison: Comparison) -> Document:
    groups = _by_threads(timed, comparison)
    return {
        kind: {
            **find_figures(timed, kind, comparison.facts),
            "by_threads": {n: find_figures(group, kind, comparison.facts) for n, group in groups.items()},
        }
        for kind in _SCHEDULES
    }


def _case_set(timed: Sequence[Timed], comparison: Comparison) -> Document:
    groups = _by_threads(timed, comparison)
    return {
        **_both_schedules(timed, comparison),
        "by_threads": {n: _both_schedules(group, comparison) for n, group in groups.items()},
    }


def _both_schedules(timed: Sequence[Timed], comparison: Comparison) -> Document:
    return {
        **{kind: find_figures(timed, kind, comparison.facts) for kind in _SCHEDULES},
        "default_vs_tuned": find_default_vs_tuned(timed),
        "noise": find_noise(timed),
    }


def _by_threads(timed: Sequence[Timed], comparison: Comparison) -> dict[str, list[Timed]]:
    return {str(n): [t for t in timed if t.threads == n] for n in sorted(comparison.facts)}


def _facts(comparison: Comparison) -> dict[str, Any]:
    """What the machine can do."""
    counts = sorted(comparison.facts)
    facts: dict[str, Any] = {"call_overhead_us": _fact(comparison, counts[:1], "call_overhead_us")}
    for name in ("fma_peak_gflops", "read_bandwidth_gbs"):
        facts[name] = _fact(comparison, counts[-1:], name)
        facts[f"{name}_by_threads"] = {str(n): _fact(comparison, [n], name) for n in counts}
    return facts


def _fact(comparison: Comparison, threads: Sequence[int], name: str) -> float | None:
    return next((comparison.facts[n][name] for n in threads if name in comparison.facts[n]), None)


def _median_and_max(values: Sequence[float]) -> Document | None:
    return {"median": median(values), "max": max(values)} if values else None
