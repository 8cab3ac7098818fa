"""Ctrl-C and termination as a request that the tuner answers between candidates, keeping what it has."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class StopRequest:
    """While active, the first SIGINT or SIGTERM asks the run to stop; the second raises KeyboardInterrupt.

    Use it as a context manager. In another thread than the main one it does nothing: signals do not come there. The
    measuring child is in a session of its own, so a Ctrl-C of the terminal does not reach it.

    Attributes
    ----------
    requested : bool
        True once the user has asked to stop.
    is_finishing : bool
        Set by the tuner when it does its last measurements, which the first request no longer cuts short.
    """

    _SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.requested = False
        self.is_finishing = False

    def __enter__(self) -> StopRequest:
        numbers = self._SIGNALS if threading.current_thread() is threading.main_thread() else ()
        self._previous = {number: signal.signal(number, self._on_signal) for number in numbers}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def cuts_short(self) -> bool:
        """True if a measurement in hand is to be given up."""
        return self.requested and not self.is_finishing

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
