"""What a filling run says: a plain line for each record, fit for a log file, and counts in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from math import exp, log
from typing import Any

from autotune.budget import Budget
from autotune.duration import format_duration
from autotune.filling.tasks import Task
from schedules import Record

NEAR = 1.15
"""A default counts as near the tuned schedule if that is at most so many times as fast."""


class FillingLog:
    """A listener that writes lines.

    Parameters
    ----------
    write : callable
        Takes one line.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._todo = 0
        self._done = 0
        self._spent = Budget(float("inf"))

    def on_start(self, todo: int, done: int) -> None:
        self._todo = todo
        self._spent = Budget(float("inf"))
        self._say(f"{todo + done} records wanted: {done} are there, {todo} to make")

    def on_done(self, task: Task, record: Record) -> None:
        self._done += 1
        search, best_s = record.search, 1e-9 * min(record.timing.samples_ns)
        assert search is not None
        gain = record.timing.speedup
        what = f"tuned {gain:.2f}x" if gain > 1 else "default kept"
        behind = f"{search.checked} of {search.tried} candidates right{', all there are' * search.exhausted}"
        self._say(f"{self._done}/{self._todo} {task}: {what}, {1e3 * best_s:.3f} ms; {behind}{self._left()}")

    def on_put_off(self, task: Task, reason: str) -> None:
        self._say(f"put off: {task}: {reason}")

    def on_pass(self, left: int) -> None:
        self._say(f"once more for the {left} that were put off")

    def _left(self) -> str:
        left_s = self._spent.elapsed_s / self._done * (self._todo - self._done)
        return f"; about {format_duration(left_s)} left" if left_s >= 1 else ""

    def _say(self, text: str) -> None:
        self._write(f"{datetime.now():%Y-%m-%d %H:%M:%S} {text}")


def summarise(settled: Mapping[Task, Record], wanted: int) -> dict[str, Any]:
    """Counts of records, and how the defaults did: the data of `to_lines`.

    Returns
    -------
    dict
        ``wanted``, ``records``; by number of threads ``threads``, each with ``records``, ``defaults_kept``,
        ``defaults_near`` (the record is at most `NEAR` times as fast), ``gain`` (geometric mean of the speed over the
        default) and ``greatest_gain``.
    """
    counts = sorted({record.hardware.threads for record in settled.values()})
    by_threads = {
        str(threads): _summary([r.timing.speedup for r in settled.values() if r.hardware.threads == threads])
        for threads in counts
    }
    return {"wanted": wanted, "records": len(settled), "threads": by_threads}


def _summary(speedups: list[float]) -> dict[str, Any]:
    gains = [max(1.0, speedup) for speedup in speedups]
    return {
        "records": len(gains),
        "defaults_kept": sum(gain == 1 for gain in gains),
        "defaults_near": sum(gain <= NEAR for gain in gains),
        "gain": exp(sum(map(log, gains)) / len(gains)),
        "greatest_gain": max(gains),
    }


def to_lines(summary: Mapping[str, Any]) -> list[str]:
    """The summary for people."""
    lines = [f"{summary['records']} of {summary['wanted']} records"]
    for threads, found in summary["threads"].items():
        lines.append(
            f"{threads} thread{'s' * (threads != '1')}: {found['records']} records, {found['defaults_kept']} of them "
            f"keep the default, {found['defaults_near']} are at most {NEAR:.2f}x as fast; "
            f"gain {found['gain']:.3f}x (geometric mean), at most {found['greatest_gain']:.2f}x"
        )
    return lines
