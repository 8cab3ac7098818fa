"""Calls kernels without compiling a caller for each combination of array types, which takes as long as a kernel."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from tensorlang.runtime import kernel

_ENTRY = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)


def call_by_ctypes() -> None:
    """From now on, in this process, have kernels called by ctypes: without checks, which tests of the runtime cover."""
    vars(kernel)["make_caller"] = _make_caller


def _make_caller(inputs: Any, outputs: Any, integer_count: int, *, cache: bool) -> Callable[..., int]:
    def call(address: int, *arguments: Any) -> int:
        cells = [item if isinstance(item, int) else item.ctypes.data for item in arguments]
        table = (ctypes.c_int64 * len(cells))(*cells)
        unused = (ctypes.c_int64 * 2)()
        _ENTRY(address)(ctypes.addressof(unused), ctypes.addressof(unused) + 8, ctypes.addressof(table))
        return 0

    return call
