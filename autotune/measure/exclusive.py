"""The measurer of a run that has this machine to itself, and that the user may stop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from autotune.measure.local import LocalMeasurer
from autotune.measure.slot import measuring_slot
from autotune.stopping import StopRequest


@contextmanager
def exclusive_measurer(stop: StopRequest | None = None) -> Iterator[LocalMeasurer]:
    """Hold the machine's measuring slot and yield its measurer; `stop` is active meanwhile, and cuts it short.

    Raises
    ------
    TuningError
        If another run is measuring.
    """
    interrupted = stop.cuts_short if stop else lambda: False
    with measuring_slot(), stop or nullcontext(), LocalMeasurer(interrupted=interrupted) as measurer:
        yield measurer
