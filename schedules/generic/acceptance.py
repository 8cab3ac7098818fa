"""Whether a schedule may be compiled, found out in bounded time."""

from __future__ import annotations

import threading
from contextlib import nullcontext

from schedules.generic.extents import Shapes
from tensorlang.fuzz.patience import TooSlowError, limited
from tensorlang.schedule import Schedule

_PATIENCE_S = 10.0
"""Of processor time; nearly all schedules take less than a second."""


def is_accepted(schedule: Schedule, shapes: Shapes) -> bool:
    """Whether all checks let a bound schedule pass, and within 10 s of processor time in the main thread.

    Bounds inference takes minutes for some deep nests of small pieces; those would not be compiled in time either.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    try:
        with limited(_PATIENCE_S) if in_main_thread else nullcontext():
            return not schedule.check(shape=shapes)
    except TooSlowError:
        return False
