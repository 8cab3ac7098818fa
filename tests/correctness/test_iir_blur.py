"""A recursive blur: each row is scanned forward and back, then each column, under very different schedules."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import Array, assert_agrees

HEIGHT, WIDTH, ALPHA = 13, 22, 0.25


def iir_blur() -> tl.Func:
    x = tl.Input("x", (HEIGHT, WIDTH), tl.float32)
    i, j = tl.vars("i j")
    right, left = tl.RDom("right", (1, WIDTH - 1)), tl.RDom("left", (1, WIDTH - 1))
    down, up = tl.RDom("down", (1, HEIGHT - 1)), tl.RDom("up", (1, HEIGHT - 1))

    rows = tl.Func("rows")
    rows[i, j] = x[i, j]
    rows[i, right] = (1 - ALPHA) * rows[i, right - 1] + ALPHA * rows[i, right]
    back = WIDTH - 1 - left
    rows[i, back] = (1 - ALPHA) * rows[i, back + 1] + ALPHA * rows[i, back]

    columns = tl.Func("columns")
    columns[i, j] = rows[i, j]
    columns[down, j] = (1 - ALPHA) * columns[down - 1, j] + ALPHA * columns[down, j]
    back = HEIGHT - 1 - up
    columns[back, j] = (1 - ALPHA) * columns[back + 1, j] + ALPHA * columns[back, j]
    return columns


def expected(x: Array) -> Array:
    for _ in range(2):
        x = x.copy()
        for k in [*range(1, x.shape[1])]:
            x[:, k] = (1 - ALPHA) * x[:, k - 1] + ALPHA * x[:, k]
        for k in reversed(range(x.shape[1] - 1)):
            x[:, k] = (1 - ALPHA) * x[:, k + 1] + ALPHA * x[:, k]
        x = x.T
    return x


def plain(s: tl.Schedule) -> None:
    """No directive at all."""


def columns_as_lanes(s: tl.Schedule) -> None:
    s["rows"].compute_root()
    s["columns"].vectorize("j", 8, "guard_with_if")
    for update in (1, 2):
        s["columns", update].reorder("down" if update == 1 else "up", "j").vectorize("j", 8)


def columns_in_parallel_strips(s: tl.Schedule) -> None:
    s["rows"].compute_root().parallel("i")
    s["rows", 1].parallel("i")
    s["rows", 2].parallel("i")
    for update, scan in ((1, "down"), (2, "up")):
        s["columns", update].split("j", "jo", "ji", 8).reorder("jo", scan, "ji").vectorize("ji").parallel("jo")


def rows_stored_by_columns(s: tl.Schedule) -> None:
    s["rows"].compute_root().reorder_storage("j", "i").reorder("j", "i").vectorize("i", 4)
    s["rows", 1].reorder("right", "i").vectorize("i", 4)
    s["rows", 2].reorder("left", "i").vectorize("i", 4)
    s["columns"].vectorize("j", 4)


def a_row_at_a_time(s: tl.Schedule) -> None:
    s["rows"].compute_at("columns", "i").store_in("stack")
    s["rows", 1].split("right", "ro", "ri", 3).unroll("ri")
    s["rows", 2].unroll("left", 2)
    s["columns", 1].reorder("j", "down").unroll("down", 4)


def padded_rows(s: tl.Schedule) -> None:
    s["rows"].compute_root().align_storage("j", 16).vectorize("j", 16).parallel("i")
    s["rows", 1].split("i", "io", "ii", 4).reorder("io", "right", "ii").unroll("ii").parallel("io")
    s["rows", 2].split("i", "io", "ii", 4, "guard_with_if").reorder("io", "left", "ii").vectorize("ii")
    s["columns", 1].reorder("down", "j").vectorize("j", 16).unroll("down", 2)
    s["columns", 2].reorder("up", "j").vectorize("j", 16, "predicate")


SCHEDULES: dict[str, Callable[[tl.Schedule], None]] = {
    f.__name__: f
    for f in (
        plain,
        columns_as_lanes,
        columns_in_parallel_strips,
        rows_stored_by_columns,
        a_row_at_a_time,
        padded_rows,
    )
}


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_iir_blur(name: str) -> None:
    output = iir_blur()
    s = tl.Schedule(output)
    SCHEDULES[name](s)
    assert_agrees(output, s, expected, shape=(HEIGHT, WIDTH))


def test_a_constant_image_stays_constant() -> None:
    image = np.full((HEIGHT, WIDTH), 3, np.float32)
    np.testing.assert_allclose(tl.compile(iir_blur(), shape=(HEIGHT, WIDTH))(image), image, rtol=1e-6)
