"""Comparison of outputs: equality, bounds, NaN and infinities, and the text that says where they differ."""

from __future__ import annotations

from math import inf

import numpy as np

from tensorlang.dtypes import bfloat16, float32, int32, uint8
from tensorlang.validation.compare import compare_output
from tensorlang.validation.inputs import bfloat16_bits


def _floats(*values: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.array(values, np.float32)


def test_equal_floats_differ_by_nothing() -> None:
    same = _floats(1.0, np.nan, inf, -inf)
    found = compare_output(same, same.copy(), float32, 0.0)
    assert (found.max_abs_error, found.max_rel_error, found.reason) == (0.0, 0.0, "")


def test_bound_is_relative_to_the_largest_value() -> None:
    expected, got = _floats(100.0, 0.0), _floats(100.0, 0.5)
    assert compare_output(got, expected, float32, 0.006).reason == ""
    found = compare_output(got, expected, float32, 0.004)
    assert found.reason == "1 of 2 elements are wrong, the first at [1]: got 0.5, expected 0.0"
    assert (found.max_abs_error, found.max_rel_error) == (0.5, 0.005)


def test_nan_where_a_number_was_expected_is_wrong_at_any_bound() -> None:
    found = compare_output(_floats(1.0, np.nan), _floats(1.0, 2.0), float32, 1e9)
    assert found.reason == "1 of 2 elements are wrong, the first at [1]: got nan, expected 2.0"
    assert found.max_abs_error == inf


def test_number_or_other_sign_where_infinity_was_expected_is_wrong() -> None:
    assert compare_output(_floats(-inf), _floats(inf), float32, 1.0).reason
    assert compare_output(_floats(3.0), _floats(inf), float32, 1.0).reason
    assert compare_output(_floats(inf), _floats(3.0), float32, 1.0).reason


def test_integers_must_be_equal_whatever_the_bound() -> None:
    got, expected = np.array([[1, 2], [3, 5]], np.int32), np.array([[1, 2], [3, 4]], np.int32)
    found = compare_output(got, expected, int32, 10.0)
    assert found.reason == "1 of 4 elements are wrong, the first at [1, 1]: got 5, expected 4"
    assert found.max_abs_error == 1.0


def test_unsigned_differences_do_not_wrap() -> None:
    assert compare_output(np.array([0], np.uint8), np.array([1], np.uint8), uint8, 0.0).max_abs_error == 1.0


def test_bfloat16_is_compared_by_value() -> None:
    got, expected = (bfloat16_bits(np.array([v], np.float32)) for v in (1.0, 1.0078125))
    assert compare_output(got, expected, bfloat16, 0.01).reason == ""
    assert compare_output(got, expected, bfloat16, 0.001).reason
