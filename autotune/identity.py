"""What tells this machine from any other."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@cache
def machine_identity() -> str:
    """The id that the system gave this boot of the machine, which containers on it share; elsewhere its name."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return platform.node()
