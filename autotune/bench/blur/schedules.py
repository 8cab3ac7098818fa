"""The blur, and the schedules that trade parallelism, locality and redundant work for each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import tensorlang as tl

ROWS = 16
"""Rows of a parallel task."""
TILE = (32, 256)
"""Rows and columns of a tile."""
STRIP = 64
"""Rows of a strip in which a window slides."""
REGISTER_ROWS = 4
"""Rows that are computed together in registers, each of one vector."""
REGISTER_TASKS = 8
"""Rows of register tiles in a parallel task."""


@dataclass(frozen=True, slots=True)
class Blur:
    """Sums over three columns, then over three rows, each divided by three."""

    image: tl.Input
    blur_x: tl.Func
    blur_y: tl.Func


def make_blur(height: int, width: int) -> Blur:
    """The algorithm for an image of this size."""
    image = tl.Input("image", (height, width), tl.uint16)
    y, x = tl.vars("y x")
    blur_x, blur_y = tl.Func("blur_x"), tl.Func("blur_y")
    blur_x[y, x] = (image[y, x] + image[y, x + 1] + image[y, x + 2]) // 3
    blur_y[y, x] = (blur_x[y, x] + blur_x[y + 1, x] + blur_x[y + 2, x]) // 3
    return Blur(image, blur_x, blur_y)


def default(blur: Blur, lanes: int) -> tl.Schedule:
    """No directive: plain loops, the first stage inlined into the second."""
    return tl.Schedule(blur.blur_y)


def breadth_first(blur: Blur, lanes: int) -> tl.Schedule:
    """All of the first stage, then all of the second."""
    s = tl.Schedule(blur.blur_y)
    s[blur.blur_x].compute_root().vectorize("x", lanes).parallel("y", ROWS)
    s[blur.blur_y].vectorize("x", lanes).parallel("y", ROWS)
    return s


def full_fusion(blur: Blur, lanes: int) -> tl.Schedule:
    """The first stage computed again for each of the three rows that read it."""
    s = tl.Schedule(blur.blur_y)
    s[blur.blur_y].vectorize("x", lanes).parallel("y", ROWS)
    return s


def sliding_window(blur: Blur, lanes: int) -> tl.Schedule:
    """One new row of the first stage for each of the second; rows depend on the ones before, so on one core."""
    s = tl.Schedule(blur.blur_y)
    s[blur.blur_y].vectorize("x", lanes)
    s[blur.blur_x].store_root().compute_at(blur.blur_y, "y").vectorize("x", lanes)
    return s


def tiles(blur: Blur, lanes: int) -> tl.Schedule:
    """Both stages tile by tile; the rows at the edges of tiles are computed twice."""
    s = tl.Schedule(blur.blur_y)
    s[blur.blur_y].tile("y", "x", "yo", "xo", "yi", "xi", *TILE).vectorize("xi", lanes).parallel("yo")
    s[blur.blur_x].compute_at(blur.blur_y, "xo").vectorize("x", lanes)
    return s


def sliding_in_strips(blur: Blur, lanes: int) -> tl.Schedule:
    """A window that slides down each strip, the strips in parallel."""
    s = tl.Schedule(blur.blur_y)
    s[blur.blur_y].split("y", "yo", "yi", STRIP).vectorize("x", lanes).parallel("yo")
    s[blur.blur_x].store_at(blur.blur_y, "yo").compute_at(blur.blur_y, "yi").vectorize("x", lanes)
    return s


def register_tiles(blur: Blur, lanes: int) -> tl.Schedule:
    """A few rows of one vector at once: inlined, but what neighbouring rows share is computed once, in registers."""
    s = tl.Schedule(blur.blur_y)
    s[blur.blur_y].tile("y", "x", "yo", "xo", "yi", "xi", REGISTER_ROWS, lanes).vectorize("xi", lanes).unroll("yi")
    s[blur.blur_y].parallel("yo", REGISTER_TASKS)
    return s


DEFAULT = default.__name__
SCHEDULES: Mapping[str, Callable[[Blur, int], tl.Schedule]] = MappingProxyType(
    {
        make.__name__: make
        for make in (default, breadth_first, full_fusion, sliding_window, tiles, sliding_in_strips, register_tiles)
    }
)
"""By name: a function of the blur and the lanes of its vectors [lanes]."""
