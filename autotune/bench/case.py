"""A layer to compare, the arrays it is computed on, and how near two answers must be."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tensorlang.nn import Workload, build
from tensorlang.validation import error_bound

Array: TypeAlias = NDArray[Any]

_SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Case:
    """A layer of a case set, and how to measure it again.

    Attributes
    ----------
    name : str
        Name of the layer in its set.
    workload : Workload
    reproduce : str
        Command that measures this case alone, without options for threads and output.
    case_set : str
        Name of the set, which may be a network.
    """

    name: str
    workload: Workload
    reproduce: str
    case_set: str

    @property
    def gflop(self) -> float:
        """Floating-point operations of one call [GFLOP]: a multiply-accumulate counts as two."""
        return 2e-9 * self.workload.macs


def make_arrays(workload: Workload) -> dict[str, Array]:
    """Arrays for the inputs of a layer by name: uniform in [-1, 1], the same in every process.

    Weights are scaled so that outputs are of the order of 1; nothing is denormal. They start at a cache line, as what
    the libraries allocate for themselves does.
    """
    generator = np.random.default_rng(_SEED)
    arrays: dict[str, Array] = {}
    for source in build(workload).inputs:
        is_filter = source.constant and len(source.shape) > 1
        scale = 1 / sqrt(prod(source.shape[:-1])) if is_filter else 1.0
        values = generator.uniform(-1, 1, source.shape) * scale
        arrays[source.name] = copy_aligned(values.astype(source.type.numpy))
    return arrays


def copy_aligned(array: Array) -> Array:
    """Return a C-contiguous copy of `array` in memory as that of `empty_aligned`."""
    copy = empty_aligned(array.shape, array.dtype)
    copy[...] = array
    return copy


def empty_aligned(shape: tuple[int, ...], dtype: DTypeLike = np.float32, alignment: int = 128) -> Array:
    """Return an uninitialised C-contiguous array whose address is a multiple of `alignment` [B]."""
    size = prod(shape) * np.dtype(dtype).itemsize
    block = np.empty(size + alignment, np.uint8)
    start = -block.ctypes.data % alignment
    return block[start : start + size].view(dtype).reshape(shape)


def describe_difference(ours: Array, theirs: Array, workload: Workload) -> str:
    """Say how two answers differ, or return "" if they agree within what rounding explains (`error_bound`)."""
    if ours.shape != theirs.shape:
        return f"shapes differ: {ours.shape} and {theirs.shape}"
    if not np.isfinite(ours).all():
        return "the output is not finite everywhere"
    bound = error_bound(build(workload).algorithm()) * float(np.abs(theirs).max(initial=0.0))
    error = float(np.abs(ours.astype(np.float64) - theirs).max(initial=0.0))
    return "" if error <= bound else f"largest difference {error:.3g}, allowed are {bound:.3g}"
