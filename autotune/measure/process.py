"""A child process under a guard that can be talked to, watched and killed with all its descendants."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

from autotune.measure import guard
from autotune.measure.protocol import Channel

_LAST_WORDS_BYTES = 16384  # faulthandler alone lists every extension module
_REAP_S = 10.0


class ChildProcess:
    """A started child, its channel and the last of what it printed.

    Parameters
    ----------
    command : sequence of str
        Program and arguments; the number of the child's end of the channel is appended.
    environment : mapping of str to str
        The child's whole environment.

    Notes
    -----
    The child is made by spawn (OpenMP runtimes do not survive fork) as leader of its own session, so that signals of
    the terminal reach only the parent. Between the two stands `autotune.measure.guard`, which kills whatever descends
    from the child, when it ends, when `kill` is called, and when the parent dies, be it by SIGKILL. What the child
    prints is read all the time, so that it can never block on a full pipe, and all but the end is thrown away.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        if shutil.which(command[0]) is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), command[0])
        ours, theirs = socket.socketpair()
        cut, self._lifeline = os.pipe()
        with contextlib.ExitStack() as on_failure, theirs, os.fdopen(cut, "rb"):
            on_failure.callback(ours.close)
            on_failure.callback(os.close, self._lifeline)
            number = str(theirs.fileno())
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", guard.__file__, str(cut), number, *command, number],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(cut, theirs.fileno()),
                env=dict(environment),
                start_new_session=True,
            )
            on_failure.pop_all()
        self.channel = Channel(ours)
        self._killed = False
        self._printed = b""
        self._reader = threading.Thread(target=self._read, name="child-output", daemon=True)
        self._reader.start()

    @property
    def guard_pid(self) -> int:
        """Process id of the guard, whose only child by birth the child is."""
        return self._process.pid

    def kill(self) -> int:
        """Kill the child with all its descendants and return its exit code (minus the signal, if killed by one).

        A child that has already ended keeps the exit code it ended with. Calling it again is harmless.
        """
        if not self._killed:
            self._killed = True
            self.channel.close()
            os.close(self._lifeline)
            if self.wait(_REAP_S) is None:  # the guard was stopped, or a descendant cannot be killed
                self._process.kill()
                self._process.wait()
            self._reader.join(_REAP_S)
        return self._process.returncode

    def wait(self, timeout_s: float) -> int | None:
        """Return the exit code once the child has ended by itself, or None if it has not after `timeout_s` [s]."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    @property
    def last_words(self) -> str:
        """The end of what the child printed."""
        return self._printed.decode(errors="replace").strip()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        with stream:
            while chunk := os.read(stream.fileno(), _LAST_WORDS_BYTES):
                self._printed = (self._printed + chunk)[-_LAST_WORDS_BYTES:]
