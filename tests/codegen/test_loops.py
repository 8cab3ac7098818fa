"""Loops are compiled as they are scheduled: LLVM adds no vectors of its own."""

from __future__ import annotations

import re

import pytest

import tensorlang as tl

_VECTOR = re.compile(r"<\d+ x \w+>")


def _twice(extent: int) -> tl.Func:
    x = tl.Input("x", (extent,), tl.float32)
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = x[i] * 2
    return f


@pytest.mark.parametrize("extent", [8, 1024, 1021])
def test_a_serial_loop_is_scalar(extent: int) -> None:
    assert not _VECTOR.search(tl.compile(_twice(extent), cache=False).llvm())


def test_vectors_are_as_wide_as_the_schedule_says() -> None:
    f = _twice(1024)
    s = tl.Schedule(f)
    s[f].vectorize("i", 4)
    assert set(_VECTOR.findall(tl.compile(f, s, cache=False).llvm())) == {"<4 x float>"}


def test_a_short_body_may_be_unrolled() -> None:
    llvm = tl.compile(_twice(1024), cache=False).llvm()
    assert len(re.findall(r"^ *store float", llvm, re.M)) > 1
