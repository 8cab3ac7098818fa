"""Local Laplacian filter: detail is added at each level of a pyramid, by how far a pixel is from its neighbourhood.

Paris, Hasinoff, Kautz: "Local Laplacian Filters" (2011), in the form with a few intensities of Aubry et al. (2014).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import Array, assert_agrees

HEIGHT, WIDTH = 21, 30
LEVELS, SHADES = 3, 4
ALPHA, BETA = 0.5, 0.8
BORDER = 32  # of the arrays of `expected`: a multiple of what the lowest level is coarser by

y, x, shade = tl.vars("y x shade")


def down(f: tl.Func, name: str, *rest: tl.Var) -> tl.Func:
    """Half the resolution: weights 1 3 3 1 along both axes."""
    rows, out = tl.Func(f"{name}_rows"), tl.Func(name)
    point = (y, x, *rest)
    rows[point] = (
        f[2 * y - 1, x, *rest] + 3 * (f[2 * y, x, *rest] + f[2 * y + 1, x, *rest]) + f[2 * y + 2, x, *rest]
    ) / 8
    out[point] = (
        rows[y, 2 * x - 1, *rest] + 3 * (rows[y, 2 * x, *rest] + rows[y, 2 * x + 1, *rest]) + rows[y, 2 * x + 2, *rest]
    ) / 8
    return out


def up(f: tl.Func, name: str, *rest: tl.Var) -> tl.Func:
    """Twice the resolution: between two points, near one of them."""
    rows, out = tl.Func(f"{name}_rows"), tl.Func(name)
    point = (y, x, *rest)
    rows[point] = 0.25 * f[y // 2 - 1 + 2 * (y % 2), x, *rest] + 0.75 * f[y // 2, x, *rest]
    out[point] = 0.25 * rows[y, x // 2 - 1 + 2 * (x % 2), *rest] + 0.75 * rows[y, x // 2, *rest]
    return out


def local_laplacian() -> tl.Func:
    image = tl.Input("image", (HEIGHT, WIDTH), tl.float32)
    gray = tl.repeat_edge(image, vars="y x", name="gray")
    center = tl.cast(tl.float32, shade) / (SHADES - 1)
    first, remapped = tl.Func("gray0"), tl.Func("shades0")
    first[y, x] = tl.clamp(gray[y, x], 0.0, 1.0)
    away = first[y, x] - center
    remapped[y, x, shade] = center + BETA * away + ALPHA * away * tl.exp(-8 * away * away)
    grays, shades = [first], [remapped]
    for level in range(1, LEVELS):
        grays.append(down(grays[-1], f"gray{level}"))
        shades.append(down(shades[-1], f"shades{level}", shade))

    result: tl.Func | None = None
    for level in reversed(range(LEVELS)):
        detail = tl.Func(f"detail{level}")
        if level == LEVELS - 1:
            detail[y, x, shade] = shades[level][y, x, shade]
        else:
            coarse = up(shades[level + 1], f"coarse{level}", shade)
            detail[y, x, shade] = shades[level][y, x, shade] - coarse[y, x, shade]
        at = grays[level][y, x] * (SHADES - 1)
        low = tl.clamp(tl.cast(tl.int64, at), 0, SHADES - 2)
        chosen = (1 - (at - low)) * detail[y, x, low] + (at - low) * detail[y, x, low + 1]
        out = tl.Func(f"out{level}")
        out[y, x] = tl.cast(tl.float32, chosen if result is None else chosen + up(result, f"sum{level}")[y, x])
        result = out
    assert result is not None
    return result


def expected(image: Array) -> Array:
    gray = np.clip(np.pad(image, BORDER, "edge"), 0, 1)
    centers = np.arange(SHADES, dtype=np.float32) / (SHADES - 1)
    away = gray[..., None] - centers
    grays, shades = [gray], [centers + BETA * away + ALPHA * away * np.exp(-8 * away * away)]
    for _ in range(1, LEVELS):
        grays.append(halved(grays[-1]))
        shades.append(halved(shades[-1]))
    result: Array | None = None
    for level in reversed(range(LEVELS)):
        detail = shades[level]
        if level < LEVELS - 1:
            detail = detail - doubled(shades[level + 1], detail.shape)
        at = grays[level] * (SHADES - 1)
        low = np.clip(at.astype(np.int64), 0, SHADES - 2)
        a, b = (np.take_along_axis(detail, (low + d)[..., None], -1)[..., 0] for d in range(2))
        chosen = (1 - (at - low)) * a + (at - low) * b
        result = chosen if result is None else chosen + doubled(result, chosen.shape)
    assert result is not None
    return result[BORDER : BORDER + HEIGHT, BORDER : BORDER + WIDTH]


def halved(a: Array) -> Array:
    for axis in range(2):
        near = np.pad(a, [(1, 3) if d == axis else (0, 0) for d in range(a.ndim)], "edge")
        count = (a.shape[axis] + 1) // 2
        parts = [np.take(near, np.arange(count) * 2 + d, axis) for d in range(4)]
        a = (parts[0] + 3 * (parts[1] + parts[2]) + parts[3]) / 8
    return a


def doubled(a: Array, shape: tuple[int, ...]) -> Array:
    for axis in range(2):
        at = np.arange(shape[axis])
        last = a.shape[axis] - 1
        far = np.clip(at // 2 - 1 + 2 * (at % 2), 0, last)
        a = 0.25 * np.take(a, far, axis) + 0.75 * np.take(a, np.clip(at // 2, 0, last), axis)
    return a


COARSE = tuple(name for level in range(1, LEVELS) for name in (f"gray{level}", f"shades{level}"))
OUTS = tuple(f"out{level}" for level in range(1, LEVELS))


def pyramids_at_root(s: tl.Schedule) -> None:
    for stage in (*COARSE, *OUTS):
        s[stage].compute_root()


def every_stage_at_root(s: tl.Schedule) -> None:
    pyramids_at_root(s)
    for stage in ("gray0", "shades0", *(f"{name}_rows" for name in COARSE), *(f"coarse{n}" for n in range(LEVELS - 1))):
        s[stage].compute_root().parallel("y")
    s["shades0"].vectorize("shade", 4)


def parallel_vectors(s: tl.Schedule) -> None:
    for stage in (*COARSE, *OUTS):
        s[stage].compute_root().vectorize("x", 4, "guard_with_if").parallel("y")
    for name in COARSE:
        s[f"{name}_rows"].compute_at(name, "y").vectorize("x", 4)
    s["out0"].vectorize("x", 8).parallel("y")


def shades_outside(s: tl.Schedule) -> None:
    pyramids_at_root(s)
    for level in range(1, LEVELS):
        s[f"shades{level}"].reorder_storage("shade", "y", "x").reorder("shade", "y", "x").parallel("shade")
        s[f"shades{level}_rows"].compute_at(f"shades{level}", "y").vectorize("x", 4)


def tiles(s: tl.Schedule) -> None:
    pyramids_at_root(s)
    s["out0"].tile("y", "x", "yo", "xo", "yi", "xi", 8, 16, "guard_with_if").parallel("yo").vectorize("xi", 8)
    s["gray0"].compute_root().vectorize("x", 8)
    s["coarse0"].compute_at("out0", "xo").unroll("shade", 2)
    s["sum0"].compute_at("out0", "yi").vectorize("x", 4)


def sliding_columns(s: tl.Schedule) -> None:
    """Each level down keeps the columns that its window is over, of which two are new at each step."""
    pyramids_at_root(s)
    for name in COARSE:
        s[f"{name}_rows"].compute_at(name, "x").store_at(name, "y")
    s["gray0"].compute_root().vectorize("x", 8)


SCHEDULES: dict[str, Callable[[tl.Schedule], None]] = {
    f.__name__: f
    for f in (pyramids_at_root, every_stage_at_root, parallel_vectors, shades_outside, tiles, sliding_columns)
}


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_local_laplacian(name: str) -> None:
    output = local_laplacian()
    s = tl.Schedule(output)
    SCHEDULES[name](s)
    assert_agrees(output, s, expected, shape=(HEIGHT, WIDTH), tolerance=1e-4)
