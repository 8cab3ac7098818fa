"""Histograms, counted by one thread and by several: partial histograms, or atomic bins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.dtypes import DType
from tests.correctness.checking import Array, assert_agrees

ROWS, COLUMNS, BINS = 12, 40, 16


def program(count: DType = tl.int32) -> tl.Func:
    image = tl.Input("image", (ROWS, COLUMNS), tl.uint8)
    i = tl.Var("i")
    y, x = tl.RDom("y x", ROWS, COLUMNS)
    bins = tl.Func("bins")
    bins[i] = tl.cast(count, 0)
    bins[tl.cast(tl.int64, image[y, x]) // 16] += tl.cast(count, 1)
    return bins


def numpy_histogram(image: Array) -> Array:
    return np.bincount(image.ravel() // 16, minlength=BINS)


def plain(f: tl.Func) -> tl.Schedule:
    return tl.Schedule(f)


def a_histogram_of_each_row(f: tl.Func) -> tl.Schedule:
    s = tl.Schedule(f)
    s[f.update()].rfactor(("y", "u"), "rows").compute_root().parallel("u").vectorize("i", 16)
    s["rows", 1].parallel("u")
    s[f.update()].reorder("y", "i").vectorize("i", 16)
    return s


def a_histogram_of_each_block(f: tl.Func) -> tl.Schedule:
    s = tl.Schedule(f)
    s[f.update()].fuse("y", "x", "pixel").split("pixel", "block", "p", 96)
    s[f.update()].rfactor(("block", "u"), "blocks").compute_root()
    s["blocks", 1].parallel("u").unroll("p", 4)
    return s


def a_histogram_of_each_row_and_half(f: tl.Func) -> tl.Schedule:
    s = tl.Schedule(f)
    s[f.update()].split("x", "half", "xi", 20).rfactor([("y", "u"), ("half", "v")], "parts").compute_root()
    s["parts", 1].fuse("u", "v", "task").parallel("task")
    s[f.update()].split("i", "io", "ii", 8).parallel("io")
    return s


def atomic_bins(f: tl.Func) -> tl.Schedule:
    s = tl.Schedule(f)
    s[f.update()].atomic().parallel("y")
    return s


def lanes_in_order(f: tl.Func) -> tl.Schedule:
    s = tl.Schedule(f)
    s[f.update()].atomic().vectorize("x", 16)
    return s


def atomic_lanes(f: tl.Func) -> tl.Schedule:
    s = tl.Schedule(f)
    s[f.update()].atomic().parallel("y", 3).vectorize("x", 8)
    return s


def lanes_of_histograms(f: tl.Func) -> tl.Schedule:
    """Eight histograms side by side, each fed by one lane."""
    s = tl.Schedule(f)
    s[f.update()].split("x", "xo", "xi", 8).rfactor(("xi", "u"), "lanes").compute_root().reorder_storage("i", "u")
    s["lanes"].reorder("i", "u").vectorize("u")
    s["lanes", 1].vectorize("u")
    return s


SCHEDULES: tuple[Callable[[tl.Func], tl.Schedule], ...] = (
    plain,
    a_histogram_of_each_row,
    a_histogram_of_each_block,
    a_histogram_of_each_row_and_half,
    atomic_bins,
    lanes_in_order,
    atomic_lanes,
    lanes_of_histograms,
)


@pytest.mark.parametrize("count", [tl.uint8, tl.float32], ids=str)
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.__name__)
def test_histogram(schedule: Callable[[tl.Func], tl.Schedule], count: DType) -> None:
    bins = program(count)
    assert_agrees(bins, schedule(bins), numpy_histogram, shape=(BINS,))
