"""A child process in a group of its own that can be talked to, watched and killed with all its descendants."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence

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
    The child is made by spawn (OpenMP runtimes do not survive fork) as leader of its own session: signals of the
    terminal reach only the parent, and `kill` reaches the child's own children too. What it prints is read all the
    time, so that it can never block on a full pipe, and all but the end is thrown away.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair()
        with contextlib.ExitStack() as on_failure, theirs:
            on_failure.callback(ours.close)
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(),),
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
    def pid(self) -> int:
        """Process id of the child, and id of its process group."""
        return self._process.pid

    def kill(self) -> int:
        """Kill the child's process group, reap the child and return its exit code (minus the signal, if killed by one).

        A child that has already ended keeps the exit code it ended with. Calling it again is harmless.
        """
        if not self._killed:
            self._killed = True
            self.channel.close()
            with contextlib.suppress(ProcessLookupError):  # nobody of the group may be left
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait(_REAP_S)
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
