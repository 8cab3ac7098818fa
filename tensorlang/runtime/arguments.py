"""Arrays given to a kernel against what it expects: binding by place and name, and the errors when they do not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tensorlang.dtypes import DType
from tensorlang.errors import LanguageError
from tensorlang.ir.module import BufferParam, Role
from tensorlang.runtime.buffers import Argument, Array


def describe(shape: Sequence[int], dtype: DType) -> str:
    """``float32 (3, 4)``, with the NumPy type where that is another."""
    stored = f" (held as {dtype.numpy})" if str(dtype.numpy) != dtype.name else ""
    return f"{dtype}{stored} {tuple(shape)}"


def bind_arguments(
    names: Sequence[str], arrays: Sequence[Argument], by_name: Mapping[str, Argument], defaults: Mapping[str, Array]
) -> tuple[Argument, ...]:
    """Return one argument for each of `names`, from those given by place and by name, and `defaults`.

    Raises
    ------
    LanguageError
        If there are too many, too few, one twice, or one of an unknown name.
    """
    legal = f"kernel({', '.join(names)})"
    unknown = [name for name in by_name if name not in names]
    if unknown:
        raise LanguageError(f"The kernel has no input {unknown[0]!r} here.", legal=legal)
    if len(arrays) > len(names):
        raise LanguageError(
            f"The kernel takes {len(names)} arguments here, but {len(arrays)} came by place.", legal=legal
        )
    bound = dict(zip(names, arrays, strict=False))
    twice = [name for name in by_name if name in bound]
    if twice:
        raise LanguageError(f"Input {twice[0]!r} is given twice, by place and by name.", legal=legal)
    bound.update(by_name)
    for name in defaults.keys() & set(names):
        bound.setdefault(name, defaults[name])
    missing = [name for name in names if name not in bound]
    if missing:
        raise LanguageError(f"Input {missing[0]!r} is missing.", legal=legal)
    return tuple(bound[name] for name in names)


def check_array(array: object, param: BufferParam) -> None:
    """Check that an array may be handed to the machine code as this parameter.

    Raises
    ------
    LanguageError
        If it is not an ndarray, or its element type, shape, layout, alignment or writeability do not fit.
    """
    name = f"{param.role.value} {param.name!r}"
    expected = describe(param.shape, param.type)
    if not isinstance(array, np.ndarray):
        raise LanguageError(
            f"{name} must be a NumPy array, but a {type(array).__name__} came.", rule=f"expected {expected}"
        )
    came = f"{array.dtype} {array.shape}"
    if not _has_dtype(array, param.type) or array.shape != param.shape:
        what = "shape" if array.shape != param.shape else "element type"
        raise LanguageError(f"{name} has the wrong {what}: expected {expected}, but {came} came.")
    if not array.flags.c_contiguous:
        raise LanguageError(
            f"{name} is not C-contiguous: {came} with strides {array.strides} came.",
            rule="kernels read and write dense arrays, last index contiguous",
            hint=f"pass np.ascontiguousarray({param.name})"
            if param.role is Role.INPUT
            else "allocate it with np.empty",
        )
    if not array.flags.aligned:
        raise LanguageError(f"{name} is not aligned to its elements of {array.itemsize} bytes.", hint="pass a copy")
    if param.role is Role.OUTPUT and not array.flags.writeable:
        raise LanguageError(f"{name} is read-only.", hint="pass a writeable array as out=")


def _has_dtype(array: Array, dtype: DType) -> bool:
    # The name finds the bfloat16 of other packages; it does not tell the byte order.
    return bool(array.dtype == dtype.numpy) or (array.dtype.name == dtype.name and array.dtype.isnative)


def as_stored(array: Array, dtype: DType) -> Array:
    """The array as compiled code takes it: 16-bit floats as their bits."""
    return array.view(np.uint16) if dtype.is_storage_only else array


def collect_outputs(out: object, params: Sequence[BufferParam]) -> tuple[Array, ...]:
    """Return the output arrays in order, from what ``out=`` was given: an array, a sequence, or a mapping by name.

    Raises
    ------
    LanguageError
        If there are not as many as outputs, or not of their names.
    """
    names = [p.name for p in params]
    if isinstance(out, np.ndarray):
        arrays: tuple[Array, ...] = (out,)
    elif isinstance(out, Mapping):
        if set(out) != set(names):
            raise LanguageError(f"out= names {sorted(out)}, but the outputs are {sorted(names)}.")
        arrays = tuple(out[name] for name in names)
    elif isinstance(out, Sequence) and not isinstance(out, str):
        arrays = tuple(out)
    else:
        arrays = (out,)  # type: ignore[assignment]
    if len(arrays) != len(names):
        raise LanguageError(f"out= holds {len(arrays)} arrays, but the kernel has {len(names)} outputs.")
    return arrays
