"""Timing of a function: warmed up, in batches long enough for the clock, every sample kept."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from tensorlang.errors import TuningError

_MAX_BATCH = 1 << 24


@dataclass(frozen=True, slots=True)
class Timing:
    """Times per call [s], one for each batch, in the order measured."""

    samples_s: tuple[float, ...]
    batch: int

    @property
    def minimum_s(self) -> float:
        """Fastest batch, per call [s]."""
        return min(self.samples_s)

    @property
    def median_s(self) -> float:
        """Median batch, per call [s]."""
        return statistics.median(self.samples_s)


def time_callable(function: Callable[[], object], *, min_batch_s: float = 1e-3, repeats: int = 10) -> Timing:
    """Time a function of no arguments.

    Parameters
    ----------
    function : callable
    min_batch_s : float, >= 0
        A batch is as many calls, a power of two, as take at least this long [s].
    repeats : int, >= 1
        Number of batches.

    Returns
    -------
    Timing
        The calls that find the batch size are the warm-up and are not in it.

    Raises
    ------
    TuningError
        If `repeats` or `min_batch_s` is out of range.
    """
    if repeats < 1 or not min_batch_s >= 0:
        raise TuningError(f"repeats={repeats} and min_batch_s={min_batch_s} must be at least 1 and 0.")
    batch = find_batch(function, min_batch_s)
    return Timing(tuple(time_batch(function, batch) / batch for _ in range(repeats)), batch)


def find_batch(function: Callable[[], object], min_batch_s: float) -> int:
    """The least power of two that so many calls, after one to warm up, took at least `min_batch_s` [s]."""
    function()
    batch = 1
    while time_batch(function, batch) < min_batch_s and batch < _MAX_BATCH:
        batch *= 2
    return batch


def time_batch(function: Callable[[], object], batch: int) -> float:
    """Time of `batch` calls together [s]."""
    calls = range(batch)
    start_s = time.perf_counter()
    for _ in calls:
        function()
    return time.perf_counter() - start_s
