"""The place of the largest element of each row, and of the smallest of a window, under many schedules."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import Array, assert_agrees

ROWS, COLUMNS = 11, 37


def rows_argmax(dtype: str = "float32") -> tl.Func:
    x = tl.Input("x", (ROWS, COLUMNS), dtype)
    i, k, out = tl.Var("i"), tl.RDom("k", COLUMNS), tl.Func("out")
    out[i] = tl.argmax(x[i, k], name="best")
    return out


def rows_expected(x: Array) -> tuple[Array, Array]:
    return x.argmax(1), x.max(1)


def columns_argmax() -> tl.Func:
    """Reduced over the outer dimension, so that places of neighbouring columns make a vector."""
    x = tl.Input("x", (ROWS, COLUMNS), tl.float32)
    j, k, out = tl.Var("j"), tl.RDom("k", ROWS), tl.Func("out")
    out[j] = tl.argmax(x[k, j], name="best")
    return out


def columns_expected(x: Array) -> tuple[Array, Array]:
    return x.argmax(0), x.max(0)


def plain(s: tl.Schedule) -> None:
    pass


def best_at_root(s: tl.Schedule) -> None:
    s["best"].compute_root()


def in_registers(s: tl.Schedule) -> None:
    s["out"].split("j", "jo", "ji", 8).vectorize("ji")
    s["best"].compute_at("out", "jo").store_in("register").vectorize("j", 8).unroll("j")
    s["best", 1].reorder("k", "j").vectorize("j", 8, "guard_with_if").unroll("j")


def in_parallel_tiles(s: tl.Schedule) -> None:
    s["out"].split("j", "jo", "ji", 16, "guard_with_if").parallel("jo").vectorize("ji")
    s["best"].compute_at("out", "jo").vectorize("j", 8)
    s["best", 1].vectorize("j", 8).split("k", "ko", "ki", 4).unroll("ki")


def on_the_stack(s: tl.Schedule) -> None:
    s["out"].split("j", "jo", "ji", 16)
    s["best"].compute_at("out", "jo").store_in("stack").vectorize("j", 4)
    s["best", 1].split("j", "jo", "ji", 4).reorder("jo", "k", "ji").vectorize("ji")


def aligned_rows(s: tl.Schedule) -> None:
    s["best"].compute_root().align_storage("j", 16).parallel("j", 8)
    s["best", 1].split("j", "jo", "ji", 8, "guard_with_if").reorder("jo", "k", "ji").vectorize("ji").parallel("jo")


COLUMN_SCHEDULES: dict[str, Callable[[tl.Schedule], None]] = {
    f.__name__: f for f in (plain, best_at_root, in_registers, in_parallel_tiles, on_the_stack, aligned_rows)
}


@pytest.mark.parametrize("name", list(COLUMN_SCHEDULES))
def test_columns(name: str) -> None:
    out = columns_argmax()
    s = tl.Schedule(out)
    COLUMN_SCHEDULES[name](s)
    assert_agrees(out, s, columns_expected)


def unrolled(s: tl.Schedule) -> None:
    s["best", 1].split("k", "ko", "ki", 8).unroll("ki")


def rows_in_parallel(s: tl.Schedule) -> None:
    s["out"].parallel("i")
    s["best"].compute_at("out", "i").store_in("register")
    s["best", 1].unroll("k")


def rows_as_lanes(s: tl.Schedule) -> None:
    s["best"].compute_root().vectorize("i", 4)
    s["best", 1].reorder("k", "i").vectorize("i", 4)
    s["out"].vectorize("i", 8)


def rows_in_parts(s: tl.Schedule) -> None:
    """Lanes of partial results, merged by place: of equal values the first counts, though lanes meet them last."""
    s["best"].compute_root()
    s["best", 1].split("k", "ko", "ki", 8).rfactor(("ki", "lane"), "parts").compute_at("best.update()", "i").vectorize(
        "lane"
    )
    s["parts", 1].reorder("ko", "lane").vectorize("lane")


def rows_in_strips(s: tl.Schedule) -> None:
    s["best"].compute_root().parallel("i")
    s["best", 1].parallel("i").split("k", "ko", "ki", 5).rfactor([("ko", "strip")], "parts").compute_root()
    s["parts"].vectorize("i", 4)
    s["parts", 1].parallel("strip").reorder("ki", "i").vectorize("i", 4)


def rows_one_by_one(s: tl.Schedule) -> None:
    """Every term a partial result of its own: the merge sees them all."""
    s["best"].compute_root()
    s["best", 1].rfactor(("k", "k"), "parts").compute_root()
    s["parts", 1].vectorize("k", 16, "predicate")


ROW_SCHEDULES: dict[str, Callable[[tl.Schedule], None]] = {
    f.__name__: f
    for f in (
        plain,
        best_at_root,
        unrolled,
        rows_in_parallel,
        rows_as_lanes,
        rows_in_parts,
        rows_in_strips,
        rows_one_by_one,
    )
}


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint16"])
@pytest.mark.parametrize("name", list(ROW_SCHEDULES))
def test_rows(name: str, dtype: str) -> None:
    out = rows_argmax(dtype)
    s = tl.Schedule(out)
    ROW_SCHEDULES[name](s)
    assert_agrees(out, s, rows_expected)


@pytest.mark.parametrize("name", ["plain", "in_registers", "aligned_rows"])
def test_ties_and_nan_are_as_in_numpy(name: str) -> None:
    out = columns_argmax()
    s = tl.Schedule(out)
    COLUMN_SCHEDULES[name](s)
    x = np.random.default_rng(3).integers(0, 3, (ROWS, COLUMNS)).astype(np.float32)
    x[4:6, 3] = x[7, 4] = np.nan
    x[:, 5] = -np.inf
    x[2:4, 6] = np.inf
    places, values = tl.compile(out, s)(x)
    np.testing.assert_array_equal(places, x.argmax(0))
    np.testing.assert_array_equal(values, x.max(0))


@pytest.mark.parametrize("name", ["plain", "rows_in_parts", "rows_in_strips", "rows_one_by_one"])
@pytest.mark.parametrize("place", ["argmax", "argmin"])
def test_parts_that_tie_or_are_nan_are_merged_as_in_numpy(name: str, place: str) -> None:
    rng = np.random.default_rng(5)
    x = rng.integers(0, 3, (ROWS, COLUMNS)).astype(np.float32)
    x[:6][rng.random((6, COLUMNS)) < 0.1] = np.nan
    x[6] = -np.inf
    x[7] = np.inf
    x[8, 20:] = np.nan
    i, k, out = tl.Var("i"), tl.RDom("k", COLUMNS), tl.Func("out")
    find, numpy = (tl.argmax, np.argmax) if place == "argmax" else (tl.argmin, np.argmin)
    out[i] = find(tl.Input("x", (ROWS, COLUMNS), tl.float32)[i, k], name="best")
    s = tl.Schedule(out)
    ROW_SCHEDULES[name](s)
    places, values = tl.compile(out, s)(x)
    np.testing.assert_array_equal(places, numpy(x, axis=1))
    np.testing.assert_array_equal(values, np.take_along_axis(x, places[:, None], 1)[:, 0])


def window() -> tl.Func:
    """Where in each 3 x 4 window the smallest element is: two coordinates and a value."""
    x = tl.Input("x", (9, 21), tl.float32)
    i, j = tl.vars("i j")
    r, c = tl.RDom("r c", (-1, 3), (0, 4))
    out = tl.Func("out")
    row, column, value = tl.argmin(x[i + r + 1, j + c], name="least")
    out[i, j] = (i + row, tl.cast(tl.int32, j + column), value)
    return out


def window_expected(x: Array) -> tuple[Array, Array, Array]:
    shape = (7, 18)
    rows, columns, values = (np.zeros(shape, kind) for kind in (np.int64, np.int32, np.float32))
    for i, j in np.ndindex(shape):
        part = x[i : i + 3, j : j + 4]
        row, column = divmod(int(part.argmin()), 4)
        rows[i, j], columns[i, j], values[i, j] = i + row - 1, j + column, part.min()
    return rows, columns, values


def rows_of_windows(s: tl.Schedule) -> None:
    s["least"].compute_root().parallel("i")
    s["least", 1].parallel("i").reorder("r", "c", "j").vectorize("j", 4)


def lanes_of_windows(s: tl.Schedule) -> None:
    s["out"].vectorize("j", 8, "guard_with_if").parallel("i")
    s["least"].compute_at("out", "i").vectorize("j", 8)
    s["least", 1].split("j", "jo", "ji", 8).reorder("jo", "r", "c", "ji").vectorize("ji").unroll("c")


def tiles_of_windows(s: tl.Schedule) -> None:
    s["out"].tile("i", "j", "io", "jo", "ii", "ji", 3, 8).parallel("io")
    s["least"].compute_at("out", "jo").store_in("stack").reorder_storage("j", "i")
    s["least", 1].unroll("r").unroll("c")


def windows_in_parts(s: tl.Schedule) -> None:
    s["least"].compute_at("out", "i").vectorize("j", 8)
    s["least", 1].rfactor([("r", "row"), ("c", "column")], "parts").compute_at("least.update()", "j")
    s["parts", 1].reorder("column", "row", "i", "j")


def windows_by_columns(s: tl.Schedule) -> None:
    """The inner dimension is merged last: places are compared in the order of the RDom all the same."""
    s["least"].compute_root()
    s["least", 1].rfactor(("c", "c"), "parts").compute_root().vectorize("j", 8)
    s["parts", 1].reorder("c", "i", "r", "j").vectorize("j", 8).parallel("i")


WINDOW_SCHEDULES: dict[str, Callable[[tl.Schedule], None]] = {
    "plain": plain,
    "rows": rows_of_windows,
    "lanes": lanes_of_windows,
    "tiles": tiles_of_windows,
    "parts": windows_in_parts,
    "columns": windows_by_columns,
}


@pytest.mark.parametrize("name", list(WINDOW_SCHEDULES))
def test_windows(name: str) -> None:
    out = window()
    s = tl.Schedule(out)
    WINDOW_SCHEDULES[name](s)
    assert_agrees(out, s, window_expected)


@pytest.mark.parametrize("name", ["plain", "parts", "columns"])
def test_windows_that_tie(name: str) -> None:
    out = window()
    s = tl.Schedule(out)
    WINDOW_SCHEDULES[name](s)
    x = np.random.default_rng(1).integers(0, 2, (9, 21)).astype(np.float32)
    for ours, wanted in zip(tl.compile(out, s)(x), window_expected(x), strict=True):
        np.testing.assert_array_equal(ours, wanted)
