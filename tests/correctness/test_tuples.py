"""Updates of tuples: swaps, single elements, scans and matrix products over pairs, under many schedules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import Array, assert_agrees

Schedules = dict[str, Callable[[tl.Schedule], object]]


def check(
    output: tl.Func, change: Callable[[tl.Schedule], object], expected: Callable[..., Any], **options: Any
) -> None:
    s = tl.Schedule(output)
    change(s)
    assert_agrees(output, s, expected, **options)


def plain(s: tl.Schedule) -> None:
    """No directive at all."""


def swaps() -> tl.Func:
    x = tl.Input("x", (7, 29), tl.float32)
    y = tl.Input("y", (7, 29), tl.int16)
    i, j, f = *tl.vars("i j"), tl.Func("f")
    f[i, j] = (x[i, j], tl.cast(tl.float32, y[i, j]), y[i, j])
    f[i, j] = (f[i, j][1] + 1, f[i, j][0] * 2, f[i, j][2])
    f[i, j][2] += 5
    f[i, j] = tl.select(x[i, j] > 0, (f[i, j][1], f[i, j][0], -f[i, j][2]), f[i, j])
    return f


def swapped(x: Array, y: Array) -> tuple[Array, Array, Array]:
    a, b, c = y.astype(np.float32) + 1, x * 2, y + np.int16(5)
    return np.where(x > 0, b, a), np.where(x > 0, a, b), np.where(x > 0, -c, c)


def stages(*changes: Callable[[Any], object]) -> Callable[[tl.Schedule], object]:
    """A schedule that gives each change to each of the four stages of f."""

    def apply(s: tl.Schedule) -> None:
        for n in range(4):
            for change in changes:
                change(s["f", n] if n else s["f"])

    return apply


SWAPS: Schedules = {
    "plain": plain,
    "lanes": stages(lambda h: h.vectorize("j", 8)),
    "masked_lanes": stages(lambda h: h.vectorize("j", 16, "guard_with_if"), lambda h: h.parallel("i")),
    "columns": stages(lambda h: h.reorder("j", "i"), lambda h: h.vectorize("i", 4)),
    "unrolled": stages(lambda h: h.split("j", "jo", "ji", 4, "guard_with_if"), lambda h: h.unroll("ji")),
    "fused": stages(lambda h: h.fuse("i", "j", "t"), lambda h: h.vectorize("t", 8)),
}


@pytest.mark.parametrize("name", list(SWAPS))
def test_swaps(name: str) -> None:
    check(swaps(), SWAPS[name], swapped)


def test_a_swap_in_registers() -> None:
    x = tl.Input("x", (7, 32), tl.float32)
    i, j, k = *tl.vars("i j"), tl.RDom("k", 5)
    f, out = tl.Func("f"), tl.Func("out")
    f[i, j] = (x[i, j], -x[i, j])
    f[i, j] = (f[i, j][1], f[i, j][0] + x[k, j])
    out[i, j] = f[i, j][0] - f[i, j][1]

    def change(s: tl.Schedule) -> None:
        s[out].vectorize("j", 8)
        s[f].compute_at(out, "j").store_in("register").vectorize("j", 8).unroll("j")
        s[f.update()].reorder("k", "j").vectorize("j", 8).unroll("j")

    def expected(x: Array) -> Array:
        a, b = x.copy(), -x
        for k in range(5):
            a, b = b, a + x[k]
        return a - b

    check(out, change, expected)


def running_best() -> tl.Func:
    """The largest element so far, and where it was, along each row: a scan."""
    x = tl.Input("x", (6, 33), tl.float32)
    i, j, k = *tl.vars("i j"), tl.RDom("k", (1, 32))
    best = tl.Func("best")
    best[i, j] = (j, x[i, j])
    before = best[i, k - 1]
    best[i, k] = tl.select(x[i, k] > before[1], (k, x[i, k]), before)
    return best


def running_best_expected(x: Array) -> tuple[Array, Array]:
    values = np.maximum.accumulate(x, 1)
    places = np.where(x == values, np.arange(33), 0)
    return np.maximum.accumulate(places, 1), values


RUNNING: Schedules = {
    "plain": plain,
    "rows_in_parallel": lambda s: [s["best"].parallel("i"), s["best", 1].parallel("i")],
    "rows_as_lanes": lambda s: s["best", 1].reorder("k", "i").vectorize("i", 4),
    "lanes_first": lambda s: s["best"].vectorize("j", 16, "guard_with_if"),
    "unrolled": lambda s: s["best", 1].split("k", "ko", "ki", 4).unroll("ki"),
}


@pytest.mark.parametrize("name", list(RUNNING))
def test_running_best(name: str) -> None:
    check(running_best(), RUNNING[name], running_best_expected)


def mandelbrot() -> tl.Func:
    """z = z * z + c on pairs, and in which step it left the circle: a scan over complex numbers."""
    real, imag = tl.Input("real", (9, 14), tl.float32), tl.Input("imag", (9, 14), tl.float32)
    i, j, k, z = *tl.vars("i j"), tl.RDom("k", 6), tl.Func("z")
    z[i, j] = (0.0 * real[i, j], 0.0 * imag[i, j], 0)
    a, b, steps = z[i, j]
    is_inside = a * a + b * b <= 4
    squared = (a * a - b * b + real[i, j], 2 * a * b + imag[i, j], steps + tl.select(k >= 0, 1, 0))
    z[i, j] = tl.select(is_inside, squared, z[i, j])
    return z


def mandelbrot_expected(real: Array, imag: Array) -> tuple[Array, Array, Array]:
    c = real + 1j * imag
    z, steps = np.zeros_like(c), np.zeros(c.shape, np.int64)
    for _ in range(6):
        is_inside = np.abs(z) <= 2
        z = np.where(is_inside, z * z + c, z)
        steps += is_inside
    return z.real, z.imag, steps


def mandelbrot_in_registers(s: tl.Schedule) -> None:
    s["z"].vectorize("j", 8, "guard_with_if").parallel("i")
    s["z", 1].split("j", "jo", "ji", 8).reorder("jo", "k", "ji").vectorize("ji").parallel("i")


MANDELBROT: Schedules = {
    "plain": plain,
    "in_registers": mandelbrot_in_registers,
    "iterations_outside": lambda s: s["z", 1].reorder("k", "i", "j").vectorize("j", 4),
    "unrolled": lambda s: s["z", 1].unroll("k"),
    "lanes_and_columns": lambda s: s["z", 1].reorder("j", "i", "k").vectorize("i", 8),
}


@pytest.mark.parametrize("name", list(MANDELBROT))
def test_mandelbrot(name: str) -> None:
    check(mandelbrot(), MANDELBROT[name], mandelbrot_expected, tolerance=1e-3)


def shortest_paths(dtype: str) -> tl.Func:
    """The min-plus product of two matrices, and through which middle each shortest way goes."""
    a, b = tl.Input("a", (10, 13), dtype), tl.Input("b", (13, 21), dtype)
    i, j, k, out = *tl.vars("i j"), tl.RDom("k", 13), tl.Func("out")
    way = tl.argmin(a[i, k] + b[k, j], name="way")
    out[i, j] = (way[0], way[1])
    return out


def shortest_paths_expected(a: Array, b: Array) -> tuple[Array, Array]:
    ways = a[:, :, None] + b[None, :, :]
    return ways.argmin(1), ways.min(1)


def held_tiles(s: tl.Schedule) -> None:
    s["out"].tile("i", "j", "io", "jo", "ii", "ji", 2, 8).unroll("ii").vectorize("ji").parallel("io")
    s["way"].compute_at("out", "jo").store_in("register").vectorize("j", 8).unroll("j").unroll("i")
    s["way", 1].reorder("k", "i", "j").vectorize("j", 8).unroll("j").unroll("i")


def promoted_tiles(s: tl.Schedule) -> None:
    s["way"].compute_root().vectorize("j", 8)
    s["way", 1].tile("i", "j", "io", "jo", "ii", "ji", 2, 8, "guard_with_if").reorder("io", "jo", "k", "ii", "ji")
    s["way", 1].vectorize("ji").unroll("ii").parallel("io")


PATHS: Schedules = {
    "plain": plain,
    "held_tiles": held_tiles,
    "promoted_tiles": promoted_tiles,
    "rows": lambda s: [s["way"].compute_at("out", "i"), s["way", 1].vectorize("j", 8), s["out"].parallel("i")],
    "transposed": lambda s: (
        s["way"].compute_root().reorder_storage("j", "i").reorder("j", "i").vectorize("i", 4) and None
    ),
}


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize("name", list(PATHS))
def test_shortest_paths(name: str, dtype: str) -> None:
    check(shortest_paths(dtype), PATHS[name], shortest_paths_expected)


def test_elements_of_storage_types_and_bools() -> None:
    x = tl.Input("x", (5, 19), tl.float32)
    i, j, f = *tl.vars("i j"), tl.Func("f", (tl.float16, tl.bool_, tl.uint8))
    f[i, j] = (tl.cast(tl.float16, x[i, j]), x[i, j] > 0, tl.cast(tl.uint8, j))
    f[i, j][1] = ~f[i, j][1]
    f[i, j] = (f[i, j][0], f[i, j][1] & (x[i, j] < 1), f[i, j][2] + 250)

    def expected(x: Array) -> tuple[Array, Array, Array]:
        bytes_ = (np.arange(19, dtype=np.uint8) + np.uint8(250)) + np.zeros_like(x, np.uint8)
        return x.astype(np.float16), (x <= 0) & (x < 1), bytes_

    def change(s: tl.Schedule) -> None:
        for n in range(3):
            (s["f", n] if n else s["f"]).vectorize("j", 8, "guard_with_if")

    check(f, change, expected)
    check(f, plain, expected)


def test_a_tuple_computed_at_initialisation() -> None:
    x, w = tl.Input("x", (4, 20), tl.float32), tl.Input("w", (20,), tl.float32, constant=True)
    i, j, f, out = *tl.vars("i j"), tl.Func("f"), tl.Func("out")
    f[j] = (tl.exp(w[j]), tl.cast(tl.int16, j))
    out[i, j] = x[i, j] * f[j][0] + f[j][1]
    s = tl.Schedule(out)
    s[f].compute_at_init().vectorize("j", 8)
    assert_agrees(out, s, lambda x, w: x * np.exp(w) + np.arange(20))
    kernel = tl.compile(out, s)
    assert [(p.name, str(p.type)) for p in kernel.module.main.params] == [
        ("x", "float32"),
        ("out", "float32"),
        ("f.0", "float32"),
        ("f.1", "int16"),
    ]
    x0, w0 = np.ones((4, 20), np.float32), np.zeros(20, np.float32)
    np.testing.assert_array_equal(kernel(x0, state=kernel.prepare(w0)), 1 + np.arange(20) + 0 * x0)


def test_a_copy_of_a_tuple_and_an_inlined_one() -> None:
    x = tl.Input("x", (8, 30), tl.float32)
    i, j, f, out = *tl.vars("i j"), tl.Func("f"), tl.Func("out")
    f[i, j] = (x[i, j], x[i, j] * x[i, j])
    out[i, j] = f[i, j][1] - f[i, j + 1][0]
    inlined, copied = tl.Schedule(out), tl.Schedule(out)
    inlined[f].compute_inline()
    copied.in_(f, out, "copy").compute_at(out, "i").vectorize("j", 8)
    copied[f].compute_root()
    for s in (inlined, copied):
        assert_agrees(out, s, lambda x: x[:, :-1] ** 2 - x[:, 1:], shape=(8, 29))
