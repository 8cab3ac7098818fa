"""The measuring child as a program, which `LocalMeasurer` starts: ``python -m autotune.measure MEMORY CHANNEL``."""

from __future__ import annotations

import os
import socket
import sys

from autotune.measure.jobs import JOBS
from autotune.measure.protocol import Channel
from autotune.measure.worker import become_worker, serve
from tensorlang.codegen import host_target


def _pool() -> int:
    """Threads that Numba keeps for parallel loops, at most."""
    return max(host_target().cores, int(os.environ.get("NUMBA_NUM_THREADS", 0)))


if __name__ == "__main__":
    become_worker(int(sys.argv[1]))
    serve(Channel(socket.socket(fileno=int(sys.argv[2]))), JOBS, _pool())
