"""Where and when a comparison ran, and what with: what its figures belong to."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from autotune.bench.implementations import Implementation
from autotune.machine import cpu_name
from schedules import Hardware
from tensorlang.codegen import threading_layer_name
from tensorlang.nn.codec import encode

_ALWAYS = ("tensorlang", "numpy", "numba", "llvmlite")


def describe_setting(implementations: Sequence[Implementation], threads: int) -> dict[str, Any]:
    """Return the date, this machine, its load, and the versions of all that computes, as data.

    Notes
    -----
    Call it before anything is measured: measuring adds to the load.
    """
    needed = [name for implementation in implementations for name in implementation.needs]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": cpu_name(),
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "versions": {name: _version(name) for name in dict.fromkeys((*_ALWAYS, *needed))},
        "threading_layer": threading_layer_name(),
        "hardware": encode(Hardware.here(threads)),
        "load_before": os.getloadavg()[0],
    }


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
