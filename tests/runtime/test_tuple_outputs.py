"""Kernels whose outputs are tuples: an array for each element, named after it; out=, shape=, and several outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.errors import BoundsError, LanguageError

Array = np.ndarray[Any, np.dtype[Any]]


@pytest.fixture
def kernel() -> tl.Kernel:
    x, i, j, f = tl.Input("x", (3, 4), tl.float32), *tl.vars("i j"), tl.Func("f")
    f[i, j] = (x[i, j] * 2, j)
    return tl.compile(f)


X = np.arange(12, dtype=np.float32).reshape(3, 4)
COLUMNS = np.broadcast_to(np.arange(4), (3, 4))


def test_each_element_is_an_array(kernel: tl.Kernel) -> None:
    assert [(p.name, str(p.type), p.shape) for p in kernel.outputs] == [
        ("f.0", "float32", (3, 4)),
        ("f.1", "int64", (3, 4)),
    ]
    values, columns = kernel(X)
    np.testing.assert_array_equal(values, 2 * X)
    np.testing.assert_array_equal(columns, COLUMNS)


def test_out_takes_a_tuple_or_names(kernel: tl.Kernel) -> None:
    out = (np.empty((3, 4), np.float32), np.empty((3, 4), np.int64))
    assert kernel(X, out=out)[1] is out[1]
    np.testing.assert_array_equal(out[0], 2 * X)
    again = {"f.1": np.empty((3, 4), np.int64), "f.0": np.empty((3, 4), np.float32)}
    kernel(X, out=again)
    np.testing.assert_array_equal(again["f.1"], COLUMNS)


def test_out_that_does_not_fit_is_refused(kernel: tl.Kernel) -> None:
    with pytest.raises(LanguageError) as caught:
        kernel(X, out=np.empty((3, 4), np.float32))
    assert str(caught.value) == "out= holds 1 arrays, but the kernel has 2 outputs."
    with pytest.raises(LanguageError) as caught:
        kernel(X, out=(np.empty((3, 4), np.float32), np.empty((3, 4), np.int32)))
    assert str(caught.value) == (
        "output 'f.1' has the wrong element type: expected int64 (3, 4), but int32 (3, 4) came."
    )


def test_elements_that_share_memory_are_refused(kernel: tl.Kernel) -> None:
    memory = np.empty(24, np.int64)
    with pytest.raises(LanguageError) as caught:
        kernel(X, out=(memory[:6].view(np.float32).reshape(3, 4), memory[5:17].reshape(3, 4)))
    assert str(caught.value) == (
        "output 'f.1' shares memory with another argument.\n"
        "  rule        a kernel may read inputs after it began to write outputs\n"
        "  hint        pass another array as out="
    )


def test_one_shape_is_that_of_all_elements() -> None:
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = (i, i * 2, i * 3)
    assert [a.tolist() for a in tl.compile(f, shape=(3,))()] == [[0, 1, 2], [0, 2, 4], [0, 3, 6]]
    with pytest.raises(BoundsError):
        tl.compile(f)


def test_elements_stand_among_other_outputs_in_order() -> None:
    x, i, j = tl.Input("x", (3, 4), tl.float32), *tl.vars("i j")
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    f[i] = (x[i, 0], i)
    g[i, j] = x[i, j] + f[i][0] + f[i][1]
    h[j] = (g[0, j], g[1, j], j)
    kernel = tl.compile([g, f, h], shape={"h": (2,)})
    assert [p.name for p in kernel.outputs] == ["g", "f.0", "f.1", "h.0", "h.1", "h.2"]
    results: tuple[Array, ...] = kernel(X)
    wanted = X + X[:, :1] + np.arange(3)[:, None]
    for ours, theirs in zip(
        results, (wanted, X[:, 0], np.arange(3), wanted[0, :2], wanted[1, :2], np.arange(2)), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
