"""A measuring child on a cluster of fakes, which notes when it measures, and kills its worker if told to."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

from autotune.measure.outcome import Outcome, Phase
from autotune.measure.protocol import Channel, Message
from autotune.measure.worker import Enter, become_worker, serve


def _note(event: str, **more: object) -> None:
    """Append a line to the log beside this machine's home."""
    home = Path(os.environ["TENSORLANG_HOME"])
    line = json.dumps({"event": event, "machine": home.name, "at": time.monotonic(), **more})
    with (home.parent / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(line + "\n")


def _parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])


def _kill_worker_while_marked(folder: str) -> None:
    """End the Dask worker, as when a machine goes down, as long as there are files in `folder`; each time one less."""
    marks = sorted(Path(folder).iterdir())
    if marks:
        marks[0].unlink()
        os.kill(_parent_of(os.getppid()), signal.SIGKILL)  # the worker's own child is the guard
        time.sleep(60)


def _time_of(schedule: str) -> float:
    """A time that follows from the schedule [s]."""
    return 1e-3 * (1 + int(hashlib.sha256(schedule.encode()).hexdigest()[:4], 16) / 0xFFFF)


def measure(request: Message, enter: Enter) -> Message:
    """A schedule is ``{"sleep_s": ..., "kill": FOLDER}``, or anything else."""
    enter(Phase.TIME)
    told = json.loads(request["schedule"])
    _note("begin", schedule=request["schedule"], threads=os.environ.get("OMP_NUM_THREADS"))
    if isinstance(told, dict) and "kill" in told:
        _kill_worker_while_marked(told["kill"])
    time.sleep(told.get("sleep_s", 0.01) if isinstance(told, dict) else 0.01)
    _note("end")
    return {"outcome": Outcome.OK, "samples_s": [_time_of(request["schedule"])] * 3, "phase": Phase.TIME}


def compare(request: Message, enter: Enter) -> Message:
    enter(Phase.TIME)
    times = {label: [_time_of(schedule)] * request["rounds"] for label, schedule in request["schedules"].items()}
    return {"outcome": Outcome.OK, "samples_s": times}


def peaks(request: Message, enter: Enter) -> Message:
    return {"outcome": Outcome.OK, "fma_gflops": 100.0, "read_gbs": 10.0}


if __name__ == "__main__":
    become_worker(int(sys.argv[1]))
    serve(Channel(socket.socket(fileno=int(sys.argv[2]))), {"measure": measure, "compare": compare, "peaks": peaks})
