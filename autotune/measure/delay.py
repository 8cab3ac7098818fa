"""How long this process's threads were ready to run but had to wait for a CPU that others held."""

from __future__ import annotations

from pathlib import Path

_TASKS = Path("/proc/self/task")


def waiting_s(tasks: Path = _TASKS) -> float:
    """Sum over the threads alive now, since each began [s]; 0 where the system does not say."""
    return 1e-9 * sum(_waiting_ns(thread / "schedstat") for thread in _list(tasks))


def _list(tasks: Path) -> list[Path]:
    try:
        return list(tasks.iterdir())
    except OSError:
        return []


def _waiting_ns(path: Path) -> int:
    try:
        return int(path.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):  # no such file outside Linux, or the thread ended
        return 0
