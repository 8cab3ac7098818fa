"""Harris corners: gradients of an image, their products summed over 3 x 3, and a response of determinant and trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.lang.expr import Expr
from tests.correctness.checking import Array, assert_agrees

HEIGHT, WIDTH = 22, 39
SHAPE = (HEIGHT - 4, WIDTH - 4)
KAPPA = 0.04


def harris() -> tl.Func:
    image = tl.Input("image", (HEIGHT, WIDTH, 3), tl.float32)
    i, j = tl.vars("i j")
    gray, dy, dx = tl.Func("gray"), tl.Func("dy"), tl.Func("dx")
    gray[i, j] = 0.299 * image[i, j, 0] + 0.587 * image[i, j, 1] + 0.114 * image[i, j, 2]

    def difference(a: Expr, b: Expr) -> Expr:
        return (b - a) / 12

    def over(weights: tuple[int, ...], at: Callable[[int], Expr]) -> Expr:
        return weights[0] * at(0) + weights[1] * at(1) + weights[2] * at(2)

    smooth = (1, 2, 1)
    dy[i, j] = difference(over(smooth, lambda k: gray[i, j + k]), over(smooth, lambda k: gray[i + 2, j + k]))
    dx[i, j] = difference(over(smooth, lambda k: gray[i + k, j]), over(smooth, lambda k: gray[i + k, j + 2]))
    sums = []
    for a, b, name in ((dx, dx, "xx"), (dy, dy, "yy"), (dx, dy, "xy")):
        product, box = tl.Func(name), tl.Func(f"sum_{name}")
        product[i, j] = a[i, j] * b[i, j]
        window = tl.RDom(f"r_{name} c_{name}", 3, 3)
        r, c = window
        box[i, j] += product[i + r, j + c]
        sums.append(box[i, j])
    xx, yy, xy = sums
    out = tl.Func("out")
    out[i, j] = xx * yy - xy * xy - KAPPA * (xx + yy) * (xx + yy)
    return out


def expected(image: Array) -> Array:
    gray = image @ np.array([0.299, 0.587, 0.114], np.float32)
    rows, columns = HEIGHT - 2, WIDTH - 2

    def at(i: int, j: int) -> Array:
        return gray[i : i + rows, j : j + columns]

    dy = sum(w * (at(2, k) - at(0, k)) for k, w in enumerate((1, 2, 1))) / 12
    dx = sum(w * (at(k, 2) - at(k, 0)) for k, w in enumerate((1, 2, 1))) / 12

    def box(product: Any) -> Array:
        result: Array = np.lib.stride_tricks.sliding_window_view(product, (3, 3)).sum((2, 3))
        return result

    xx, yy, xy = box(dx * dx), box(dy * dy), box(dx * dy)
    result: Array = xx * yy - xy * xy - KAPPA * (xx + yy) ** 2
    return result


PRODUCTS = ("xx", "yy", "xy")
SUMS = ("sum_xx", "sum_yy", "sum_xy")


def plain(s: tl.Schedule) -> None:
    """No directive at all."""


def each_stage_at_root(s: tl.Schedule) -> None:
    for stage in ("gray", "dy", "dx", *PRODUCTS, *SUMS):
        s[stage].compute_root().parallel("i").vectorize("j", 8)
    for name in PRODUCTS:
        s[f"sum_{name}", 1].unroll(f"c_{name}").parallel("i").vectorize("j", 8)


def rows_of_everything(s: tl.Schedule) -> None:
    s["out"].parallel("i", 5).vectorize("j", 8)
    s["gray"].compute_root().vectorize("j", 16)
    for stage in ("dy", "dx", *SUMS):
        s[stage].compute_at("out", "i").vectorize("j", 8)


def tiles(s: tl.Schedule) -> None:
    s["out"].tile("i", "j", "io", "jo", "ii", "ji", 8, 16, "guard_with_if").vectorize("ji").parallel("io")
    for stage in ("gray", "dx", "dy", *SUMS):
        s[stage].compute_at("out", "jo").vectorize("j", 4)
    for name in PRODUCTS:
        s[f"sum_{name}", 1].unroll(f"r_{name}").unroll(f"c_{name}").vectorize("j", 4)


def sliding_rows(s: tl.Schedule) -> None:
    """Grey rows, gradients and their products each in a window of three rows."""
    for stage in ("gray", "dx", "dy", *PRODUCTS):
        s[stage].compute_at("out", "i").store_root().vectorize("j", 8)
    for stage in SUMS:
        s[stage].compute_at("out", "i").store_in("stack").vectorize("j", 8)


def stages_side_by_side(s: tl.Schedule) -> None:
    """Both gradients in one loop nest, all three sums in another."""
    s["gray"].compute_root()
    s["dy"].compute_root().vectorize("j", 8)
    s["dx"].compute_root().vectorize("j", 8).compute_with("dy", "i")
    for stage in SUMS:
        s[stage].compute_root().parallel("i").vectorize("j", 4)
    s["sum_yy"].compute_with("sum_xx", "j")
    s["sum_xy"].compute_with("sum_yy", "j")


def pixels_in_registers(s: tl.Schedule) -> None:
    s["gray"].compute_root().align_storage("j", 16).vectorize("j", 16, "guard_with_if")
    s["out"].split("j", "jo", "ji", 8, "predicate").vectorize("ji").parallel("i")
    for name in PRODUCTS:
        s[f"sum_{name}"].compute_at("out", "jo").store_in("register").vectorize("j", 8)
        s[f"sum_{name}", 1].reorder(f"r_{name}", f"c_{name}", "i", "j").vectorize("j", 8)


SCHEDULES: dict[str, Callable[[tl.Schedule], None]] = {
    f.__name__: f
    for f in (
        plain,
        each_stage_at_root,
        rows_of_everything,
        tiles,
        sliding_rows,
        stages_side_by_side,
        pixels_in_registers,
    )
}


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_harris(name: str) -> None:
    output = harris()
    s = tl.Schedule(output)
    SCHEDULES[name](s)
    assert_agrees(output, s, expected, shape=SHAPE)


def test_a_corner_answers_more_than_an_edge() -> None:
    image = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    image[10:, 20:] = 1
    response = tl.compile(harris(), shape=SHAPE)(image)
    corner, edge, flat = response[8, 18], response[14, 18], response[2, 2]
    assert corner > flat == 0 > edge
