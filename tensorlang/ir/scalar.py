"""Scalar arguments: what values they may have, and how a caller's value becomes one of an element type."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from tensorlang.dtypes import DType

Number: TypeAlias = bool | int | float


@dataclass(frozen=True, slots=True)
class Scalar:
    """What a scalar argument may be: inclusive limits, and the value it has where none is given; None is none."""

    min: Number | None = None
    max: Number | None = None
    default: Number | None = None

    def admits(self, value: Number) -> bool:
        """Whether `value` is within the limits; NaN is not, if there are any."""
        return (self.min is None or bool(value >= self.min)) and (self.max is None or bool(value <= self.max))

    @property
    def text(self) -> str:
        """The limits, as ``[0, 8]``; empty if there is none."""
        if self.min is None and self.max is None:
            return ""
        low, high = ("(-inf" if self.min is None else f"[{self.min}"), ("inf)" if self.max is None else f"{self.max}]")
        return f"{low}, {high}"


class ScalarError(ValueError):
    """A value cannot stand for a scalar of the type asked for; the text says why."""


def as_element(value: object, dtype: DType) -> Number:
    """`value` as a number of type `dtype`, for `dtype` a type that is computed with.

    Python's numbers take the type if they fit it; floats round. NumPy's scalars, and arrays of no dimension, have types
    of their own, which must widen.

    Raises
    ------
    ScalarError
        If it is no scalar, of a type that does not widen to `dtype`, or out of range.
    """
    if isinstance(value, np.ndarray) and value.shape == ():
        value = value[()]
    if isinstance(value, np.generic):
        if not np.can_cast(value.dtype, dtype.numpy, "safe"):
            raise ScalarError(f"{value.dtype} does not widen to {dtype}")
        value = value.item()
    if not isinstance(value, bool | int | float):
        raise ScalarError(f"a {type(value).__name__} is not a scalar")
    if dtype.is_float:
        return _as_float(value, dtype)
    if isinstance(value, float) or (dtype.is_bool and not isinstance(value, bool)):
        raise ScalarError(f"a Python {type(value).__name__} is not a {dtype}")
    if not dtype.is_bool and not dtype.minimum <= value <= dtype.maximum:
        raise ScalarError(f"{dtype} holds {dtype.minimum} to {dtype.maximum}")
    return value


def _as_float(value: Number, dtype: DType) -> float:
    try:
        wide = float(value)
    except OverflowError:
        raise ScalarError(f"it is too large for {dtype}") from None
    with np.errstate(over="ignore"):
        rounded = float(dtype.numpy.type(wide))
    if math.isinf(rounded) and not math.isinf(wide):
        raise ScalarError(f"it is too large for {dtype}")
    return rounded
