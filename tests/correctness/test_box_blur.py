"""A box blur in two passes, whose first pass may keep just the rows that the window of the second is over."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import Array, assert_agrees

HEIGHT, WIDTH, SIZE = 23, 37, 5
ROW_BYTES = WIDTH * 4


def box_blur() -> tl.Func:
    image = tl.Input("image", (HEIGHT, WIDTH), tl.uint8)
    i, j = tl.vars("i j")
    across, down = tl.RDom("across", (-(SIZE // 2), SIZE)), tl.RDom("down", (-(SIZE // 2), SIZE))
    near = tl.mirror_interior(image, vars="i j", name="near")
    rows, total, blur = tl.Func("rows"), tl.Func("total"), tl.Func("blur")
    rows[i, j] = tl.sum(near[i, j + across], dtype=tl.uint32, name="row_sum")
    total[i, j] = tl.sum(rows[i + down, j], dtype=tl.uint32, name="box_sum")
    blur[i, j] = tl.cast(tl.uint8, (total[i, j] + SIZE * SIZE // 2) // (SIZE * SIZE))
    return blur


def expected(image: Array) -> Array:
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, SIZE // 2, "reflect"), (SIZE, SIZE))
    result: Array = (windows.sum((2, 3)) + SIZE * SIZE // 2) // (SIZE * SIZE)
    return result


def plain(s: tl.Schedule) -> None:
    """All 25 values are read for each pixel."""


def breadth_first(s: tl.Schedule) -> None:
    s["near"].compute_root().vectorize("j", 16)
    s["rows"].compute_root().parallel("i").vectorize("j", 8)
    s["row_sum"].compute_at("rows", "j").store_in("register").vectorize("j", 8)
    s["row_sum", 1].unroll("across").vectorize("j", 8)
    s["box_sum"].compute_root().parallel("i").vectorize("j", 8)
    s["blur"].vectorize("j", 16).parallel("i")


def tiles(s: tl.Schedule) -> None:
    s["blur"].tile("i", "j", "io", "jo", "ii", "ji", 8, 16).parallel("io").vectorize("ji")
    s["rows"].compute_at("blur", "jo").vectorize("j", 8)
    s["box_sum"].compute_at("blur", "ii").vectorize("j", 8)


def sliding_rows(s: tl.Schedule) -> None:
    s["rows"].compute_at("blur", "i").store_root()
    s["box_sum"].compute_at("blur", "j").store_in("stack")


def sliding_vectors(s: tl.Schedule) -> None:
    s["blur"].vectorize("j", 8)
    s["rows"].compute_at("blur", "i").store_root().vectorize("j", 8)
    s["box_sum"].compute_at("blur", "i").vectorize("j", 8)


def sliding_in_strips(s: tl.Schedule) -> None:
    s["blur"].split("i", "io", "ii", 6).parallel("io")
    s["rows"].compute_at("blur", "ii").store_at("blur", "io").fold_storage("i", 8).vectorize("j", 4)
    s["box_sum"].compute_at("blur", "ii").vectorize("j", 4)


def sliding_columns(s: tl.Schedule) -> None:
    """The window runs over columns in bands of rows, and keeps a few columns of a band."""
    s["blur"].split("i", "io", "ii", 4, "guard_with_if").reorder("io", "j", "ii").parallel("io")
    s["rows"].compute_at("blur", "j").store_at("blur", "io").reorder("j", "i").reorder_storage("j", "i")
    s["box_sum"].compute_at("blur", "j").store_in("stack")


def sliding_twice(s: tl.Schedule) -> None:
    """The border slides too, a row ahead of the sums of its rows."""
    s["near"].compute_at("blur", "i").store_root().vectorize("j", 8)
    s["rows"].compute_at("blur", "i").store_root().vectorize("j", 8)
    s["box_sum"].compute_at("blur", "i").hoist_storage_root().vectorize("j", 8)
    s["box_sum", 1].unroll("down")


SCHEDULES: dict[str, Callable[[tl.Schedule], None]] = {
    f.__name__: f
    for f in (
        plain,
        breadth_first,
        tiles,
        sliding_rows,
        sliding_vectors,
        sliding_in_strips,
        sliding_columns,
        sliding_twice,
    )
}


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_box_blur(name: str) -> None:
    output = box_blur()
    s = tl.Schedule(output)
    SCHEDULES[name](s)
    assert_agrees(output, s, expected, shape=(HEIGHT, WIDTH))


def test_the_window_keeps_as_many_rows_as_it_is_high() -> None:
    output = box_blur()
    s = tl.Schedule(output)
    sliding_rows(s)
    kept = tl.compile(output, s, shape=(HEIGHT, WIDTH)).scratch_bytes()
    # The rows and the two sums, each of which ends at a multiple of 64.
    assert SIZE * ROW_BYTES <= kept <= SIZE * ROW_BYTES + 3 * 64 < (SIZE + 1) * ROW_BYTES + 2 * 64
