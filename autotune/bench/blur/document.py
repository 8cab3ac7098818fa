"""The JSON form of a comparison of blurs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from autotune.bench.blur.run import BlurComparison, TimedBlur
from autotune.bench.implementations import OURS

Document: TypeAlias = dict[str, Any]


def make_document(found: BlurComparison, command: str) -> Document:
    """Return a comparison as one JSON object.

    Returns
    -------
    dict
        ``cases``: one object per schedule, number of threads and implementation; ``speedup`` is the time of our default
        schedule in the same rounds over its own, ``redundant_work`` the arithmetic of a call over the least of all
        schedules, ``parallelism`` how many threads could be kept busy, ``scratch_bytes`` the memory of a call besides
        its arguments.
        ``summary``: by number of threads, ``best``, the fastest of ours, its ``speedup``, and ``vs_halide``, Halide's
        time over ours under the same schedule (above 1 is faster than Halide); and ``ratios``, that of every schedule.
        What could not be compared is null.
        ``failures``: schedules without a time, and why.
    """
    ours = [timed for timed in found.timed if timed.implementation.name == OURS]
    return {
        "cases": [_case(timed, least_operations(ours), command) for timed in found.timed],
        "summary": _summary(found, ours),
        "failures": [
            {
                "case": failure.case.schedule,
                "threads": failure.threads,
                "implementation": failure.implementation.name,
                "reason": failure.reason,
            }
            for failure in found.failures
        ],
    }


def least_operations(timed: Sequence[TimedBlur]) -> int | None:
    """The least arithmetic of any schedule."""
    return min((t.work.operations for t in timed if t.work is not None), default=None)


def redundant_work(timed: TimedBlur, least: int | None) -> float | None:
    """The arithmetic of a call over the `least`."""
    return None if timed.work is None or not least else timed.work.operations / least


def _case(timed: TimedBlur, least: int | None, command: str) -> Document:
    return {
        "case": timed.case.schedule,
        "threads": timed.threads,
        "implementation": timed.implementation.name,
        "schedule": timed.case.schedule,
        "ms": 1e3 * timed.time_s,
        "samples_ms": [1e3 * time_s for time_s in timed.samples_s],
        "speedup": timed.speedup,
        "redundant_work": redundant_work(timed, least),
        "parallelism": timed.work and timed.work.parallelism,
        "scratch_bytes": timed.work and timed.work.scratch_bytes,
        "reproduce": f"{command} --schedules {timed.case.schedule} --threads {timed.threads} --json",
        "workload": {"op": "blur", "dtype": "uint16", "height": timed.case.height, "width": timed.case.width},
    }


def _summary(found: BlurComparison, ours: Sequence[TimedBlur]) -> Document:
    return {
        str(threads): _of_threads(found, [timed for timed in ours if timed.threads == threads])
        for threads in sorted({timed.threads for timed in ours})
    }


def _of_threads(found: BlurComparison, ours: Sequence[TimedBlur]) -> Document:
    best = min(ours, key=lambda timed: timed.time_s)
    ratios = {timed.case.schedule: ratio[1] for timed in ours if (ratio := found.ratio(timed)) is not None}
    return {
        "best": best.case.schedule,
        "ms": 1e3 * best.time_s,
        "speedup": best.speedup,
        "vs_halide": ratios.get(best.case.schedule),
        "ratios": ratios,
    }
