"""The measuring child as a program, which `LocalMeasurer` starts: ``python -m autotune.measure MEMORY CHANNEL``."""

from __future__ import annotations

import socket
import sys

from autotune.measure.jobs import JOBS
from autotune.measure.protocol import Channel
from autotune.measure.worker import become_worker, serve

if __name__ == "__main__":
    become_worker(int(sys.argv[1]))
    serve(Channel(socket.socket(fileno=int(sys.argv[2]))), JOBS)
