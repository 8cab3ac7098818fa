"""The sum of the lower triangle of a matrix, in one number and by rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import Array, assert_agrees

Directives = Callable[[tl.Schedule, tl.Func], object]

i, j = tl.vars("i j")


def total(n: int) -> tl.Func:
    """All of the triangle: one RDom of two dimensions."""
    x, triangle = tl.Input("x", (n, n), tl.int32), tl.RDom("r c", n, n)
    r, c = triangle
    triangle.where(c <= r)
    f = tl.Func("f")
    f[()] += x[r, c]
    return f


def by_rows(n: int) -> tl.Func:
    """A sum for each row: the bound of the RDom is a Var."""
    x, c = tl.Input("x", (n, n), tl.int32), tl.RDom("c", n)
    c.where(c <= i)
    f = tl.Func("f")
    f[i] += x[i, c]
    return f


def whole_by_hand(x: Array) -> Array:
    return np.asarray(np.tril(x).sum(dtype=np.int32))


def rows_by_hand(x: Array) -> Array:
    return np.asarray(np.tril(x).sum(1, dtype=np.int32))


WHOLE: dict[str, Directives] = {
    "as it is written": lambda s, f: None,
    "columns outside": lambda s, f: s[f.update()].reorder("c", "r"),
    "tiles": lambda s, f: s[f.update()].tile("r", "c", "ro", "co", "ri", "ci", 4, 8).reorder("ro", "co", "ri", "ci"),
    "unrolled": lambda s, f: s[f.update()].split("c", "co", "ci", 4).unroll("ci"),
    "one loop": lambda s, f: s[f.update()].fuse("r", "c", "t").split("t", "to", "ti", 5),
    "columns in blocks, rows split": lambda s, f: (
        s[f.update()].split("c", "co", "ci", 3).split("r", "ro", "ri", 2).reorder("co", "ro", "ci", "ri").unroll("ri")
    ),
}


@pytest.mark.parametrize("n", [1, 13])
@pytest.mark.parametrize("name", list(WHOLE))
def test_sum(name: str, n: int) -> None:
    f = total(n)
    s = tl.Schedule(f)
    WHOLE[name](s, f)
    assert_agrees(f, s, whole_by_hand, shape=())


ROWS: dict[str, Directives] = {
    "as it is written": lambda s, f: None,
    "columns outside": lambda s, f: s[f.update()].reorder("c", "i"),
    "rows in vectors": lambda s, f: s[f.update()].reorder("c", "i").vectorize("i", 8),
    "rows in vectors, columns inside": lambda s, f: (
        s[f.update()].split("i", "io", "ii", 4).reorder("io", "c", "ii").vectorize("ii")
    ),
    "parallel rows": lambda s, f: s[f.update()].parallel("i"),
    "parallel blocks of rows": lambda s, f: (
        s[f.update()].split("i", "io", "ii", 8).split("c", "co", "ci", 4).reorder("io", "co", "ii", "ci").parallel("io")
    ),
    "rows and columns unrolled": lambda s, f: s[f.update()].unroll("i", 2).unroll("c", 3),
    "guarded rows in vectors": lambda s, f: s[f.update()].reorder("c", "i").vectorize("i", 16, "guard_with_if"),
}


@pytest.mark.parametrize("n", [1, 21])
@pytest.mark.parametrize("name", list(ROWS))
def test_sums_of_rows(name: str, n: int) -> None:
    f = by_rows(n)
    s = tl.Schedule(f)
    ROWS[name](s, f)
    assert_agrees(f, s, rows_by_hand, shape=(n,))


def corner(n: int) -> tl.Func:
    """A sum whose bound depends on two Vars, for most of which there is nothing to add."""
    x, c = tl.Input("x", (n, n), tl.int32), tl.RDom("c", n)
    c.where(c + j + 3 <= i)
    f = tl.Func("f")
    f[i, j] += x[i, c]
    return f


def corner_by_hand(x: Array) -> Array:
    n = len(x)
    return np.array([[x[i, : max(i - j - 2, 0)].sum(dtype=np.int32) for j in range(n)] for i in range(n)])


CORNERS: dict[str, Directives] = {
    "as it is written": lambda s, f: None,
    "parallel loops of each row, some of no tasks": lambda s, f: s[f.update()].parallel("j"),
    "parallel rows": lambda s, f: s[f.update()].parallel("i"),
    "columns in vectors": lambda s, f: s[f.update()].reorder("i", "c", "j").vectorize("j", 4),
    "rows in vectors": lambda s, f: s[f.update()].reorder("j", "c", "i").vectorize("i", 8),
    "parallel inside of the sum": lambda s, f: s[f.update()].reorder("c", "i", "j").parallel("j"),
    "unrolled sums": lambda s, f: s[f.update()].split("c", "co", "ci", 4).unroll("ci").parallel("i"),
}


@pytest.mark.parametrize("n", [1, 4, 21])
@pytest.mark.parametrize("name", list(CORNERS))
def test_sums_that_may_be_empty(name: str, n: int) -> None:
    f = corner(n)
    s = tl.Schedule(f)
    CORNERS[name](s, f)
    assert_agrees(f, s, corner_by_hand, shape=(n, n))
