"""exp, log, tanh and erf against the C library's, and scalar code against vector code, bit for bit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tensorlang.dtypes import DType, float32, float64
from tensorlang.ir.expr import Unary, UnaryOp
from tests.codegen.nests import apply

NAN, INF = float("nan"), float("inf")
SIZE = 1 << 14
SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    INF,
    -INF,
    NAN,
    1e-40,
    1e-310,
    5e-324,
    -1e-40,
    88.8,
    -87.9,
    -103.9,
    709.9,
    -745.1,
    0.625,
]


def arguments(dtype: DType, low: float, high: float) -> Any:
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.uniform(low, high, SIZE - 64), np.geomspace(1e-30, 1e30, 64)])
    x[: len(SPECIAL)] = SPECIAL
    with np.errstate(all="ignore"):
        return x.astype(dtype.numpy)


def exact(name: str, x: Any) -> Any:
    wide = x.astype(np.longdouble)
    with np.errstate(all="ignore"):
        if name == "erf":
            return np.array([math.erf(v) for v in x.tolist()])
        return {"exp": np.exp, "log": np.log, "tanh": np.tanh}[name](wide)


def error_in_units(got: Any, expected: Any, dtype: DType) -> float:
    """Largest error in units in the last place of the result; values that are not finite must agree exactly."""
    with np.errstate(all="ignore"):
        rounded = expected.astype(dtype.numpy)
        finite = np.isfinite(rounded)
        np.testing.assert_array_equal(got[~finite], rounded[~finite])
        unit = np.spacing(np.abs(rounded[finite])).astype(np.longdouble)
        return float(np.max(np.abs(got[finite] - expected[finite]) / unit))


CASES = [("exp", -110.0, 95.0), ("log", 0.0, 100.0), ("log", -1.0, 3.0), ("tanh", -12.0, 12.0), ("erf", -7.0, 7.0)]


@pytest.mark.parametrize("dtype", [float32, float64])
@pytest.mark.parametrize(("name", "low", "high"), CASES)
def test_within_a_few_units_in_the_last_place(name: str, low: float, high: float, dtype: DType) -> None:
    if name == "exp" and dtype == float64:
        low, high = 8 * low, 8 * high
    x = arguments(dtype, low, high)
    lanes = 64 // dtype.size_bytes
    got = apply(lambda v: Unary(UnaryOp(name), v), dtype, lanes, x, types=[dtype])
    assert error_in_units(got, exact(name, x), dtype) <= 3.0


@pytest.mark.parametrize("dtype", [float32, float64])
@pytest.mark.parametrize("name", ["exp", "log", "tanh", "erf"])
def test_scalar_code_computes_what_vector_code_does(name: str, dtype: DType) -> None:
    x = arguments(dtype, -20.0, 20.0)
    results = [apply(lambda v: Unary(UnaryOp(name), v), dtype, lanes, x, types=[dtype]) for lanes in (1, 4, 16)]
    for result in results[1:]:
        np.testing.assert_array_equal(result.view(np.uint8), results[0].view(np.uint8))


@pytest.mark.parametrize("dtype", [float32, float64])
@pytest.mark.parametrize("op", [UnaryOp.TANH, UnaryOp.ERF, UnaryOp.SQRT])
def test_negative_zero_keeps_its_sign(op: UnaryOp, dtype: DType) -> None:
    zeros = np.array([-0.0, 0.0] * 8, dtype.numpy)
    np.testing.assert_array_equal(
        np.signbit(apply(lambda v: Unary(op, v), dtype, 8, zeros, types=[dtype])), np.signbit(zeros)
    )
