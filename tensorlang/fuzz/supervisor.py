"""The parent of a worker: gives it cases, and tells a crash or a hang of it from an answer."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from shutil import rmtree
from types import TracebackType
from typing import IO

from tensorlang.fuzz.case import Case
from tensorlang.fuzz.pair import THREADS, Kind
from tensorlang.fuzz.result import Result, result_from_json

_TAIL_BYTES = 3000
_PAUSE_S = 0.5
"""For a child to write where it is."""
_ROOT = Path(__file__).parents[2]


class Worker:
    """A child process that runs cases, started when it is needed, and again after it died or ran many cases.

    Parameters
    ----------
    timeout_s : float
        A case that takes longer is a hang [s].
    plant : str
        ``MODULE:NAME`` of a defect to plant in the child; see `tensorlang.fuzz.worker`.
    lifetime : int
        Cases until it is started anew, as compiled code is never freed.
    """

    def __init__(self, timeout_s: float = 120.0, plant: str = "", lifetime: int = 800) -> None:
        self.timeout_s, self._plant, self._lifetime = timeout_s, plant, lifetime
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[bytes] | None = None
        self._folder = ""
        self._ran = 0

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, case: Case) -> None:
        """Give it a case; `finish` has the answer."""
        if self._process is None or self._ran >= self._lifetime:
            self.stop()
            self._begin()
        self._ran += 1
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(f"{case}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            # It died before; its answer will not come, which `finish` reports.
            return

    @property
    def answers(self) -> IO[str]:
        """Where the answer comes."""
        assert self._process is not None and self._process.stdout is not None
        return self._process.stdout

    def finish(self) -> Result:
        """The answer, waited for at most `timeout_s`; a crash or a hang ends the child and is a result too."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.answers, selectors.EVENT_READ)
            is_there = bool(selector.select(self.timeout_s))
        line = self.answers.readline() if is_there else ""
        if line:
            return result_from_json(line)
        assert self._process is not None
        if not is_there:
            self._process.send_signal(signal.SIGUSR1)
            time.sleep(_PAUSE_S)
            reason = f"no answer for {self.timeout_s:g} s\n{self._last_words()}"
            self.stop()
            return Result(Kind.HANG, reason)
        code = self._process.wait()
        reason = f"{_death(code)}\n{self._last_words()}"
        self.stop()
        return Result(Kind.CRASH, reason)

    def run(self, case: Case) -> Result:
        """Start a case and wait for its answer."""
        self.start(case)
        return self.finish()

    def stop(self) -> None:
        """End the child, if there is one, and remove its files."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
            self._process = None
        if self._errors is not None:
            self._errors.close()
            self._errors = None
        if self._folder:
            rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def _begin(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="tensorlang-fuzz-")
        self._errors = open(Path(self._folder) / "stderr", "w+b")
        self._ran = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tensorlang.fuzz.worker", *([self._plant] if self._plant else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=self._folder if not self._plant else None,
            env=worker_environment(self._folder),
        )

    def _last_words(self) -> str:
        assert self._errors is not None
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - _TAIL_BYTES))
        return self._errors.read().decode(errors="replace").strip()


def worker_environment(folder: str) -> dict[str, str]:
    """The environment of a process that runs cases: two threads at least, and caches of its own.

    Threads that wait sleep: schedules launch thousands of tiny tasks, and on a busy machine each launch would spin
    until its time slice ends.
    """
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    threads = str(max(max(THREADS), os.cpu_count() or 1))
    own = {"PYTHONPATH": path, "TENSORLANG_CACHE_DIR": folder, "OMP_WAIT_POLICY": "PASSIVE"}
    return {"NUMBA_NUM_THREADS": threads, **os.environ, **own}


def _death(code: int) -> str:
    if code >= 0:
        return f"the process ended with code {code}"
    try:
        return f"the process was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"the process was ended by signal {-code}"
