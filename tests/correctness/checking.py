"""A program under a schedule is compared with the oracle and with NumPy, on one thread and on two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import tensorlang as tl
from tensorlang.dtypes import DType, Kind
from tensorlang.validation import check_kernel

Array = npt.NDArray[Any]


def assert_agrees(
    output: tl.Func | Sequence[tl.Func],
    s: tl.Schedule,
    expected: Callable[..., Any],
    *,
    shape: Sequence[int] | Mapping[str, Sequence[int]] | None = None,
    arrays: Mapping[str, Array] | None = None,
    tolerance: float = 1e-5,
) -> tl.Kernel:
    """Fail unless the kernel gives what the oracle gives, and what `expected` makes of the inputs.

    `expected` gives an array, or a tuple of them where the kernel has several outputs or a tuple. `arrays` are the
    inputs where random ones do not suit the program. `tolerance` is relative to the largest element expected; integers
    are compared exactly.
    """
    kernel = tl.compile(output, s, shape=shape)
    for threads in (1, 2):
        result = check_kernel(kernel, arrays=arrays, threads=threads)
        assert result.ok, f"{threads} threads: {result.reason}\n{s.source()}"
    inputs = [_random(item.shape, item.type) if arrays is None else arrays[item.name] for item in kernel.inputs]
    wanted = expected(*inputs)
    got = kernel(*inputs)
    if not isinstance(got, tuple):
        wanted, got = (wanted,), (got,)
    assert len(got) == len(wanted)
    for ours, theirs in zip(got, wanted, strict=True):
        _assert_close(ours, np.asarray(theirs), tolerance)
    return kernel


def _assert_close(got: Array, wanted: Array, tolerance: float) -> None:
    assert got.shape == wanted.shape
    if np.issubdtype(got.dtype, np.floating):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=tolerance * max(1.0, float(np.abs(wanted).max())))
    else:
        np.testing.assert_array_equal(got, wanted.astype(got.dtype))


def _random(shape: tuple[int, ...], kind: DType) -> Array:
    rng = np.random.default_rng(7)
    if kind.is_bool:
        return rng.integers(0, 2, shape).astype(bool)
    if kind.is_integer:
        low, high = (0, 256) if kind.kind is Kind.UINT else (-128, 128)
        return rng.integers(low, high, shape).astype(kind.numpy)
    return rng.standard_normal(shape).astype(kind.numpy)
