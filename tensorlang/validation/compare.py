"""Compares a kernel's output with the oracle's, exactly or within a bound, and says where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from tensorlang.dtypes import DType, Kind


@dataclass(frozen=True)
class Difference:
    """How far an output is from what was expected.

    `max_rel_error` is relative to the largest finite value expected. `reason` is empty if the output is right.
    """

    max_abs_error: float
    max_rel_error: float
    reason: str


def compare_output(
    got: npt.NDArray[np.generic], expected: npt.NDArray[np.generic], dtype: DType, bound: float
) -> Difference:
    """Compare arrays of one shape.

    Parameters
    ----------
    dtype : DType
        Type of the elements; bfloat16 comes as its bits.
    bound : float
        Greatest difference allowed, relative to the largest finite value expected; 0 asks for equality. NaN and
        infinities must agree in place and sign.
    """
    if not dtype.is_float:
        distance = float(np.abs(got.astype(np.float64) - expected.astype(np.float64)).max(initial=0.0))
        return Difference(distance, distance, _describe(got, expected, got != expected))
    ours, theirs = as_float64(got, dtype), as_float64(expected, dtype)
    finite = np.isfinite(theirs)
    scale = float(np.abs(theirs[finite]).max(initial=0.0))
    error = np.zeros(theirs.shape)
    np.subtract(ours, theirs, out=error, where=finite)
    np.abs(error, out=error)
    wrong = np.where(finite, ~(error <= bound * scale), ~((ours == theirs) | (np.isnan(ours) & np.isnan(theirs))))
    worst = float(np.where(np.isnan(error), inf, error).max(initial=0.0))
    relative = worst / scale if scale else (0.0 if worst == 0 else inf)
    return Difference(worst, relative, _describe(ours, theirs, wrong))


def as_float64(values: npt.NDArray[np.generic], dtype: DType) -> npt.NDArray[np.float64]:
    """The values of an array of `dtype`, bfloat16 as its bits."""
    if dtype.kind is Kind.BFLOAT:
        return (values.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return values.astype(np.float64)


def _describe(got: npt.NDArray[np.generic], expected: npt.NDArray[np.generic], wrong: npt.NDArray[np.bool_]) -> str:
    """The number of wrong elements and the first of them; empty if there is none."""
    count = int(np.count_nonzero(wrong))
    if not count:
        return ""
    place = tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.ndim else ()
    at = f" at {list(place)}" if place else ""
    return f"{count} of {wrong.size} elements are wrong, the first{at}: got {got[place]}, expected {expected[place]}"
