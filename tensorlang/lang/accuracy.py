"""How far the elementary functions are from the exact result, at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tensorlang.dtypes import DType, float32, float64, parse_dtype
from tensorlang.errors import LanguageError

#: Function -> type -> largest error [ulp]: units in the last place of the result. Arguments are taken as exact.
MAX_ERROR_ULP: Mapping[str, Mapping[DType, float]] = MappingProxyType(
    {
        name: MappingProxyType({float32: single, float64: double})
        for name, single, double in (
            ("sqrt", 0.5, 0.5),
            ("sin", 0.6, 1.0),
            ("cos", 0.6, 1.0),
            ("pow", 0.6, 1.0),
            ("exp", 1.0, 1.0),
            ("log", 1.0, 1.0),
            ("tanh", 1.5, 1.5),
            ("erf", 1.5, 1.5),
        )
    }
)


def max_error_ulp(function: Callable[..., Any] | str, dtype: DType | str | type) -> float:
    """The largest error of an elementary function [ulp], over all arguments, in scalar and vector code alike.

    It holds on targets with fused multiply-add; on others (x86-64 before AVX2) errors may be half as large again.

    Parameters
    ----------
    function : callable or str
        ``tl.sin`` or ``"sin"``; sqrt, sin, cos, pow, exp, log, tanh, erf.
    dtype : DType, str or type
        float32 or float64.

    Raises
    ------
    LanguageError
        If there is no such function, or it is not computed in that type.

    Examples
    --------
    >>> import tensorlang as tl
    >>> tl.max_error_ulp(tl.exp, tl.float32)
    1.0
    """
    name = function if isinstance(function, str) else getattr(function, "__name__", repr(function))
    kind = parse_dtype(dtype)
    if name not in MAX_ERROR_ULP or kind not in MAX_ERROR_ULP[name]:
        raise LanguageError(
            f"no error bound is known of {name} in {kind}.",
            asked=f"tl.max_error_ulp({name!r}, {kind})",
            rule="elementary functions are " + ", ".join(MAX_ERROR_ULP) + ", in float32 and float64",
        )
    return MAX_ERROR_ULP[name][kind]
