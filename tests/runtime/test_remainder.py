"""``%`` and ``//`` of floats are exact, as NumPy's, also of quotients that round to whole numbers or are huge."""

from __future__ import annotations

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.dtypes import DType


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("dtype", [tl.float32, tl.float64], ids=str)
def test_remainder_and_floor_division(dtype: DType, lanes: int) -> None:
    a, b = tl.Input("a", (8,), dtype), tl.Input("b", (8,), dtype)
    i, quotient, remainder = tl.Var("i"), tl.Func("quotient"), tl.Func("remainder")
    quotient[i] = a[i] // b[i]
    remainder[i] = a[i] % b[i]
    s = tl.Schedule([quotient, remainder])
    if lanes > 1:
        s[quotient].vectorize(i, lanes)
        s[remainder].vectorize(i, lanes)
    x = np.array([2.5, 1e30, -1e30, 5.5, -5.5, 7, 0.3, -0.0], dtype.numpy)
    y = np.array([0.1, 7, 7, 2, 2, 0.1, -0.1, 3], dtype.numpy)
    got = tl.compile([quotient, remainder], s, shape={"quotient": (8,), "remainder": (8,)})(x, y)
    np.testing.assert_array_equal(got[0], x // y)
    np.testing.assert_array_equal(got[1], x % y)
    np.testing.assert_array_equal(np.signbit(got[1]), np.signbit(x % y))
