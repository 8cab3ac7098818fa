"""The measuring child: takes jobs from its channel one by one, and answers with data whatever becomes of them."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import TypeAlias

from autotune.measure.limits import limit_this_process
from autotune.measure.outcome import Outcome, Phase
from autotune.measure.protocol import Channel, ChannelClosed, Message

Enter: TypeAlias = Callable[..., None]
"""``enter(phase, about="")`` tells the parent that a phase begins, and what for."""
Job: TypeAlias = Callable[[Message, Enter], Message]

_PR_SET_PDEATHSIG = 1


def serve(channel: Channel, jobs: Mapping[str, Job], pool: int = 0) -> None:
    """Answer requests until the parent hangs up.

    Parameters
    ----------
    channel : Channel
    jobs : mapping of str to Job
        What can be asked for. A job returns the reply; an exception that escapes it is answered as `COMPILE_ERROR`
        (`OUT_OF_MEMORY` for MemoryError) with its text.
    pool : int
        Threads that jobs may start and leave waiting for the next one.
    """

    def enter(phase: Phase, about: str = "") -> None:
        channel.send({"phase": phase, "about": about})

    channel.send({"ready": True, "pid": os.getpid(), "pool": pool})
    try:
        while True:
            request = channel.receive()
            channel.send({"reply": _answer(jobs[request["do"]], request, enter)})
    except ChannelClosed:
        return


def _answer(job: Job, request: Message, enter: Enter) -> Message:
    try:
        return job(request, enter)
    except ChannelClosed:
        raise
    except MemoryError as reason:
        return {"outcome": Outcome.OUT_OF_MEMORY, "detail": str(reason) or "memory limit reached"}
    except Exception as reason:  # noqa: BLE001 - whatever a candidate raises is a fact about the candidate
        traceback.print_exc()
        return {"outcome": Outcome.COMPILE_ERROR, "detail": f"{type(reason).__name__}: {reason}"}


def become_worker(memory_bytes: int) -> None:
    """Set up this process: it dies with its parent, takes limited memory, and says where it was if it crashes.

    Call it after the heavy imports: the memory limit counts from what the process has by now.
    """
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the parent has gone")
    limit_this_process(memory_bytes)
