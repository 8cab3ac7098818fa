"""Long pipelines: code that nests deeper than Python recurses by default is lowered, compiled and evaluated."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.errors import LanguageError
from tensorlang.ir.recursion import FRAME_LIMIT, deep_recursion
from tensorlang.validation import check_kernel


def _increments(length: int) -> list[tl.Func]:
    """``length`` Funcs, each one more than the one before."""
    i = tl.Var("i")
    last: tl.Input | tl.Func = tl.Input("x", (4,), tl.float32)
    funcs = []
    for n in range(length):
        func = tl.Func(f"f{n}")
        func[i] = last[i] + 1
        funcs.append(func)
        last = func
    return funcs


@pytest.mark.parametrize("placement", ["inline", "root", "at"])
def test_a_pipeline_of_200_funcs(placement: str) -> None:
    *producers, output = _increments(200)
    s = tl.Schedule(output)
    for producer in producers:
        if placement == "root":
            s[producer].compute_root()
        elif placement == "at":
            s[producer].compute_at(output, "i")
    before = sys.getrecursionlimit()
    kernel = tl.compile(output, s, cache=False)
    np.testing.assert_array_equal(kernel(np.zeros(4, np.float32)), 200)
    assert check_kernel(kernel).ok
    assert "f199" in tl.loop_nest(output, s)
    assert "f199" in tl.lowered_passes(output, s)
    assert sys.getrecursionlimit() == before


def test_the_limit_stays_up_until_the_last_user_leaves() -> None:
    before = sys.getrecursionlimit()
    with deep_recursion():
        with deep_recursion():
            assert sys.getrecursionlimit() == FRAME_LIMIT
        assert sys.getrecursionlimit() == FRAME_LIMIT
    assert sys.getrecursionlimit() == before


def test_code_that_is_too_deep_is_refused() -> None:
    def descend() -> None:
        descend()

    with pytest.raises(LanguageError) as caught, deep_recursion():
        descend()
    assert str(caught.value) == (
        "the algorithm is nested too deeply to be compiled.\n"
        "  rule        passes over its code may recurse 10000 frames deep\n"
        "  hint        compute some of the Funcs by kernels of their own"
    )
