"""Whose a running trial is, and whether its owner still works on it: several tuners may share a study."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from autotune.identity import machine_identity

CLAIM = "claim"
"""Name of the trial attribute that holds what `make_claim` returns, from before a candidate is measured."""

_UNCLAIMED_S = 60.0
_PID_NAMESPACE = Path("/proc/self/ns/pid")


def make_claim(digest: str, lease_s: float) -> dict[str, Any]:
    """Return this process's claim to measure the schedule of `digest` within the next `lease_s` [s], as plain data."""
    return {
        "digest": digest,
        "host": machine_identity() + _pid_namespace(),
        "pid": os.getpid(),
        "began": _start_of(os.getpid()),
        "until": time.time() + lease_s,
    }


def is_lost(running: FrozenTrial) -> bool:
    """Return whether nobody works on a running trial any more.

    Notes
    -----
    A process of this machine is looked up, and this very process, which is only now opening the study, works on none.
    One of another machine is believed until its lease ends. A trial that is so young that its owner may not have
    come to claim it is left alone.
    """
    claim = running.user_attrs.get(CLAIM)
    if claim is None:
        begin = running.datetime_start
        return begin is None or (datetime.now() - begin).total_seconds() > _UNCLAIMED_S
    if claim["host"] == machine_identity() + _pid_namespace():
        return bool(claim["pid"] == os.getpid()) or not _is_alive(claim)
    return bool(time.time() > claim["until"])


def _pid_namespace() -> str:
    try:
        return f" {os.readlink(_PID_NAMESPACE)}"
    except OSError:
        return ""


def _is_alive(claim: Mapping[str, Any]) -> bool:
    try:
        os.kill(claim["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return bool(_start_of(claim["pid"]) == claim["began"])


def _start_of(pid: int) -> str:
    """When a process began, in the system's own count; tells it from a later one with the same id. "" if unknown."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]
