"""The elementary functions are as exact as `tl.max_error_ulp` says, on every target, in vectors and in scalars."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.codegen.target import host_target
from tensorlang.dtypes import DType, float32, float64
from tensorlang.ir.expr import Binary, BinaryOp, Const, Unary, UnaryOp
from tensorlang.lang.accuracy import MAX_ERROR_ULP
from tests.codegen.accuracy import INF, NAN, UNARY, compute, measure, pairs, values
from tests.codegen.nests import apply

ROOT = Path(__file__).parents[2]
HAS_AVX2 = {"avx2", "fma"} <= host_target().features
#: Two roundings for one in every step of a polynomial, where a target has no fused multiply-add.
WITHOUT_FMA = 1.5


def beyond(errors: dict[str, float], factor: float) -> dict[str, float]:
    """The measured errors above what is promised."""
    return {
        key: error
        for key, error in errors.items()
        for name, dtype in [key.split()[:2]]
        if not error <= factor * tl.max_error_ulp(name, dtype)
    }


def measure_as(cpu_name: str, features: str) -> dict[str, Any]:
    """What a process finds that is told it has another CPU."""
    environment = {**os.environ, "NUMBA_CPU_NAME": cpu_name, "NUMBA_CPU_FEATURES": features, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.codegen.accuracy"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=240, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_errors_are_within_what_is_promised() -> None:
    errors = measure()
    assert len(errors) == 2 * 3 * len(MAX_ERROR_ULP)
    assert beyond(errors, 1.0 if host_target().has_fma else WITHOUT_FMA) == {}


@pytest.mark.skipif(not HAS_AVX2, reason="needs AVX2")
def test_errors_are_within_what_is_promised_on_avx2() -> None:
    result = measure_as("haswell", "+avx2,+fma,+f16c,-avx512f")
    assert result["target"] == "avx2"
    assert beyond(result["errors"], 1.0) == {}


@pytest.mark.skipif("sse2" not in host_target().features, reason="needs x86-64")
def test_errors_are_half_as_large_again_without_fused_multiply_add() -> None:
    result = measure_as("x86-64", "+sse2")
    assert (result["target"], result["has_fma"]) == ("generic", False)
    assert beyond(result["errors"], WITHOUT_FMA) == {}


@pytest.mark.parametrize("dtype", [float32, float64], ids=str)
@pytest.mark.parametrize("name", [*UNARY, "pow"])
def test_scalar_code_computes_what_vector_code_does(name: str, dtype: DType) -> None:
    arguments = pairs(dtype) if name == "pow" else (values(dtype),)
    arguments = tuple(x[-(1 << 15) :] for x in arguments)
    results = [compute(name, dtype, lanes, *arguments) for lanes in (1, 4, 16)]
    for result in results[1:]:
        np.testing.assert_array_equal(result.view(np.uint8), results[0].view(np.uint8))


# C99, F.9.4.4, and what follows from it.
POW_CASES = [
    (0.0, -3.0, INF), (-0.0, -3.0, -INF), (-0.0, -2.0, INF), (-0.0, -2.5, INF), (0.0, -INF, INF), (0.0, 3.0, 0.0),
    (-0.0, 3.0, -0.0), (-0.0, 2.0, 0.0), (-1.0, INF, 1.0), (-1.0, -INF, 1.0), (1.0, NAN, 1.0), (NAN, 0.0, 1.0),
    (NAN, -0.0, 1.0), (INF, 0.0, 1.0), (-2.0, 0.5, NAN), (-8.0, 1 / 3, NAN), (0.5, -INF, INF), (2.0, -INF, 0.0),
    (0.5, INF, 0.0), (2.0, INF, INF), (-INF, -3.0, -0.0), (-INF, -2.0, 0.0), (-INF, 3.0, -INF), (-INF, 2.5, INF),
    (INF, -1.0, 0.0), (INF, 1.0, INF), (NAN, 1.0, NAN), (2.0, NAN, NAN), (-2.0, 3.0, -8.0), (-2.0, -1.0, -0.5),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [float32, float64], ids=str)
@pytest.mark.parametrize("lanes", [1, 16])
def test_pow_has_the_special_cases_of_c99(lanes: int, dtype: DType) -> None:
    x, y, wanted = (np.resize(np.array(column, dtype.numpy), 32) for column in zip(*POW_CASES, strict=True))
    got = compute("pow", dtype, lanes, x, y)
    np.testing.assert_array_equal(got, wanted)
    np.testing.assert_array_equal(np.signbit(got)[~np.isnan(wanted)], np.signbit(wanted)[~np.isnan(wanted)])


@pytest.mark.parametrize("dtype", [float32, float64], ids=str)
@pytest.mark.parametrize("exponent", [2.0, 0.5])
def test_pow_of_a_literal_exponent_keeps_the_special_cases(exponent: float, dtype: DType) -> None:
    x = np.resize(np.array([0.0, -0.0, INF, -INF, NAN, -1.5, 2.0, 9.0, 0.3, 1e-30], dtype.numpy), 32)
    literal = Const(exponent, dtype.with_lanes(8))
    got = apply(lambda v: Binary(BinaryOp.POW, v, literal), dtype, 8, x, types=[dtype])
    with np.errstate(all="ignore"):  # an array of exponents: for a single 0.5 NumPy takes the square root instead
        wanted = np.power(x.astype(np.float64), np.full(x.size, exponent)).astype(dtype.numpy)
    np.testing.assert_array_equal(got, wanted)
    np.testing.assert_array_equal(np.signbit(got)[~np.isnan(wanted)], np.signbit(wanted)[~np.isnan(wanted)])


def test_sines_of_the_largest_numbers_are_exact() -> None:
    # Values of sin from 200 digits of pi: what is left of 1e22 and 2**1023 after whole turns needs all of them.
    x = np.resize([1e22, 2.0**1023, 6381956970095103 * 2.0**797], 16)
    wanted = np.resize([-0.8522008497671888, 0.563127779850884, 1.0], 16)
    np.testing.assert_array_equal(compute("sin", float64, 8, x), wanted)
    assert compute("cos", float64, 1, x)[2] == -4.687165924254628e-19


def test_docstrings_and_readme_state_the_table() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, by_type in MAX_ERROR_ULP.items():
        single, double = (f"{by_type[dtype]:g}" for dtype in (float32, float64))
        text = getattr(tl, name).__doc__
        bound = f"within {single} ulp" if single == double else f"within {single} ulp for float32 and {double} ulp for"
        assert bound in text.replace("\n    ", " "), name
        assert f"| `{name}` | {single} | {double} |" in readme, name


def test_unknown_functions_have_no_bound() -> None:
    with pytest.raises(tl.LanguageError) as caught:
        tl.max_error_ulp(math.gamma, tl.float32)
    assert str(caught.value) == (
        "no error bound is known of gamma in float32.\n"
        "  asked       tl.max_error_ulp('gamma', float32)\n"
        "  rule        elementary functions are sqrt, sin, cos, pow, exp, log, tanh, erf, in float32 and float64"
    )


@pytest.mark.parametrize("dtype", [float32, float64])
@pytest.mark.parametrize("op", [UnaryOp.TANH, UnaryOp.ERF, UnaryOp.SQRT, UnaryOp.SIN])
def test_negative_zero_keeps_its_sign(op: UnaryOp, dtype: DType) -> None:
    zeros = np.array([-0.0, 0.0] * 8, dtype.numpy)
    np.testing.assert_array_equal(
        np.signbit(apply(lambda v: Unary(op, v), dtype, 8, zeros, types=[dtype])), np.signbit(zeros)
    )
