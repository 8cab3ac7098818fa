"""Scalar arguments of an algorithm."""

from __future__ import annotations

import numpy as np

from tensorlang.dtypes import DType, parse_dtype
from tensorlang.errors import LanguageError, caller_location
from tensorlang.ir import expr as ir
from tensorlang.ir.algorithm import InputDef
from tensorlang.ir.scalar import Number, Scalar, ScalarError, as_element
from tensorlang.lang.expr import Expr, Source
from tensorlang.lang.names import check_name


class Param(Expr, Source):
    """A number that the caller passes: known when the kernel is called, not when it is compiled.

    It stands in expressions as any value does. A kernel takes it by place or by name, among its Inputs in order of
    first use. In an index it takes part in bounds inference by its limits.

    Parameters
    ----------
    name : str
        Also the keyword by which a kernel takes it.
    dtype : DType, str or NumPy type
        A type that is computed with: not float16 or bfloat16.
    min, max : number, optional
        Inclusive limits, which every call checks.
    default : number, optional
        What it is where a call does not give it.
    constant : bool
        Marks what `compute_at_init` may depend on, as for an Input.

    Raises
    ------
    LanguageError
        If the name or the type is malformed, the type does not hold a limit or the default, or these contradict each
        other.

    Examples
    --------
    >>> import numpy as np, tensorlang as tl
    >>> x = tl.Input("x", (4,), tl.float32)
    >>> scale = tl.Param("scale", tl.float32, default=2)
    >>> shift = tl.Param("shift", tl.int32, min=0, max=1)
    >>> i, f = tl.Var("i"), tl.Func("f")
    >>> f[i] = x[i + shift] * scale
    >>> kernel = tl.compile(f)
    >>> x = np.arange(4, dtype=np.float32)
    >>> kernel(x, 1), kernel(x, 0, scale=0.5)
    (array([2., 4., 6.], dtype=float32), array([0. , 0.5, 1. ], dtype=float32))
    """

    __slots__ = ("constant", "name", "scalar")

    def __init__(
        self,
        name: str,
        dtype: DType | str | type,
        *,
        min: Number | np.generic | None = None,
        max: Number | np.generic | None = None,
        default: Number | np.generic | None = None,
        constant: bool = False,
    ) -> None:
        self.name = check_name("Param", name)
        kind = _check_type(name, parse_dtype(dtype))
        ends = (_check_value(name, kind, word, end) for word, end in (("min", min), ("max", max), ("default", default)))
        self.scalar = _check_order(name, Scalar(*ends))
        self.constant = bool(constant)
        super().__init__(ir.Call(self.name, (), kind), {self.name: self}, {})

    @property
    def shape_rank(self) -> int:
        return 0

    def check_defined(self) -> None:
        """A Param can always be read."""

    @property
    def definition(self) -> InputDef:
        """The Param as data: an input of no dimension."""
        return InputDef(self.name, (), self.type, self.constant, self.scalar)


def _check_type(name: str, dtype: DType) -> DType:
    if not dtype.is_storage_only:
        return dtype
    raise LanguageError(
        f"Param {name!r} is {dtype}, a storage type.",
        where=caller_location(),
        rule=f"{dtype} values are loaded, stored and cast, not computed with",
        hint=f"tl.Param({name!r}, tl.float32)",
    )


def _check_value(name: str, dtype: DType, word: str, value: Number | np.generic | None) -> Number | None:
    if value is None:
        return None
    try:
        return as_element(value, dtype)
    except ScalarError as error:
        raise LanguageError(
            f"{word}={value!r} does not fit Param {name!r} of type {dtype}: {error}.",
            where=caller_location(),
            rule="the limits and the default of a Param are numbers of its type",
        ) from None


def _check_order(name: str, scalar: Scalar) -> Scalar:
    default = scalar.default
    is_empty = scalar.min is not None and not Scalar(None, scalar.max).admits(scalar.min)
    if not is_empty and (default is None or scalar.admits(default)):
        return scalar
    raise LanguageError(
        f"Param {name!r} has the limits {scalar.text}" + ("." if is_empty else f" and the default {default}."),
        where=caller_location(),
        rule="min <= default <= max",
    )
