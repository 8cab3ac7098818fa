"""What a candidate may leave behind in the measuring child: processes, threads, a changed affinity."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_BINDING = ("OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY", "KMP_AFFINITY")


@dataclass(frozen=True)
class Census:
    """State of a measuring child; nothing is known of it where there is no procfs.

    Attributes
    ----------
    strangers : frozenset of int
        Descendants of its guard other than the child itself.
    threads : int
        Its threads.
    affinities : frozenset of frozenset of int
        The sets of CPUs that its threads may run on.
    """

    strangers: frozenset[int]
    threads: int
    affinities: frozenset[frozenset[int]]

    @classmethod
    def of(cls, child: int, guard: int) -> Census:
        """The state now of the process `child`, started by the process `guard`."""
        threads = _threads(child)
        strangers = frozenset(_descendants(guard)) - {child}
        return cls(strangers, len(threads), frozenset(_affinities(threads)))


def find_traces(before: Census, after: Census, pool: int) -> str:
    """Return what is there `after` and was not `before`, but for `pool` threads; "" if nothing is.

    A candidate that leaves no more threads than a pool not yet started would have goes unnoticed.
    """
    traces = []
    if processes := len(after.strangers - before.strangers):
        traces.append(f"{processes} process{'es' if processes > 1 else ''}")
    if (threads := after.threads - before.threads - pool) > 0:
        traces.append(f"{threads} thread{'s' if threads > 1 else ''}")
    if after.affinities - before.affinities and not any(name in os.environ for name in _BINDING):
        traces.append("another CPU affinity")
    return f"left behind {' and '.join(traces)}" if traces else ""


def _threads(process: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(_PROC / str(process) / "task")]
    except OSError:
        return []


def _affinities(threads: Collection[int]) -> Iterator[frozenset[int]]:
    for thread in threads:
        try:
            yield frozenset(os.sched_getaffinity(thread))
        except OSError:  # it has ended since
            continue


def _descendants(process: int) -> Iterator[int]:
    for thread in _threads(process):
        try:
            text = (_PROC / str(process) / "task" / str(thread) / "children").read_text(encoding="ascii")
        except OSError:
            continue
        for child in map(int, text.split()):
            yield child
            yield from _descendants(child)
