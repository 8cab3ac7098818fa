"""Interleaved rounds: in each one every implementation has its turn, one at a time, in an order that rotates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import sleep
from typing import Protocol

SETTLE_S = 0.05
"""Quiet time before each turn [s]: ONNX Runtime's idle threads spin for about 0.03 s, libgomp's for less."""


class TakesTurns(Protocol):
    """Something that can be timed for one turn."""

    def turn(self) -> float:
        """The least time of a call [s]."""
        ...


def run_rounds(
    workers: Sequence[TakesTurns], rounds: int, rest: Callable[[float], None] = sleep
) -> list[tuple[float, ...]]:
    """Return, for every worker, the result of its turn in every round [s].

    Parameters
    ----------
    workers : sequence
        They take turns in this order in the first round; each later round begins with the next one.
    rounds : int
        >= 1.
    rest : callable
        Waits for so many seconds.
    """
    samples: list[list[float]] = [[] for _ in workers]
    for first in range(rounds):
        for place in range(len(workers)):
            at = (first + place) % len(workers)
            rest(SETTLE_S)
            samples[at].append(workers[at].turn())
    return [tuple(times) for times in samples]
