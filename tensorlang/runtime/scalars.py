"""Scalar arguments of a kernel: a caller's number, checked, as the array of no dimension that machine code reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tensorlang.errors import LanguageError
from tensorlang.ir.module import BufferParam
from tensorlang.ir.scalar import Number, Scalar, ScalarError, as_element
from tensorlang.runtime.buffers import Argument, Array

Reader = Callable[[object], Array]


def make_scalar_reader(param: BufferParam) -> Reader:
    """Return what makes an array of a caller's value for `param`, quickly for what is right.

    The reader raises LanguageError for a value that is no scalar, of another type, out of range, or beyond the limits.
    """
    scalar = param.scalar or Scalar()
    dtype = param.type.numpy
    plain = (bool,) if param.type.is_bool else (float, int) if param.type.is_float else (int,)
    ends = np.finfo(dtype) if param.type.is_float else None  # type: ignore[type-var]
    least, most = (float(ends.min), float(ends.max)) if ends else (param.type.minimum, param.type.maximum)
    low = least if scalar.min is None else scalar.min
    high = most if scalar.max is None else scalar.max

    def read(value: object) -> Array:
        if type(value) in plain and low <= value <= high:  # type: ignore[operator]
            return np.array(value, dtype)
        if isinstance(value, np.ndarray) and value.shape == () and value.dtype == dtype and value.flags.aligned:
            check_limits(param, scalar, value.item())
            return value
        return np.array(check_limits(param, scalar, _element(param, value)), dtype)

    return read


def scalar_readers(params: Sequence[BufferParam]) -> tuple[tuple[int, Reader], ...]:
    """The places of the Params among `params`, each with its reader."""
    return tuple((n, make_scalar_reader(p)) for n, p in enumerate(params) if p.scalar is not None)


def defaults(params: Sequence[BufferParam]) -> dict[str, Array]:
    """What stands for the Params that a caller may leave out."""
    return {
        p.name: np.array(p.scalar.default, p.type.numpy)
        for p in params
        if p.scalar is not None and p.scalar.default is not None
    }


def as_argument(param: BufferParam, value: Argument) -> Any:
    """`value`, made an array if it is the number of a Param."""
    return value if param.scalar is None else make_scalar_reader(param)(value)


def _element(param: BufferParam, value: object) -> Number:
    try:
        return as_element(value, param.type)
    except ScalarError as error:
        raise LanguageError(
            f"Param {param.name!r} is {param.type} and cannot be {_shorten(value)}: {error}.",
            rule="a Python number takes the type of the Param if it fits; a NumPy scalar is not narrowed",
            hint=_hint(param, value),
        ) from None


def check_limits(param: BufferParam, scalar: Scalar, value: Number) -> Number:
    """Return `value`.

    Raises
    ------
    LanguageError
        If it is beyond the limits of the Param.
    """
    if scalar.admits(value):
        return value
    raise LanguageError(
        f"Param {param.name!r} is {value}, outside {scalar.text}.",
        rule="a Param is within the limits it was declared with",
    )


def _hint(param: BufferParam, value: object) -> str:
    if not isinstance(value, np.generic):
        return ""
    word = "bool" if param.type.is_bool else "float" if param.type.is_float else "int"
    return f"pass {word}(value)"


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
