"""Whose a running trial is, and whether its owner still works on it: several tuners may share a study."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from autotune.identity import machine_identity

CLAIM = "claim"
"""Name of the trial attribute that holds what `make_claim` returns, from before a candidate is measured."""

_TUNERS = "tuners"
_TUNER_LEASE_S = 86400.0  # of little weight: trials have claims of their own
_UNCLAIMED_S = 60.0
_PID_NAMESPACE = Path("/proc/self/ns/pid")


def make_claim(lease_s: float, digest: str = "") -> dict[str, Any]:
    """Return, as plain data, who works on something for the next `lease_s` at most [s]: this process."""
    return {
        "digest": digest,
        "host": _host(),
        "pid": os.getpid(),
        "began": _start_of(os.getpid()),
        "until": time.time() + lease_s,
    }


def join_study(study: optuna.Study) -> bool:
    """Note in a study that this process works on it, and return whether another may still do so."""
    others = [claim for claim in study.user_attrs.get(_TUNERS, []) if _may_hold(claim)]
    study.set_user_attr(_TUNERS, [*others, make_claim(_TUNER_LEASE_S)])
    return bool(others)


def is_lost(running: FrozenTrial, *, is_alone: bool) -> bool:
    """Return whether nobody works on a running trial any more.

    Parameters
    ----------
    running : FrozenTrial
    is_alone : bool
        True if no other process works on the study, by `join_study`.

    Notes
    -----
    A process of this machine is looked up, and this very process, which is only now opening the study, works on none.
    One of another machine is believed until its lease ends. A trial that is so young that its owner may not have
    come to claim it is left alone, if there may be an owner.
    """
    claim = running.user_attrs.get(CLAIM)
    if claim is not None:
        return not _may_hold(claim)
    begin = running.datetime_start
    return is_alone or begin is None or (datetime.now() - begin).total_seconds() > _UNCLAIMED_S


def is_abandoned(claim: Mapping[str, Any]) -> bool:
    """Whether a claim was another process's, and that works on it no more."""
    return not _is_own(claim) and not _may_hold(claim)


def _is_own(claim: Mapping[str, Any]) -> bool:
    return bool(claim["host"] == _host() and claim["pid"] == os.getpid())


def _may_hold(claim: Mapping[str, Any]) -> bool:
    """Whether the claim's owner is another process that may be at work."""
    if claim["host"] == _host():
        return not _is_own(claim) and _is_alive(claim)
    return bool(time.time() < claim["until"])


def _host() -> str:
    return f"{platform.node()} {machine_identity()}{_pid_namespace()}"


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
