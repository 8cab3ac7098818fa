"""Errors of the elementary functions against higher precision; a program too, for targets that are not the host's."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tensorlang.codegen.target import host_target
from tensorlang.dtypes import DType, float32, float64
from tensorlang.ir.expr import Binary, BinaryOp, Unary, UnaryOp
from tests.codegen.nests import apply

NAN, INF = float("nan"), float("inf")
UNARY = ("exp", "log", "tanh", "erf", "sqrt", "sin", "cos")
STRIDE = 4099  # of the 2**32 float32; a prime, so that every exponent gets every kind of mantissa
COUNT = 1 << 16
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 1e-40, -1e-40, 1e-310, 5e-324, -5e-324, 2.0**-126, 2.0**-1022, 0.625, 0.5,
    88.8, -87.9, -103.9, 709.78, -745.1, 2.0**20, 2.0**20 + 1, -(2.0**20) - 0.125, 2.0**31, 1e22, 3.4028234e38,
    1.7976931348623157e308, math.pi, math.pi / 2, 6381956970095103 * 2.0**797, 16367173 * 2.0**72, 1.5, 3.0, -2.0,
]  # fmt: skip
POW_SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 4.0, -7.0, INF, -INF, NAN, 1e-40, -1e-40, 5e-324, 1e30,
    2.0**24, 2.0**24 - 1, 2.0**53, 2.0**53 - 1, 2.0**52 + 1, -(2.0**31) - 1, 0.9999999, 1.0000001, 3e38, 1e308, 1.5,
]  # fmt: skip


def values(dtype: DType) -> Any:
    """float32 on a stride through all of them; float64 of random bits and near where functions change; edge cases."""
    rng = np.random.default_rng(1)
    if dtype == float32:
        parts: list[Any] = [np.arange(0, 1 << 32, STRIDE, dtype=np.uint64).astype(np.uint32).view(np.float32)]
    else:
        parts = [rng.integers(0, 1 << 64, COUNT, dtype=np.uint64).view(np.float64)]
        parts += [rng.uniform(-limit, limit, COUNT) for limit in (2.5, 40.0, 750.0)]
    with np.errstate(all="ignore"):
        parts.append(np.array(SPECIAL).astype(dtype.numpy))
    return _padded(np.concatenate(parts))


def pairs(dtype: DType) -> tuple[Any, Any]:
    """Arguments of pow: random bits, exponents that give a result in range, and every pair of edge cases."""
    rng = np.random.default_rng(2)
    width = np.uint32 if dtype == float32 else np.uint64
    bits = rng.integers(0, np.iinfo(width).max, (2, COUNT), dtype=width).view(dtype.numpy)
    limit = 90.0 if dtype == float32 else 712.0
    bases = [np.abs(bits[0]), rng.uniform(0.3, 3.0, COUNT), 1 + rng.uniform(-1, 1, COUNT) * 2.0 ** -rng.integers(2, 50)]
    with np.errstate(all="ignore"):
        special = np.array(POW_SPECIAL).astype(dtype.numpy)
        bases = [base.astype(dtype.numpy) for base in bases]
        exponents = [rng.uniform(-limit, limit, COUNT) / np.log(base.astype(np.float64)) for base in bases]
    grid = np.meshgrid(special, special)
    x = np.concatenate([np.abs(bits[0]), bits[0], *bases, grid[0].ravel()])
    with np.errstate(all="ignore"):
        y = np.concatenate([bits[1], np.rint(bits[1] % 64), *exponents, grid[1].ravel()]).astype(dtype.numpy)
    return _padded(x), _padded(y)


def _padded(x: Any) -> Any:
    """A whole number of the longest vectors tried."""
    return np.pad(x, (0, -x.size % 16))


def exact(name: str, dtype: DType, *arguments: Any) -> Any:
    """The function in higher precision: of float32 in float64, of float64 in the 64-bit mantissas of longdouble."""
    with np.errstate(all="ignore"):  # signalling NaNs among them
        wide = [x.astype(np.float64 if dtype == float32 else np.longdouble) for x in arguments]
        if name == "erf":
            found = np.frompyfunc(math.erf, 1, 1)(wide[0]).astype(float) if dtype == float32 else _erf(wide[0])
        else:
            found = getattr(np, {"pow": "power"}.get(name, name))(*wide)
    return np.asarray(found, np.longdouble)


def _erf(x: Any) -> Any:
    """``2 / sqrt(pi) * exp(-x**2) * sum of 2**n x**(2n+1) / (2n+1)!!``, terms of one sign; 1 from 6.5 on."""
    inside = np.where(np.abs(x) < 6.5, x, 6.5)
    term, total = inside.copy(), inside.copy()
    for n in range(1, 220):
        term = term * (2 * inside * inside) / (2 * n + 1)
        total = total + term
    scale = 2 / np.sqrt(np.longdouble("3.14159265358979323846264338327950288"))
    value = np.where(np.abs(x) < 6.5, total * np.exp(-inside * inside) * scale, np.copysign(np.longdouble(1), x))
    return np.where(np.isnan(x), x, value)


def error_in_ulp(got: Any, expected: Any, dtype: DType) -> float:
    """Largest error in units in the last place of the result; infinite if a NaN, an infinity or a sign of 0 differs."""
    with np.errstate(all="ignore"):
        rounded = expected.astype(dtype.numpy)
        unit = np.spacing(np.abs(rounded)).astype(np.longdouble)
        error = np.abs(got.astype(np.longdouble) - expected) / unit
    is_same = (np.isnan(got) & np.isnan(rounded)) | ((got == rounded) & (np.signbit(got) == np.signbit(rounded)))
    is_special = ~np.isfinite(rounded) | (expected == 0)
    return float(np.max(np.where(is_special, np.where(is_same, 0.0, INF), error)))


def compute(name: str, dtype: DType, lanes: int, *arguments: Any) -> Any:
    """The function of `arguments` by code of our own in vectors of `lanes`."""
    make: Callable[..., Any]
    if name == "pow":

        def make(x: Any, y: Any) -> Any:
            return Binary(BinaryOp.POW, x, y)
    else:

        def make(x: Any) -> Any:
            return Unary(UnaryOp(name), x)

    return apply(make, dtype, lanes, *arguments, types=[dtype] * len(arguments))


def measure() -> dict[str, float]:
    """``"name type lanes"`` -> largest error [ulp], for scalar code and for whole registers and two of them."""
    errors = {}
    for dtype in (float32, float64):
        both = {"pow": pairs(dtype)} | {name: (values(dtype),) for name in UNARY}
        for name, arguments in both.items():
            expected = exact(name, dtype, *arguments)
            for lanes in (1, 8, 16):
                got = compute(name, dtype, lanes, *arguments)
                errors[f"{name} {dtype} {lanes}"] = error_in_ulp(got, expected, dtype)
    return errors


if __name__ == "__main__":
    target = host_target()
    print(json.dumps({"target": target.name, "has_fma": target.has_fma, "errors": measure()}))
