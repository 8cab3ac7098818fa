"""Stands between the tuner and a measuring child: ``python guard.py LIFELINE CHANNEL PROGRAM ...``.

The tuner holds the other end of the lifeline, a pipe. When it closes it, or dies by whatever signal, the guard kills
the child with all its descendants, also those that left its process group: orphans become the guard's own children.
A child that ends by itself leaves as little behind, and its guard ends the way it did. Imports only what starts fast.
"""

import ctypes
import os
import resource
import select
import signal
import sys

_PR_SET_CHILD_SUBREAPER = 36
_EXEC_FAILED = 127


def main(lifeline: int, channel: int, command: list[str]) -> None:
    """Run `command` until it ends or the lifeline is cut, then end as it did; the channel is the child's alone."""
    os.set_inheritable(lifeline, False)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # whoever ends the tuner cuts the lifeline
    child = _start(command)
    os.close(channel)  # so that its other end sees it closed when the child is gone
    status = None
    while status is None:
        ready, _, _ = select.select([lifeline, woken], [], [])
        if woken in ready:
            os.read(woken, 1 << 10)
            status = _reap(child)
        if lifeline in ready:
            break
    status = _end_all(child, status)
    _end_like(status)


def _start(command: list[str]) -> int:
    """Start the child as leader of a session of its own."""
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(command[0], command)
    except OSError as reason:
        os.write(2, f"{command[0]}: {reason.strerror}\n".encode())
    os._exit(_EXEC_FAILED)


def _reap(child: int) -> int | None:
    """Bury whoever has ended; the exit status of the child if it was among them."""
    status = None
    while True:
        try:
            pid, found = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == 0:
            return status
        if pid == child:
            status = found


def _end_all(child: int, status: int | None) -> int:
    """Kill and bury all descendants; those of a process come to light, as children, once it is buried."""
    _kill_group(child)
    while True:
        for pid in _children():
            _kill_group(pid)
            _kill(pid)
        try:
            pid, found = os.waitpid(-1, 0)
        except ChildProcessError:
            return signal.SIGKILL if status is None else status
        if pid == child:
            status = found


def _children() -> list[int]:
    """Processes whose parent this one is; none where there is no procfs, nor orphans that it would adopt."""
    try:
        numbers = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return []
    return [pid for pid in numbers if _parent(pid) == os.getpid()]


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):  # it has ended since
        return 0


def _kill_group(leader: int) -> None:
    try:
        if os.getpgid(leader) == leader:
            os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _end_like(status: int) -> None:
    """Exit with the code of the child, or by the signal that ended it."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if -code not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
