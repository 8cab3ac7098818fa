"""The arrays of a case, and when two answers agree."""

from __future__ import annotations

import numpy as np
import pytest

from autotune.bench.case import Case, describe_difference, make_arrays
from tensorlang.nn import Conv2d, Gemm

GEMM = Gemm(m=8, n=16, k=64)


def test_arrays_are_the_same_in_every_process() -> None:
    first, second = make_arrays(GEMM), make_arrays(GEMM)
    assert list(first) == ["a", "b", "bias"]
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_arrays_have_the_shapes_and_types_of_the_inputs_and_no_denormals() -> None:
    arrays = make_arrays(Conv2d(n=1, h=5, w=6, c=4, k=8, r=3, s=2, groups=2))
    assert {name: array.shape for name, array in arrays.items()} == {"x": (1, 5, 6, 4), "w": (3, 2, 2, 8), "bias": (8,)}
    assert {array.dtype for array in arrays.values()} == {np.dtype("float32")}
    assert all(np.abs(array[array != 0]).min() > 1e-30 for array in arrays.values())


def test_rounding_is_no_difference() -> None:
    arrays = make_arrays(GEMM)
    exact = arrays["a"].astype(np.float64) @ arrays["b"]
    assert describe_difference(arrays["a"] @ arrays["b"], exact.astype(np.float32), GEMM) == ""


def test_one_wrong_element_is_a_difference() -> None:
    theirs = make_arrays(GEMM)["a"] @ make_arrays(GEMM)["b"]
    ours = theirs.copy()
    ours[3, 5] += 0.01
    assert describe_difference(ours, theirs, GEMM).startswith("largest difference 0.01, allowed are ")


def test_nan_and_wrong_shapes_are_differences() -> None:
    zeros = np.zeros((8, 16), np.float32)
    assert describe_difference(np.full_like(zeros, np.nan), zeros, GEMM) == "the output is not finite everywhere"
    assert describe_difference(zeros.T, zeros, GEMM) == "shapes differ: (16, 8) and (8, 16)"


def test_a_multiply_accumulate_is_two_operations() -> None:
    assert Case("fc", Gemm(m=1, n=1000, k=2048), "", "net").gflop == pytest.approx(4.096e-3)
