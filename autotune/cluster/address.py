"""What ``--cluster`` may say, without anything that has to be installed for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

LOCAL = "local"
QUEUES = ("slurm", "pbs", "sge")
FORMS = "tcp://HOST:PORT, tls://HOST:PORT, local:N, slurm:N, pbs:N or sge:N"

_SCHEDULER = re.compile(r"[a-z]+://\S+:\d+")
_COUNTED = re.compile(rf"({'|'.join((LOCAL, *QUEUES))}):([1-9]\d*)")


@dataclass(frozen=True)
class ClusterAddress:
    """Where the workers are.

    Attributes
    ----------
    text : str
        As the user wrote it.
    kind : str
        `LOCAL`, one of `QUEUES`, or "" for the scheduler that `text` names.
    count : int
        Workers or jobs to start; 0 for a scheduler, whose workers are started elsewhere.
    """

    text: str
    kind: str
    count: int


def parse_cluster(text: str) -> ClusterAddress | None:
    """Return what `text` says, or None if it is not of one of `FORMS`."""
    if (counted := _COUNTED.fullmatch(text)) is not None:
        return ClusterAddress(text, counted[1], int(counted[2]))
    return ClusterAddress(text, "", 0) if _SCHEDULER.fullmatch(text) else None
