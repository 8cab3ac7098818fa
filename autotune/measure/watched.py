"""A measuring child that is examined, from outside, for what its candidates leave behind."""

from __future__ import annotations

from collections.abc import Callable

from autotune.measure.census import Census, find_traces
from autotune.measure.process import ChildProcess
from autotune.measure.protocol import ChannelGarbage


class WatchedChild(ChildProcess):
    """A child that runs `autotune.measure.worker.serve`; call `greet` first."""

    def greet(self, timeout_s: float, interrupted: Callable[[], bool]) -> None:
        """Wait until it is ready, and remember its state.

        Raises
        ------
        ChannelTimeout, ChannelInterrupted, ChannelClosed, ChannelGarbage
        """
        ready = self.channel.receive(timeout_s, interrupted)
        pid, pool = ready.get("pid"), ready.get("pool")
        if type(pid) is not int or type(pool) is not int:
            raise ChannelGarbage("another greeting than expected")
        self._pid, self._pool = pid, pool
        self._at_first = self._census()

    @property
    def pid(self) -> int:
        """Process id of the child, and id of its process group."""
        return self._pid

    def find_traces(self) -> str:
        """What candidates left behind in it; "" if nothing."""
        return find_traces(self._at_first, self._census(), self._pool)

    def _census(self) -> Census:
        return Census.of(self._pid, self.guard_pid)
