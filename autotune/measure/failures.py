"""Failures of measuring itself: they say nothing about a candidate, and several in a row end a run."""

from __future__ import annotations

from tensorlang.errors import TuningError

_MOST_IN_A_ROW = 3


class FailureStreak:
    """Counts how often measuring failed in a row.

    Parameters
    ----------
    unit : str
        What is counted, for the error.
    """

    def __init__(self, unit: str = "times") -> None:
        self._unit = unit
        self._length = 0

    @property
    def is_too_long(self) -> bool:
        """True if it is of no use to go on."""
        return self._length >= _MOST_IN_A_ROW

    def count(self, *, failed: bool) -> None:
        """Take in how the next one ended."""
        self._length = self._length + 1 if failed else 0

    def check(self, detail: str) -> None:
        """Raise TuningError if the streak is too long; `detail` says how the last one failed."""
        if self.is_too_long:
            raise TuningError(
                f"Measuring failed {self._length} {self._unit} in a row: {detail}.",
                hint="`autotune doctor` shows the state of this machine; what was measured so far is kept",
            )
