"""Casts against NumPy, with saturation, and the 16-bit float formats with and without hardware conversion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tensorlang.codegen.target import host_target
from tensorlang.dtypes import DType, bfloat16, bool_, float16, float32, float64, int8, int32, int64, uint8, uint64
from tensorlang.ir.expr import Cast, Const, Load
from tensorlang.ir.stmt import Store
from tests.codegen.nests import apply, kernel, loop, mul, output, ramp, var

LANES = pytest.mark.parametrize("lanes", [1, 8])


def cast(array: Any, source: DType, result: DType, lanes: int) -> Any:
    return apply(lambda x: Cast(result.with_lanes(lanes), x), result, lanes, array, types=[source])


@LANES
@pytest.mark.parametrize("result", [int8, uint8, int32, int64, uint64])
def test_float_to_integer_saturates(result: DType, lanes: int) -> None:
    x = np.array([0.0, 1.9, -1.9, 1e30, -1e30, np.inf, -np.inf, np.nan], np.float64)
    got = cast(x, float64, result, lanes)
    low, high = int(result.minimum), int(result.maximum)
    truncated = [0, 1, -1, 10**30, -(10**30), 10**30, -(10**30), 0]
    assert got.tolist() == [min(max(v, low), high) for v in truncated]


@LANES
@pytest.mark.parametrize("source", [int8, uint8, int32, int64, bool_])
@pytest.mark.parametrize("result", [int8, uint8, int64, uint64, float32, float64, bool_])
def test_integer_sources(source: DType, result: DType, lanes: int) -> None:
    low, high = int(source.minimum), int(source.maximum)
    x = np.array([low, high, 0, 1, high // 2, high // 3, low // 5, 1], source.numpy)
    got = cast(x, source, result, lanes)
    np.testing.assert_array_equal(got, x.astype(result.numpy))


@LANES
def test_float_to_bool_and_between_floats(lanes: int) -> None:
    x = np.array([0.0, -0.0, np.nan, 0.1, 1.0, -3.0, 1e300, 1e-300])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(cast(x, float64, bool_, lanes), x.astype(bool))
        np.testing.assert_array_equal(cast(x, float64, float32, lanes), x.astype(np.float32))
        narrow = x.astype(np.float32)
    np.testing.assert_array_equal(cast(narrow, float32, float64, lanes), narrow.astype(np.float64))


ALL_HALVES = np.arange(1 << 16, dtype=np.uint16)


@LANES
@pytest.mark.parametrize("has_f16c", [True, False])
def test_every_float16_widens_exactly(lanes: int, has_f16c: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    use_f16c(has_f16c, monkeypatch)
    x = ALL_HALVES.view(np.float16)
    np.testing.assert_array_equal(cast(x, float16, float32, lanes), x.astype(np.float32))


@LANES
@pytest.mark.parametrize("source", [float32, float64])
@pytest.mark.parametrize("has_f16c", [True, False])
def test_float16_rounds_to_nearest_even_once(
    source: DType, lanes: int, has_f16c: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_f16c(has_f16c, monkeypatch)
    x = around_ties(ALL_HALVES.view(np.float16).astype(np.float64), source)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(cast(x, source, float16, lanes), x.astype(np.float16))


@LANES
@pytest.mark.parametrize("source", [float32, float64])
def test_bfloat16_rounds_to_nearest_even_once(source: DType, lanes: int) -> None:
    wide = (ALL_HALVES.astype(np.uint32) << 16).view(np.float32)
    np.testing.assert_array_equal(cast(ALL_HALVES, bfloat16, float32, lanes), wide)
    with np.errstate(invalid="ignore"):
        x = around_ties(wide.astype(np.float64), source)
    got = (cast(x, source, bfloat16, lanes).astype(np.uint32) << 16).view(np.float32)
    np.testing.assert_array_equal(got, nearest_bfloat(x))


def use_f16c(has_f16c: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if has_f16c and not host_target().has_f16c:
        pytest.skip("no F16C on this machine")
    changed = host_target().__class__(**{**vars(host_target()), "has_f16c": has_f16c})
    monkeypatch.setattr("tensorlang.runtime.module.host_target", lambda: changed)


def around_ties(values: Any, source: DType) -> Any:
    """Each value, the midpoint to the next, and the midpoint's two neighbours."""
    ordered = np.sort(values[np.isfinite(values)])
    middle = (ordered[:-1] + ordered[1:]) / 2
    with np.errstate(all="ignore"):
        middle = middle.astype(source.numpy)
        near = [np.nextafter(middle, np.array(s * np.inf, source.numpy)) for s in (-1, 1)]
        x = np.concatenate([values.astype(source.numpy), middle, *near, np.array([1e30, -1e30], source.numpy)])
    return x[: x.size // 8 * 8]


def nearest_bfloat(x: Any) -> Any:
    """By search among all bfloat16 values, ties to the even one; past the largest, half a unit more gives inf."""
    positive = (np.arange(0x7F81, dtype=np.uint32) << 16).view(np.float32).astype(np.float64)
    limits = positive.copy()
    limits[-1] = 2.0**128
    size = np.abs(x.astype(np.float64))
    above = np.clip(np.searchsorted(limits, size), 1, 0x7F80)
    below = above - 1
    down, up = size - limits[below], limits[above] - size
    with np.errstate(invalid="ignore"):
        take_up = (up < down) | (up == down) & (above % 2 == 0)
    result = np.where(take_up, positive[above], positive[below])
    result = np.where(np.isinf(size), np.inf, result)
    result = np.where(size == 0, 0.0, result)
    return np.copysign(np.where(np.isnan(x), np.nan, result), np.where(np.isnan(x), 1.0, x)).astype(np.float32)


@pytest.mark.parametrize("dtype", [float16, bfloat16])
def test_literals_of_16_bit_floats(dtype: DType) -> None:
    at = ramp(mul(var("i"), 8), 8)
    built = kernel(output("out", (16,), dtype), body=loop("i", 2, Store("out", at, Const(1.5, dtype.with_lanes(8)))))
    out = built()
    expected = np.float16(1.5) if dtype == float16 else np.uint16(0x3FC0)
    np.testing.assert_array_equal(out, np.full(16, expected))


def test_loading_a_16_bit_float_and_storing_it_keeps_its_bits() -> None:
    x = ALL_HALVES.view(np.float16)
    got = apply(lambda v: v, float16, 16, x, types=[float16])
    np.testing.assert_array_equal(got.view(np.uint16), ALL_HALVES)
    assert Load("x", var("i"), None, float16).type.is_storage_only
