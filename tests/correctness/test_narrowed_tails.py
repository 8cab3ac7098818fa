"""Tails whose only lane is stored narrowed: what is stored is as wide as an element, no wider.

LLVM 22 stores too much where it knows that one lane of a masked store is on and truncates its value. The output ends at
a guard page, and the bytes after each row belong to the next one.
"""

from __future__ import annotations

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import assert_agrees


@pytest.mark.parametrize("tail", ["guard_with_if", "predicate"])
@pytest.mark.parametrize("partition", ["auto", "never"])
@pytest.mark.parametrize("width", [2, 4, 8, 16])
@pytest.mark.parametrize(
    ("wide", "narrow"),
    [("int64", "int32"), ("int64", "int16"), ("int64", "int8"), ("int32", "int16"), ("int16", "int8")],
)
def test_one_lane_is_one_element(wide: str, narrow: str, width: int, partition: str, tail: str) -> None:
    x, (i, j) = tl.Input("x", (3, width + 1), wide), tl.vars("i j")
    f = tl.Func("f")
    f[i, j] = tl.cast(narrow, x[i, j])
    s = tl.Schedule(f)
    s[f].partition("j", partition).vectorize("j", width, tail=tail)
    assert_agrees(f, s, lambda x: x.astype(narrow), shape=(3, width + 1))


@pytest.mark.parametrize("narrow", ["float16", "bfloat16"])
def test_one_lane_of_a_storage_type(narrow: str) -> None:
    x, (i, j) = tl.Input("x", (3, 9), tl.float32), tl.vars("i j")
    half, f = tl.Func("half"), tl.Func("f")
    half[i, j] = tl.cast(narrow, tl.cast(tl.int32, x[i, j] * 8))
    f[i, j] = tl.cast(tl.float32, half[i, j])
    s = tl.Schedule(f)
    s[half].compute_root().vectorize("j", 8, tail="guard_with_if")
    assert_agrees(f, s, lambda x: np.trunc(x * 8), shape=(3, 9))
