"""Numbers given to a kernel for its Params: by place and name, defaults, types and limits, in states."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.errors import LanguageError
from tensorlang.runtime import Kernel
from tensorlang.validation import check_kernel

X = np.arange(8, dtype=np.float32)


@pytest.fixture(scope="module")
def scaled() -> Kernel:
    """``f[i] = x[i + shift] * scale``; scale is 2 by default, shift within [0, 3]."""
    x = tl.Input("x", (8,), tl.float32)
    scale, shift = tl.Param("scale", tl.float32, default=2), tl.Param("shift", tl.int32, min=0, max=3)
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = x[i + shift] * scale
    return tl.compile(f, inputs=[x, shift, scale], cache=False)


def test_by_place_by_name_and_by_default(scaled: Kernel) -> None:
    assert repr(scaled).startswith("<Kernel (x: float32[8], shift: int32, scale: float32) -> (f: float32[5])")
    np.testing.assert_array_equal(scaled(X, 1, 0.5), X[1:6] * 0.5)
    np.testing.assert_array_equal(scaled(X, 3), X[3:] * 2)
    np.testing.assert_array_equal(scaled(X, scale=3, shift=0), X[:5] * 3)
    out = np.empty(5, np.float32)
    scaled.bare(X, 2, 10, out=out)()
    np.testing.assert_array_equal(out, X[2:7] * 10)


@pytest.mark.parametrize("shift", [2, True + 1, np.int32(2), np.uint16(2), np.int8(2), np.array(2, np.int32)])
def test_what_widens_is_taken(scaled: Kernel, shift: Any) -> None:
    np.testing.assert_array_equal(scaled(X, shift), X[2:7] * 2)


@pytest.mark.parametrize("scale", [0.1, np.float32(0.1), np.array(0.1, np.float32), np.inf, 1])
def test_python_floats_round(scaled: Kernel, scale: Any) -> None:
    np.testing.assert_array_equal(scaled(X + 1, 0, scale), (X[:5] + 1) * np.float32(scale))


_RULE = "a Python number takes the type of the Param if it fits; a NumPy scalar is not narrowed"
REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"shift": 4},
        "Param 'shift' is 4, outside [0, 3].\n  rule        a Param is within the limits it was declared with",
    ),
    (
        {"shift": np.array(-1, np.int32)},
        "Param 'shift' is -1, outside [0, 3].\n  rule        a Param is within the limits it was declared with",
    ),
    (
        {"shift": 1.0},
        f"Param 'shift' is int32 and cannot be 1.0: a Python float is not a int32.\n  rule        {_RULE}",
    ),
    (
        {"shift": np.int64(1)},
        "Param 'shift' is int32 and cannot be np.int64(1): int64 does not widen to int32.\n"
        f"  rule        {_RULE}\n  hint        pass int(value)",
    ),
    (
        {"shift": 1, "scale": np.float64(1)},
        "Param 'scale' is float32 and cannot be np.float64(1.0): float64 does not widen to float32.\n"
        f"  rule        {_RULE}\n  hint        pass float(value)",
    ),
    (
        {"shift": 1, "scale": 1e39},
        f"Param 'scale' is float32 and cannot be 1e+39: it is too large for float32.\n  rule        {_RULE}",
    ),
    (
        {"shift": 1, "scale": 10**400},
        f"Param 'scale' is float32 and cannot be 1{'0' * 36}...: it is too large for float32.\n  rule        {_RULE}",
    ),
    ({"shift": "1"}, f"Param 'shift' is int32 and cannot be '1': a str is not a scalar.\n  rule        {_RULE}"),
    (
        {"shift": np.zeros(1, np.int32)},
        "Param 'shift' is int32 and cannot be array([0], dtype=int32): a ndarray is not a scalar.\n"
        f"  rule        {_RULE}",
    ),
    ({}, "Input 'shift' is missing.\n  legal here  kernel(x, shift, scale)"),
]


@pytest.mark.parametrize(("given", "text"), REFUSED)
def test_refusal(scaled: Kernel, given: dict[str, Any], text: str) -> None:
    with pytest.raises(LanguageError) as caught:
        scaled(X, **given)
    assert str(caught.value) == text


def test_nan_is_outside_any_limits_and_is_taken_without() -> None:
    low, free, f = tl.Param("low", tl.float64, min=0), tl.Param("free", tl.float64), tl.Func("f")
    f[tl.Var("i")] = low + free
    kernel = tl.compile(f, shape=(2,), cache=False)
    assert np.isnan(kernel(1.0, float("nan"))).all()
    with pytest.raises(LanguageError, match=r"Param 'low' is nan, outside \[0.0, inf\)"):
        kernel(float("nan"), 1.0)


@pytest.mark.parametrize("dtype", [tl.bool_, tl.int8, tl.uint16, tl.int64, tl.uint64, tl.float32, tl.float64], ids=str)
def test_every_type_reaches_the_code_and_the_tasks_of_a_parallel_loop(dtype: Any) -> None:
    value, f, i = tl.Param("value", dtype), tl.Func("f"), tl.Var("i")
    f[i] = tl.select(i > 2, value, tl.cast(dtype, 0))
    for is_parallel in (False, True):
        s = tl.Schedule(f)
        if is_parallel:
            s[f].parallel("i")
        kernel = tl.compile(f, s, shape=(6,), cache=False)
        expected = [0, 0, 0, 1, 1, 1]
        assert kernel(bool(1) if dtype == tl.bool_ else 1, threads=2).tolist() == expected
        assert check_kernel(kernel, threads=2).ok


def test_a_constant_param_takes_part_in_the_initialisation() -> None:
    x, w = tl.Input("x", (4, 8), tl.float32), tl.Input("w", (8,), tl.float32, constant=True)
    gain = tl.Param("gain", tl.float32, min=0, constant=True)
    i, j = tl.vars("i j")
    packed, f = tl.Func("packed"), tl.Func("f")
    packed[j] = w[j] * gain
    f[i, j] = x[i, j] * packed[j] + gain
    s = tl.Schedule(f)
    s[packed].compute_at_init()
    kernel = tl.compile(f, s, cache=False)
    data, weights = np.ones((4, 8), np.float32), np.arange(8, dtype=np.float32)
    state = kernel.prepare(w=weights, gain=3)
    np.testing.assert_array_equal(kernel(data, state=state), np.tile(weights * 3 + 3, (4, 1)))
    np.testing.assert_array_equal(kernel(data, state=copy.deepcopy(state)), kernel(x=data, w=weights, gain=3))
    with pytest.raises(LanguageError, match=r"Param 'gain' is -1.0, outside \[0.0, inf\)"):
        kernel.prepare(w=weights, gain=-1.0)
    assert check_kernel(kernel).ok


def test_a_param_that_changes_keeps_a_stage_out_of_the_initialisation() -> None:
    gain, f, packed, i = tl.Param("gain", tl.float32), tl.Func("f"), tl.Func("packed"), tl.Var("i")
    packed[i] = gain + i
    f[i] = packed[i] * 2
    with pytest.raises(tl.ScheduleError, match="packed depends on gain"):
        tl.Schedule(f)[packed].compute_at_init()


def test_a_state_serves_calls_with_any_values() -> None:
    w, n = tl.Input("w", (9, 7), tl.float32, constant=True), tl.Param("n", tl.int32, min=0, max=2)
    i, j, table, out = *tl.vars("i j"), tl.Func("table"), tl.Func("out")
    table[i, j] = w[i, j] * 2
    out[i, j] = table[i, j] + table[i + n, j]
    s = tl.Schedule(out)
    s[table].compute_at_init().vectorize("j", 4)
    kernel = tl.compile(out, s, shape=(7, 7))
    assert check_kernel(kernel).ok
    weights = np.arange(63, dtype=np.float32).reshape(9, 7)
    state = kernel.prepare(w=weights)
    for shift in (2, 0):
        np.testing.assert_array_equal(kernel(n=shift, state=state), (weights[:7] + weights[shift : shift + 7]) * 2)


def test_a_state_needs_limits() -> None:
    w, n = tl.Input("w", (9,), tl.float32, constant=True), tl.Param("n", tl.int64)
    i, table, out = tl.Var("i"), tl.Func("table"), tl.Func("out")
    table[i] = w[tl.clamp(i, 0, 8)] * 2
    out[i] = table[i + n]
    s = tl.Schedule(out)
    s[table].compute_at_init()
    with pytest.raises(tl.BoundsError, match="the region of table in i is unbounded below"):
        tl.compile(out, s, shape=(7,))
