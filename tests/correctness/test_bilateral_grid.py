"""The bilateral grid: a tuple of sums and weights is scattered, blurred in three directions and sliced."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.lang.expr import Expr
from tests.correctness.checking import Array, assert_agrees

HEIGHT, WIDTH = 17, 26
CELL, BINS = 4, 8
TAPS = (1, 4, 6, 4, 1)


def lerp(a: Expr, b: Expr, weight: Expr) -> Expr:
    return a + (b - a) * weight


def bilateral_grid() -> tl.Func:
    image = tl.Input("image", (HEIGHT, WIDTH), tl.float32)
    y, x, i, j, z = tl.vars("y x i j z")
    dy, dx = tl.RDom("dy dx", CELL, CELL)
    near = tl.repeat_edge(image, vars="y x", name="near")

    def level(row: Expr, column: Expr) -> Expr:
        return tl.clamp(near[row, column], 0.0, 1.0)

    grid = tl.Func("grid", (tl.float32, tl.float32))
    value = level(i * CELL + dy - CELL // 2, j * CELL + dx - CELL // 2)
    grid[i, j, z] = (0, 0)
    grid[i, j, tl.clamp(tl.cast(tl.int64, value * BINS + 0.5), 0, BINS)] += (value, 1)

    along_z, along_i, along_j = tl.Func("along_z"), tl.Func("along_i"), tl.Func("along_j")
    along_z[i, j, z] = blurred([grid[i, j, z + d] for d in range(-2, 3)])
    along_i[i, j, z] = blurred([along_z[i + d, j, z] for d in range(-2, 3)])
    along_j[i, j, z] = blurred([along_i[i, j + d, z] for d in range(-2, 3)])

    depth = level(y, x) * BINS
    low = tl.clamp(tl.cast(tl.int64, depth), 0, BINS - 1)
    weights = (tl.cast(tl.float32, y % CELL) / CELL, tl.cast(tl.float32, x % CELL) / CELL, depth - low)
    sliced = []
    for element in range(2):

        def corner(a: int, b: int, c: int, element: int = element) -> Expr:
            return along_j[y // CELL + a, x // CELL + b, low + c][element]

        edges = [lerp(corner(0, b, c), corner(1, b, c), weights[0]) for b, c in product(range(2), repeat=2)]
        sliced.append(lerp(lerp(edges[0], edges[2], weights[1]), lerp(edges[1], edges[3], weights[1]), weights[2]))
    out = tl.Func("out")
    out[y, x] = tl.cast(tl.float32, sliced[0] / sliced[1])
    return out


def blurred(points: list[Expr]) -> tuple[Expr, Expr]:
    a, b = ([point[element] for point in points] for element in range(2))
    return total(a), total(b)


def total(points: list[Expr]) -> Expr:
    result = points[0] * TAPS[0]
    for tap, point in zip(TAPS[1:], points[1:], strict=True):
        result = result + tap * point
    return result


def expected(image: Array) -> Array:
    near = np.clip(np.pad(image, 16, "edge"), 0, 1)
    shape = (HEIGHT // CELL + 6, WIDTH // CELL + 7, BINS + 5)  # two cells before the first, as many bins
    grid = np.zeros((2, *shape))
    for i, j, dy, dx in product(range(-2, shape[0] - 2), range(-2, shape[1] - 2), range(CELL), range(CELL)):
        value = near[16 + i * CELL + dy - CELL // 2, 16 + j * CELL + dx - CELL // 2]
        grid[:, i + 2, j + 2, int(value * BINS + 0.5) + 2] += (value, 1)
    for axis in (3, 1, 2):
        grid = np.apply_along_axis(np.convolve, axis, grid, TAPS, "same")
    out = np.zeros(image.shape, np.float32)
    for y, x in np.ndindex(image.shape):
        depth = np.clip(image[y, x], 0, 1) * BINS
        low = min(int(depth), BINS - 1)
        cell = grid[:, y // CELL + 2 : y // CELL + 4, x // CELL + 2 : x // CELL + 4, low + 2 : low + 4]
        for weight in (y % CELL / CELL, x % CELL / CELL, depth - low):
            cell = cell[:, 0] * (1 - weight) + cell[:, 1] * weight
        out[y, x] = cell[0] / cell[1]
    return out


STAGES = ("along_z", "along_i", "along_j")


def at_root(s: tl.Schedule) -> None:
    for stage in ("grid", *STAGES):
        s[stage].compute_root()


def bins_as_lanes(s: tl.Schedule) -> None:
    at_root(s)
    for stage in ("grid", *STAGES):
        s[stage].vectorize("z", 8, "guard_with_if").parallel("i")
    s["grid", 1].parallel("i").unroll("dx")
    s["out"].vectorize("x", 8).parallel("y")


def a_plane_at_a_time(s: tl.Schedule) -> None:
    s["along_i"].compute_root().vectorize("j", 4)
    s["along_z"].compute_at("along_i", "i").reorder_storage("z", "i", "j")
    s["grid"].compute_at("along_z", "i").store_in("stack")
    s["grid", 1].reorder("dy", "dx", "i", "j")
    s["along_j"].compute_at("out", "y").vectorize("z", 4)


def tiles(s: tl.Schedule) -> None:
    s["out"].tile("y", "x", "yo", "xo", "yi", "xi", CELL, 8).parallel("yo").vectorize("xi")
    s["along_j"].compute_at("out", "xo").vectorize("z", 8)
    s["along_i"].compute_at("out", "yo").fuse("i", "j", "cell").vectorize("z", 16)
    s["along_z"].compute_root().parallel("i").unroll("j", 2)
    s["grid"].compute_at("along_z", "i").vectorize("z", 4)


def columns_outside(s: tl.Schedule) -> None:
    for stage in ("grid", *STAGES):
        s[stage].compute_root().reorder_storage("z", "j", "i").reorder("z", "j", "i").vectorize("i", 4)
    s["grid", 1].reorder("j", "i", "dx", "dy").unroll("dy")
    s["out"].reorder("x", "y").vectorize("y", 4)


def padded_bins(s: tl.Schedule) -> None:
    at_root(s)
    for stage in ("grid", *STAGES):
        s[stage].align_storage("z", 16).vectorize("z", 16, "round_up").parallel("i")
    s["out"].split("x", "xo", "xi", 16, "predicate").vectorize("xi").parallel("y", 4)


def cells_in_parts(s: tl.Schedule) -> None:
    at_root(s)
    s["grid", 1].rfactor(("dy", "row"), "rows").compute_root().parallel("row").vectorize("z", 8, "guard_with_if")
    s["rows", 1].parallel("row")
    s["grid", 1].reorder("dy", "i", "j", "z").vectorize("z", 4)


def atomic_cells(s: tl.Schedule) -> None:
    at_root(s)
    s["grid", 1].atomic().reorder("dy", "dx", "i", "j").parallel("dy").vectorize("dx")


SCHEDULES: dict[str, Callable[[tl.Schedule], None]] = {
    f.__name__: f
    for f in (
        at_root,
        bins_as_lanes,
        a_plane_at_a_time,
        tiles,
        columns_outside,
        padded_bins,
        cells_in_parts,
        atomic_cells,
    )
}


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_bilateral_grid(name: str) -> None:
    output = bilateral_grid()
    s = tl.Schedule(output)
    SCHEDULES[name](s)
    assert_agrees(output, s, expected, shape=(HEIGHT, WIDTH))
