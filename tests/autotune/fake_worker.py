"""A measuring child whose candidates misbehave as told: run as ``python fake_worker.py MEMORY_BYTES CHANNEL_FD``."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from autotune.measure.outcome import Outcome, Phase
from autotune.measure.protocol import Channel, Message
from autotune.measure.worker import Enter, become_worker, serve

_jobs_done = 0


def _behave(behaviour: str, argument: str) -> None:
    match behaviour:
        case "exit":
            os._exit(int(argument))
        case "system_exit":
            sys.exit(int(argument))
        case "segfault":
            ctypes.string_at(0)
        case "abort":
            os.abort()
        case "oom_killed":
            os.kill(os.getpid(), 9)
        case "hang":
            while True:
                time.sleep(60)
        case "hang_in_grandchild":
            subprocess.run(["sleep", "600"])
        case "eat_memory":
            hoard = []
            while True:
                hoard.append(bytearray(1 << 22))
        case "eat_memory_natively":
            os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
            os.abort()
        case "flood":
            for _ in range(int(argument)):
                os.write(1, b"x" * 65536)
                os.write(2, b"y" * 65536)
        case "raise":
            raise ZeroDivisionError(argument)
        case "crash_unless_fresh":
            if _jobs_done:
                os.abort()
        case "garbage":
            _write_garbage()
        case (
            "fork"
            | "fork_twice"
            | "hang_with_orphans"
            | "pin"
            | "thread"
            | "close_channel"
            | "ignore_sigterm"
            | "wrong_reply"
        ):
            _escape(behaviour)


def _escape(behaviour: str) -> None:
    """What shows only outside the job."""
    match behaviour:
        case "fork":
            _fork_sleeper()
        case "fork_twice":
            if os.fork() == 0:
                os.setsid()
                _fork_sleeper()
                os._exit(0)
            os.wait()
        case "hang_with_orphans":
            _escape("fork")
            _escape("fork_twice")
            time.sleep(600)
        case "pin":
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        case "thread":
            threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        case "close_channel":
            os.close(int(sys.argv[2]))
            time.sleep(60)
        case "ignore_sigterm":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(60)
        case "wrong_reply":
            body = b'{"reply": {"outcome": "ok", "samples_s": []}}'
            os.write(int(sys.argv[2]), len(body).to_bytes(4, "big") + body)
            time.sleep(60)


def _fork_sleeper() -> None:
    """Leave a process that holds every file open, the channel too."""
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)


def _write_garbage() -> None:
    """Write nonsense into the parent's channel, as a kernel gone wild might."""
    os.write(int(sys.argv[2]), b"\xff" * 64)
    time.sleep(60)


def measure(request: Message, enter: Enter) -> Message:
    """``{"phase": ..., "do": ..., "argument": ..., "time_s": ..., "outcome": ...}`` in the place of a schedule."""
    global _jobs_done
    told = json.loads(request["schedule"])
    for phase in (Phase.COMPILE, Phase.ORACLE, Phase.CHECK, Phase.TIME):
        enter(phase)
        if phase == told.get("phase", Phase.TIME):
            _behave(told.get("do", ""), str(told.get("argument", "0")))
    _jobs_done += 1
    samples = [told.get("time_s", 1.0)] * 3
    return {"outcome": told.get("outcome", Outcome.OK), "samples_s": samples, "phase": Phase.TIME, "pid": os.getpid()}


def compare(request: Message, enter: Enter) -> Message:
    samples = {}
    for label, schedule in request["schedules"].items():
        enter(Phase.COMPILE, label)
        told = json.loads(schedule)
        _behave(told.get("compare", ""), "3")
        samples[label] = [told.get("time_s", 1.0) * (1 + 0.001 * r) for r in range(request["rounds"])]
    return {"outcome": Outcome.OK, "samples_s": samples}


JOBS: dict[str, Callable[[Message, Enter], Message]] = {"measure": measure, "compare": compare}

if __name__ == "__main__":
    become_worker(int(sys.argv[1]))
    serve(Channel(socket.socket(fileno=int(sys.argv[2]))), JOBS)
