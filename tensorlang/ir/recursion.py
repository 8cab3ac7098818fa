"""Room for recursion over deep code: statements nest once for each Func that is computed at the root."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tensorlang.errors import LanguageError

#: Python frames: eight for each of a thousand Funcs. Far less than what overflows the stack of C.
FRAME_LIMIT = 10_000

_lock = threading.Lock()
_users = 0
_limit_before = 0


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Raise Python's recursion limit, for all threads, until the last of those inside has left.

    Raises
    ------
    LanguageError
        If that was not enough.
    """
    _enter()
    try:
        yield
    except RecursionError as error:
        raise LanguageError(
            "the algorithm is nested too deeply to be compiled.",
            rule=f"passes over its code may recurse {FRAME_LIMIT} frames deep",
            hint="compute some of the Funcs by kernels of their own",
        ) from error
    finally:
        _leave()


def _enter() -> None:
    global _users, _limit_before
    with _lock:
        if _users == 0:
            _limit_before = sys.getrecursionlimit()
            sys.setrecursionlimit(max(_limit_before, FRAME_LIMIT))
        _users += 1


def _leave() -> None:
    global _users
    with _lock:
        _users -= 1
        if _users == 0:
            sys.setrecursionlimit(_limit_before)
