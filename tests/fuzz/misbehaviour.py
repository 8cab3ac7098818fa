"""What a case may do to the process that runs it, for tests of the supervisor."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable

from tensorlang.fuzz.pair import Attempt, Outcome


def plant(name: str) -> None:
    """Have every pair do what the function called `name` does, in place of being compiled."""
    ways: dict[str, Callable[[Attempt], Outcome]] = {"die": _die, "sleep": _sleep, "raise": _raise}
    Attempt.run = ways[name]  # type: ignore[method-assign, assignment]


def _die(attempt: Attempt) -> Outcome:
    ctypes.string_at(0)
    raise AssertionError("address 0 can be read here")


def _sleep(attempt: Attempt) -> Outcome:
    time.sleep(600)
    raise AssertionError("nobody ended the process")


def _raise(attempt: Attempt) -> Outcome:
    raise KeyError("a defect of the compiler")
