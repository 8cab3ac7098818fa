"""Gives up work in Python after some processor time."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN_S = 0.25


class TooSlowError(BaseException):
    """The time is up; no Exception, so that nothing on the way takes it for one of its own."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TooSlowError inside the block after `seconds` [s] of processor time; in the main thread only."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    # Again and again, as what is raised in a callback of the garbage collector is lost.
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
