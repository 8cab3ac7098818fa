"""Facts about this machine that times depend on and schedules do not: kept with a record, never compared."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_CPU = Path("/sys/devices/system/cpu")
_GOVERNOR = _CPU / "cpu0/cpufreq/scaling_governor"
_NO_TURBO = _CPU / "intel_pstate/no_turbo"
_BOOST = _CPU / "cpufreq/boost"
_SWITCHES = {"0": "off", "1": "on"}


def cpu_name() -> str:
    """Name of the CPU, as it says itself."""
    try:
        found = re.search(r"^model name\s*:\s*(.*)$", _CPUINFO.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def governor() -> str:
    """The frequency governor of the first CPU; "" where the system does not say."""
    return read_text(_GOVERNOR)


def turbo() -> str:
    """``"on"`` or ``"off"``: whether CPUs may run above their base frequency; "" where the system does not say."""
    if (no_turbo := read_text(_NO_TURBO)) in _SWITCHES:
        return "off" if no_turbo == "1" else "on"
    return _SWITCHES.get(read_text(_BOOST), "")


def describe_machine() -> Mapping[str, str]:
    """CPU, operating system, frequency governor, turbo and load, as far as they can be read.

    Notes
    -----
    Call it before anything is measured: measuring adds to the load.
    """
    facts = {
        "cpu": cpu_name(),
        "system": f"{platform.system()} {platform.release()}",
        "governor": governor(),
        "turbo": turbo(),
        "load_before": f"{os.getloadavg()[0]:.2f}",
    }
    return {name: text for name, text in facts.items() if text}


def read_text(path: Path) -> str:
    """Content of a small file of the system; "" if it cannot be read."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
