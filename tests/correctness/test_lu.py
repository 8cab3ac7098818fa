"""LU decomposition without pivoting, in place, of one matrix and of many."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

import tensorlang as tl
from tests.correctness.checking import assert_agrees

Directives = Callable[[tl.Schedule, tl.Func], object]
Matrix = npt.NDArray[np.float64]

b, i, j = tl.vars("b i j")


def decomposition(n: int) -> tl.Func:
    """Step k divides what is below the diagonal by the pivot, then takes multiples of row k off the rows below."""
    a, steps, lu = tl.Input("a", (n, n), tl.float64), tl.RDom("k r c", n, n, n), tl.Func("lu")
    k, r, c = steps
    steps.where(r > k).where(c >= k)
    lu[i, j] = a[i, j]
    lu[r, c] = tl.select(c == k, lu[r, k] / lu[k, k], lu[r, c] - lu[r, k] * lu[k, c])
    return lu


def decompositions(n: int, count: int) -> tl.Func:
    """The same of `count` matrices, which come last so that they are beside each other in memory."""
    a, steps, lu = tl.Input("a", (n, n, count), tl.float64), tl.RDom("k r c", n, n, n), tl.Func("lu")
    k, r, c = steps
    steps.where(r > k).where(c >= k)
    lu[i, j, b] = a[i, j, b]
    lu[r, c, b] = tl.select(c == k, lu[r, k, b] / lu[k, k, b], lu[r, c, b] - lu[r, k, b] * lu[k, c, b])
    return lu


def matrix(n: int) -> Matrix:
    """Large on its diagonal, so that no pivoting is needed."""
    return np.random.default_rng(n).uniform(-1, 1, (n, n)) + 2 * n * np.eye(n)


def by_hand(a: Matrix) -> Matrix:
    lu = a.copy()
    for k in range(len(a)):
        lu[k + 1 :, k] /= lu[k, k]
        lu[k + 1 :, k + 1 :] -= np.outer(lu[k + 1 :, k], lu[k, k + 1 :])
    return lu


def each_by_hand(a: Matrix) -> Matrix:
    return np.stack([by_hand(a[..., m]) for m in range(a.shape[-1])], axis=-1)


def the_copy_apart(s: tl.Schedule, lu: tl.Func) -> None:
    s[lu].vectorize("j", 4).parallel("i")
    s[lu.update()].unroll("c", 2)


ONE: dict[str, Directives] = {
    "as it is written": lambda s, lu: None,
    "columns in fours": lambda s, lu: s[lu.update()].split("c", "co", "ci", 4).unroll("ci"),
    "rows and columns as one loop": lambda s, lu: s[lu.update()].fuse("r", "c", "t").split("t", "to", "ti", 6),
    "steps in blocks": lambda s, lu: s[lu.update()].split("k", "ko", "ki", 3).split("r", "ro", "ri", 5),
    "the copy apart": the_copy_apart,
    "all in one loop": lambda s, lu: s[lu.update()].fuse("k", "r", "kr").fuse("kr", "c", "krc").unroll("krc", 3),
}


@pytest.mark.parametrize("n", [1, 13])
@pytest.mark.parametrize("name", list(ONE))
def test_one_matrix(name: str, n: int) -> None:
    lu, a = decomposition(n), matrix(n)
    s = tl.Schedule(lu)
    ONE[name](s, lu)
    kernel = assert_agrees(lu, s, by_hand, shape=a.shape, arrays={"a": a}, tolerance=1e-13)
    found = kernel(a)
    lower, upper = np.tril(found, -1) + np.eye(n), np.triu(found)
    np.testing.assert_allclose(lower @ upper, a, rtol=0, atol=1e-12 * n)


def many_in_vectors(s: tl.Schedule, lu: tl.Func) -> None:
    s[lu].vectorize("b", 4)
    s[lu.update()].reorder("k", "r", "c", "b").vectorize("b", 4)


def parallel_vectors(s: tl.Schedule, lu: tl.Func) -> None:
    s[lu.update()].split("b", "bo", "bi", 4, "guard_with_if").reorder("bo", "k", "r", "c", "bi")
    s[lu.update()].vectorize("bi").parallel("bo")


MANY: dict[str, Directives] = {
    "as it is written": lambda s, lu: None,
    "one after the other in parallel": lambda s, lu: s[lu.update()].parallel("b"),
    "side by side": many_in_vectors,
    "parallel vectors": parallel_vectors,
    "side by side, unrolled": lambda s, lu: s[lu.update()].reorder("k", "r", "c", "b").unroll("b", 3),
}


@pytest.mark.parametrize("name", list(MANY))
def test_many_matrices(name: str) -> None:
    n, count = 9, 7
    a = np.stack([matrix(n) + m for m in range(count)], axis=-1)
    lu = decompositions(n, count)
    s = tl.Schedule(lu)
    MANY[name](s, lu)
    assert_agrees(lu, s, each_by_hand, shape=a.shape, arrays={"a": a}, tolerance=1e-13)


def test_what_would_change_the_order_of_the_elimination_is_refused() -> None:
    lu = decomposition(8)
    refused: tuple[Callable[[tl.Schedule], object], ...] = (
        lambda s: s[lu.update()].reorder("r", "k"),
        lambda s: s[lu.update()].vectorize("c", 4),
        lambda s: s[lu.update()].parallel("r"),
    )
    for directive in refused:
        with pytest.raises(tl.errors.ScheduleError):
            directive(tl.Schedule(lu))
