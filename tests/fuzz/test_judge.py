"""What the fuzzer calls a wrong result."""

from __future__ import annotations

import pytest

import tensorlang as tl
from tensorlang.dtypes import DType
from tensorlang.fuzz.judge import disagreement


@pytest.mark.parametrize("dtype", [tl.bfloat16, tl.float16, tl.float32])
def test_the_bits_of_a_nan_are_no_result(dtype: DType) -> None:
    x, i, f = tl.Input("x", (40,), tl.int16), tl.Var("i"), tl.Func("f")
    f[i] = tl.cast(dtype, tl.sqrt(tl.cast(tl.float32, x[i])))
    assert disagreement(tl.compile(f, cache=False), 1, ["f"]) == ""
