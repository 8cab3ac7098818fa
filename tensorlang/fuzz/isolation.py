"""Runs a pair in a forked child of a process that has never launched threads, so that nothing it does is lasting."""

from __future__ import annotations

import os
import select
import signal
import time

from tensorlang.fuzz.pair import Attempt, Kind, Outcome, as_outcome

_SEPARATOR = "\0"


def run_apart(attempt: Attempt, timeout_s: float) -> Outcome:
    """What becomes of a pair that has been drawn; the child is killed after `timeout_s` [s]."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _answer(attempt, writing)
    os.close(writing)
    try:
        text = _read(reading, time.monotonic() + timeout_s)
    finally:
        os.close(reading)
    if text is None:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if text is None:
        return Outcome(Kind.HANG, f"no answer for {timeout_s:g} s")
    kind, found, reason = text.partition(_SEPARATOR)
    return Outcome(Kind(kind), reason) if found else Outcome(Kind.CRASH, f"the process ended with status {status}")


def _answer(attempt: Attempt, writing: int) -> None:
    """Run the pair, write how it ended, and end this process, never returning into the parent's stack."""
    try:
        try:
            outcome = attempt.run()
        except Exception as defect:  # noqa: BLE001 - a legal pair raises nothing, so whatever it raises is the answer
            outcome = as_outcome(defect)
        os.write(writing, f"{outcome.kind}{_SEPARATOR}{outcome.reason}".encode()[:4000])
    finally:
        os._exit(0)


def _read(source: int, deadline_s: float) -> str | None:
    """All that comes until the other end is closed; None if that takes too long."""
    parts: list[bytes] = []
    while True:
        ready, _, _ = select.select([source], [], [], max(0.0, deadline_s - time.monotonic()))
        if not ready:
            return None
        part = os.read(source, 65536)
        if not part:
            return b"".join(parts).decode(errors="replace")
        parts.append(part)
