"""Memory for arrays: aligned to cache lines, as a vector that straddles two costs twice; large ones in huge pages.

What lives as long as a kernel or its state, and is large, is mapped at a multiple of the size of a huge page, and the
system is asked for such pages: a core that reads 400 MB of weights in pages of 4 KiB waits for its page tables.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tensorlang.codegen import ALIGNMENT_BYTES
from tensorlang.dtypes import DType

Array = NDArray[Any]
Argument: TypeAlias = Array | bool | int | float | np.generic
"""What a caller passes: an array for an Input, a number for a Param."""

#: Size of a huge page of x86-64, and of arm64 with pages of 4 KiB [B]. Smaller arrays would waste the rest of one.
HUGE_PAGE_BYTES = 2 << 20


def empty_aligned(shape: Sequence[int], dtype: DType) -> Array:
    """Return an uninitialised C-contiguous array of this shape whose data starts at a multiple of 64 bytes."""
    return _align(_empty, shape, dtype)


def zeros_aligned(shape: Sequence[int], dtype: DType) -> Array:
    """Return an array of zeros, C-contiguous, at a multiple of 64 bytes, in huge pages if it is large.

    From 2 MiB on the data starts at a multiple of 2 MiB and is mapped for this array alone: meant for what is kept.
    Where the system gives no huge pages, they are ordinary ones.
    """
    return _align(_zeros, shape, dtype)


def copy_aligned(array: Array, dtype: DType) -> Array:
    """Return a C-contiguous copy of `array`, in memory as that of `zeros_aligned`."""
    copy = zeros_aligned(array.shape, dtype)
    copy[...] = array
    return copy


def address(array: Array) -> int:
    """Where the first element is."""
    return int(array.ctypes.data)


def _align(allocate: Callable[[int], Array], shape: Sequence[int], dtype: DType) -> Array:
    size_bytes = dtype.size_bytes
    for extent in shape:
        size_bytes *= extent
    aligned: Array = allocate(size_bytes).view(dtype.numpy).reshape(tuple(shape))
    return aligned


def _empty(size_bytes: int) -> Array:
    return _aligned_part(np.empty(size_bytes + ALIGNMENT_BYTES, np.uint8), size_bytes, ALIGNMENT_BYTES)


def _zeros(size_bytes: int) -> Array:
    if size_bytes < HUGE_PAGE_BYTES:
        return _aligned_part(np.zeros(size_bytes + ALIGNMENT_BYTES, np.uint8), size_bytes, ALIGNMENT_BYTES)
    # A whole number of huge pages: the last one is not cut off. Pages that nothing touches are never there.
    mapped_bytes = -(-size_bytes // HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES
    memory = _map(mapped_bytes + HUGE_PAGE_BYTES)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        # Kernels built without huge pages refuse.
        with suppress(OSError):
            memory.madvise(mmap.MADV_HUGEPAGE)
    # The array keeps the mapping, which is undone with the last view of it.
    return _aligned_part(np.frombuffer(memory, np.uint8), size_bytes, HUGE_PAGE_BYTES)


def _map(size_bytes: int) -> mmap.mmap:
    if not hasattr(mmap, "MAP_PRIVATE"):
        return mmap.mmap(-1, size_bytes)
    # Shared memory, Python's default, is a file to the system, and has a policy of its own for huge pages.
    return mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def _aligned_part(raw: Array, size_bytes: int, alignment_bytes: int) -> Array:
    start = -address(raw) % alignment_bytes
    return raw[start : start + size_bytes]
