"""Arrays between guard pages: a kernel that reads or writes past either end dies at once instead of passing by luck."""

from __future__ import annotations

import ctypes
import mmap
from enum import StrEnum
from math import prod

import numpy as np
import numpy.typing as npt

from tensorlang.errors import TargetError

_PAGE_BYTES = mmap.PAGESIZE
_PROT_NONE = 0


class Flush(StrEnum):
    """Which end of an array touches a guard page; the other is less than a page away from the other guard."""

    START = "start"
    """The first element follows a guard page: page-aligned, as arrays of good allocators are."""
    END = "end"
    """A guard page follows the last element: as unaligned as the size makes it."""


def guarded_array(shape: tuple[int, ...], dtype: np.dtype[np.generic], flush: Flush) -> npt.NDArray[np.generic]:
    """Return a C-contiguous array of zeros with an inaccessible page before and after it.

    An access to a guard page ends the process with SIGSEGV: run what is not trusted in a child process.

    Raises
    ------
    TargetError
        If the system refuses to protect the pages.
    """
    size_bytes = prod(shape) * dtype.itemsize
    data_pages = max(1, -(-size_bytes // _PAGE_BYTES))
    region = mmap.mmap(-1, (data_pages + 2) * _PAGE_BYTES)
    address = ctypes.addressof(ctypes.c_char.from_buffer(region))
    for guard in (address, address + (data_pages + 1) * _PAGE_BYTES):
        _protect(guard)
    slack_bytes = data_pages * _PAGE_BYTES - size_bytes
    offset = _PAGE_BYTES + (slack_bytes if flush is Flush.END else 0)
    # The array holds the mapping, which unmaps its pages, guards included, when the array is gone.
    return np.frombuffer(region, dtype, prod(shape), offset).reshape(shape)


def _protect(address: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(_PAGE_BYTES), _PROT_NONE):
        raise TargetError(f"the system refuses to protect a guard page (errno {ctypes.get_errno()}).")
