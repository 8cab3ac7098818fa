"""Sums of rows and columns, the norm of a matrix, and the largest element of all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.dtypes import DType
from tests.correctness.checking import assert_agrees

ROWS, COLUMNS = 24, 45
Schedules = dict[str, Callable[[tl.Schedule, tl.Func], object]]


def matrix(kind: DType = tl.float32) -> tl.Input:
    return tl.Input("x", (ROWS, COLUMNS), kind)


def scheduled(f: tl.Func, give: Callable[[tl.Schedule, tl.Func], object]) -> tl.Schedule:
    s = tl.Schedule(f)
    give(s, f)
    return s


SUMS: Schedules = {
    "plain": lambda s, f: None,
    "parallel": lambda s, f: s[f.update()].parallel("i", 5),
    "lanes of the sum": lambda s, f: s[f.update()].atomic().vectorize("k", 8),
    "lanes of the result": lambda s, f: s[f.update()].reorder("k", "i").vectorize("i", 8),
    "several rows, lanes of the sum": lambda s, f: (
        s[f.update()]
        .atomic()
        .split("i", "io", "ii", 4)
        .split("k", "ko", "kl", 8)
        .reorder("io", "ko", "ii", "kl")
        .unroll("ii")
        .vectorize("kl")
    ),
    "parts": lambda s, f: (
        s[f.update()].split("k", "ko", "ki", 3).rfactor(("ki", "u"), "parts").compute_root(),
        s["parts", 1].parallel("u").reorder("u", "ko", "i").vectorize("i", 8),
    ),
    "atomic parts": lambda s, f: (
        s[f.update()].atomic().split("k", "ko", "ki", 7).reorder("ko", "i", "ki").parallel("ko")
    ),
}


@pytest.mark.parametrize("name", SUMS)
def test_sums_of_rows(name: str) -> None:
    x, i, k, f = matrix(), tl.Var("i"), tl.RDom("k", COLUMNS), tl.Func("f")
    f[i] += x[i, k]
    assert_agrees(f, scheduled(f, SUMS[name]), lambda x: x.sum(axis=1), shape=(ROWS,))


@pytest.mark.parametrize("name", SUMS)
def test_sums_of_columns(name: str) -> None:
    x, i, k, f = matrix(), tl.Var("i"), tl.RDom("k", ROWS), tl.Func("f")
    f[i] += x[k, i]
    assert_agrees(f, scheduled(f, SUMS[name]), lambda x: x.sum(axis=0), shape=(COLUMNS,))


WHOLE: Schedules = {
    "plain": lambda s, f: None,
    "lanes": lambda s, f: s[f.update()].atomic().vectorize("k", 16),
    "rows in parallel": lambda s, f: (
        s[f.update()].rfactor(("r", "u"), "parts").compute_root(),
        s["parts", 1].parallel("u").atomic().vectorize("k", 9),
    ),
    "lanes of parts": lambda s, f: (
        s[f.update()].split("r", "ro", "ri", 8).rfactor(("ri", "u"), "parts").compute_root(),
        s["parts", 1].reorder("ro", "k", "u").vectorize("u"),
        s[f.update()].atomic().vectorize("ri"),
    ),
    "blocks of the fused domain": lambda s, f: (
        s[f.update()]
        .fuse("r", "k", "all")
        .split("all", "block", "n", 72)
        .rfactor(("block", "u"), "parts")
        .compute_root(),
        s["parts", 1].parallel("u").atomic().split("n", "no", "ni", 16).vectorize("ni"),
    ),
    "atomic rows": lambda s, f: s[f.update()].atomic().parallel("r").vectorize("k", 8),
    "atomic elements": lambda s, f: s[f.update()].atomic().parallel("r", 5).parallel("k"),
    "parts of parts": lambda s, f: (
        s[f.update()].split("k", "ko", "ki", 15).rfactor([("r", "u"), ("ko", "v")], "parts").compute_root(),
        s["parts", 1].parallel("u").rfactor(("ki", "w"), "terms").compute_at("parts.update(0)", "v"),
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_norm_of_a_matrix(name: str) -> None:
    x, f, norm = matrix(), tl.Func("f"), tl.Func("norm")
    r, k = tl.RDom("r k", ROWS, COLUMNS)
    f[()] += x[r, k] * x[r, k]
    norm[()] = tl.sqrt(f[()])
    s = tl.Schedule(norm)
    s[f].compute_root()
    WHOLE[name](s, f)
    assert_agrees(norm, s, np.linalg.norm, shape=())


@pytest.mark.parametrize("kind", [tl.float32, tl.int8, tl.uint64], ids=str)
@pytest.mark.parametrize("name", WHOLE)
def test_largest_of_all(name: str, kind: DType) -> None:
    x, f = matrix(kind), tl.Func("f")
    r, k = tl.RDom("r k", ROWS, COLUMNS)
    f[()] = x[0, 0]
    f[()] = tl.max(f[()], x[r, k])
    assert_agrees(f, scheduled(f, WHOLE[name]), np.max, shape=())


@pytest.mark.parametrize("is_any", [True, False])
@pytest.mark.parametrize("name", WHOLE)
def test_whether_any_or_all(name: str, is_any: bool) -> None:
    x, f = matrix(tl.bool_), tl.Func("f")
    r, k = tl.RDom("r k", ROWS, COLUMNS)
    f[()] = x[0, 0]
    f[()] = f[()] | x[r, k] if is_any else f[()] & x[r, k]
    assert_agrees(f, scheduled(f, WHOLE[name]), np.any if is_any else np.all, shape=())
