"""Pipelines of several outputs, of different shapes and types, that read each other, under different schedules."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import Array, assert_agrees

ROWS, COLUMNS = 9, 34
SHAPES = {"centred": (ROWS, COLUMNS), "mean": (ROWS,), "signs": (COLUMNS, ROWS), "extremes": (), "pairs": (5, 7)}


def statistics() -> list[tl.Func]:
    """Means, what is left without them, its signs transposed, the extremes of all, and pairs from two of them."""
    x = tl.Input("x", (ROWS, COLUMNS), tl.float32)
    i, j = tl.vars("i j")
    r, c = tl.RDom("r c", ROWS, COLUMNS)
    mean, centred, signs, extremes, pairs = map(tl.Func, ("mean", "centred", "signs", "extremes", "pairs"))
    mean[i] = tl.sum(x[i, tl.RDom("k", COLUMNS)], name="total") / COLUMNS
    centred[i, j] = x[i, j] - mean[i]
    signs[j, i] = tl.cast(tl.int8, tl.select(centred[i, j] < 0, -1, 1))
    extremes[()] = (float("inf"), float("-inf"))
    value = centred[r, c]
    extremes[()] = (tl.min(extremes[()][0], value), tl.max(extremes[()][1], value))
    pairs[i, j] = (signs[j, i], centred[i + 1, j] - extremes[()][0])
    return [centred, mean, signs, extremes, pairs]


def expected(x: Array) -> tuple[Array, ...]:
    mean = x.mean(1)
    centred = x - mean[:, None]
    signs = np.where(centred < 0, -1, 1).astype(np.int8)
    low, high = centred.min(), centred.max()
    return centred, mean, signs.T, low, high, signs[:5, :7], centred[1:6, :7] - low


def plain(s: tl.Schedule) -> None:
    """No directive at all."""


def lanes(s: tl.Schedule) -> None:
    s["total"].compute_root()
    s["centred"].vectorize("j", 16).parallel("i")
    s["signs"].vectorize("i", 8)
    s["pairs"].vectorize("j", 4, "guard_with_if")
    s["extremes", 1].unroll("c", 2)


def rows_in_parallel(s: tl.Schedule) -> None:
    s["mean"].parallel("i")
    s["total"].compute_at("mean", "i").store_in("register")
    s["total", 1].unroll("k", 4)
    s["centred"].parallel("i")
    s["signs"].reorder("i", "j").vectorize("j", 4)
    s["pairs"].parallel("i").unroll("j")


def fused(s: tl.Schedule) -> None:
    s["total"].compute_root().vectorize("i", 4)
    s["total", 1].reorder("k", "i").vectorize("i", 4)
    s["centred"].fuse("i", "j", "t").vectorize("t", 8)
    s["signs"].fuse("j", "i", "t").parallel("t", 16)
    s["pairs"].fuse("i", "j", "t").unroll("t", 5)


def tiles(s: tl.Schedule) -> None:
    s["centred"].tile("i", "j", "io", "jo", "ii", "ji", 4, 16).parallel("io").vectorize("ji").unroll("ii")
    s["signs"].tile("j", "i", "jo", "io", "ji", "ii", 8, 4, "guard_with_if").vectorize("ii")
    s["extremes", 1].reorder("c", "r")
    s["pairs"].tile("i", "j", "io", "jo", "ii", "ji", 2, 4, "guard_with_if").vectorize("ji")


SCHEDULES: dict[str, Callable[[tl.Schedule], None]] = {
    f.__name__: f for f in (plain, lanes, rows_in_parallel, fused, tiles)
}


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_several_outputs(name: str) -> None:
    outputs = statistics()
    s = tl.Schedule(outputs)
    SCHEDULES[name](s)
    assert_agrees(outputs, s, expected, shape=SHAPES)
