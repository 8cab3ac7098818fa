"""Histogram equalisation: a scatter, a cumulative sum and a gather, under very different schedules."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import Array, assert_agrees

HEIGHT, WIDTH, LEVELS = 19, 45, 256


def equalise() -> tl.Func:
    image = tl.Input("image", (HEIGHT, WIDTH), tl.uint8)
    i, j, level = tl.vars("i j level")
    r, c = tl.RDom("r c", HEIGHT, WIDTH)
    step = tl.RDom("step", (1, LEVELS - 1))

    histogram = tl.Func("histogram", tl.int32)
    histogram[level] = 0
    histogram[image[r, c]] += 1

    total = tl.Func("total")
    total[level] = histogram[level]
    total[step] += total[step - 1]

    table, out = tl.Func("table"), tl.Func("out")
    table[level] = tl.cast(tl.uint8, tl.clamp(total[level] * 255 // (HEIGHT * WIDTH), 0, 255))
    out[i, j] = table[image[i, j]]
    return out


def expected(image: Array) -> Array:
    total = np.bincount(image.reshape(-1), minlength=LEVELS).cumsum()
    return (total * 255 // image.size).astype(np.uint8)[image]


def plain(s: tl.Schedule) -> None:
    """The table is found anew for every pixel."""
    s["total"].compute_root()
    s["histogram"].compute_root()


def a_table_of_bytes(s: tl.Schedule) -> None:
    plain(s)
    s["table"].compute_root().vectorize("level", 32)
    s["out"].vectorize("j", 16).parallel("i")


def lanes_gather(s: tl.Schedule) -> None:
    plain(s)
    s["histogram"].vectorize("level", 16)
    s["total"].vectorize("level", 16)
    s["table"].compute_root()
    s["out"].fuse("i", "j", "pixel").vectorize("pixel", 8, "guard_with_if")


def on_the_stack(s: tl.Schedule) -> None:
    s["histogram"].compute_root().store_in("stack")
    s["histogram", 1].unroll("c", 5)
    s["total"].compute_root().store_in("stack")
    s["total", 1].unroll("step", 5)
    s["table"].compute_root().store_in("stack").unroll("level", 4)
    s["out"].tile("i", "j", "io", "jo", "ii", "ji", 4, 16, "guard_with_if").parallel("io").vectorize("ji").unroll("ii")


def columns_first(s: tl.Schedule) -> None:
    plain(s)
    s["histogram", 1].reorder("c", "r")
    s["table"].compute_root().parallel("level", 64)
    s["out"].reorder("j", "i").vectorize("i", 4).parallel("j", 16)


def strips_of_rows(s: tl.Schedule) -> None:
    s["histogram"].compute_root()
    s["histogram", 1].split("r", "ro", "ri", 5).rfactor(("ro", "strip"), "counts").compute_root().vectorize("level", 16)
    s["counts", 1].parallel("strip")
    s["histogram", 1].reorder("ro", "level").vectorize("level", 16)
    s["total"].compute_root()
    s["table"].compute_root()


SCHEDULES: dict[str, Callable[[tl.Schedule], None]] = {
    f.__name__: f for f in (plain, a_table_of_bytes, lanes_gather, on_the_stack, columns_first, strips_of_rows)
}


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_histogram_equalisation(name: str) -> None:
    output = equalise()
    s = tl.Schedule(output)
    SCHEDULES[name](s)
    assert_agrees(output, s, expected)


def test_a_ramp_is_equal_already() -> None:
    image = np.resize(np.arange(256, dtype=np.uint8), (HEIGHT, WIDTH))
    result = tl.compile(equalise())(image)
    np.testing.assert_array_equal(result, expected(image))
    assert result.max() == 255
