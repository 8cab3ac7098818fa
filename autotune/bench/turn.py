"""One implementation's turn in a round: the least time of a call, taken over many."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import perf_counter

_WARM_UP_S = 0.005
_TURN_S = 0.030
_BATCH_S = 0.0002
_MIN_CALLS = 3


def take_turn(call: Callable[[], object], clock: Callable[[], float] = perf_counter) -> float:
    """Return the least time of one call [s].

    The warm-up wakes sleeping threads and fills the caches. Calls are timed one by one; calls so short that reading the
    clock would show (below 0.2 ms) are timed in batches of at least that length.

    Parameters
    ----------
    call : callable
        What is timed; its result is thrown away.
    clock : callable
        Seconds since some moment.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        batch = _warm_up(call, clock)
        return _least(call, batch, clock)
    finally:
        if collecting:
            gc.enable()


def _warm_up(call: Callable[[], object], clock: Callable[[], float]) -> int:
    """Call for a while; return how many calls a batch needs."""
    start, calls = clock(), 0
    while calls < _MIN_CALLS or clock() - start < _WARM_UP_S:
        call()
        calls += 1
    return max(1, round(_BATCH_S * calls / (clock() - start)))


def _least(call: Callable[[], object], batch: int, clock: Callable[[], float]) -> float:
    least, calls, begun = float("inf"), 0, clock()
    while calls < _MIN_CALLS or clock() - begun < _TURN_S:
        start = clock()
        for _ in range(batch):
            call()
        least = min(least, (clock() - start) / batch)
        calls += 1
    return least
