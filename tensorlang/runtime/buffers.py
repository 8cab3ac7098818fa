"""Memory for arrays: aligned to cache lines, as a vector that straddles two costs twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tensorlang.codegen import ALIGNMENT_BYTES
from tensorlang.dtypes import DType

Array = NDArray[Any]
Argument: TypeAlias = Array | bool | int | float | np.generic
"""What a caller passes: an array for an Input, a number for a Param."""


def empty_aligned(shape: Sequence[int], dtype: DType) -> Array:
    """Return an uninitialised C-contiguous array of this shape whose data starts at a multiple of 64 bytes."""
    return _align(np.empty, shape, dtype)


def zeros_aligned(shape: Sequence[int], dtype: DType) -> Array:
    """Return an array of zeros, C-contiguous, whose data starts at a multiple of 64 bytes."""
    return _align(np.zeros, shape, dtype)


def copy_aligned(array: Array, dtype: DType) -> Array:
    """Return a C-contiguous copy of `array` whose data starts at a multiple of 64 bytes."""
    copy = empty_aligned(array.shape, dtype)
    copy[...] = array
    return copy


def address(array: Array) -> int:
    """Where the first element is."""
    return int(array.ctypes.data)


def _align(allocate: Any, shape: Sequence[int], dtype: DType) -> Array:
    size_bytes = dtype.size_bytes
    for extent in shape:
        size_bytes *= extent
    raw = allocate(size_bytes + ALIGNMENT_BYTES, np.uint8)
    start = -address(raw) % ALIGNMENT_BYTES
    aligned: Array = raw[start : start + size_bytes].view(dtype.numpy).reshape(tuple(shape))
    return aligned
