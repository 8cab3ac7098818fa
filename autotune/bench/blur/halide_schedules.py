"""The schedules of `autotune.bench.blur.schedules` in Halide, which writes the innermost dimension first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from autotune.bench.blur.schedules import REGISTER_ROWS, REGISTER_TASKS, ROWS, STRIP, TILE

# What each function takes: Halide's blur_x and blur_y, its Vars by name, the lanes of vectors.
Apply = Callable[[Any, Any, Mapping[str, Any], int], None]


def default(blur_x: Any, blur_y: Any, v: Mapping[str, Any], lanes: int) -> None:
    """No directive."""


def breadth_first(blur_x: Any, blur_y: Any, v: Mapping[str, Any], lanes: int) -> None:
    blur_x.compute_root().vectorize(v["x"], lanes).parallel(v["y"], ROWS)
    blur_y.vectorize(v["x"], lanes).parallel(v["y"], ROWS)


def full_fusion(blur_x: Any, blur_y: Any, v: Mapping[str, Any], lanes: int) -> None:
    blur_y.vectorize(v["x"], lanes).parallel(v["y"], ROWS)


def sliding_window(blur_x: Any, blur_y: Any, v: Mapping[str, Any], lanes: int) -> None:
    blur_y.vectorize(v["x"], lanes)
    blur_x.store_root().compute_at(blur_y, v["y"]).vectorize(v["x"], lanes)


def tiles(blur_x: Any, blur_y: Any, v: Mapping[str, Any], lanes: int) -> None:
    rows, columns = TILE
    blur_y.tile(v["x"], v["y"], v["xo"], v["yo"], v["xi"], v["yi"], columns, rows).vectorize(v["xi"], lanes)
    blur_y.parallel(v["yo"])
    blur_x.compute_at(blur_y, v["xo"]).vectorize(v["x"], lanes)


def sliding_in_strips(blur_x: Any, blur_y: Any, v: Mapping[str, Any], lanes: int) -> None:
    blur_y.split(v["y"], v["yo"], v["yi"], STRIP).vectorize(v["x"], lanes).parallel(v["yo"])
    blur_x.store_at(blur_y, v["yo"]).compute_at(blur_y, v["yi"]).vectorize(v["x"], lanes)


def register_tiles(blur_x: Any, blur_y: Any, v: Mapping[str, Any], lanes: int) -> None:
    blur_y.tile(v["x"], v["y"], v["xo"], v["yo"], v["xi"], v["yi"], lanes, REGISTER_ROWS)
    blur_y.vectorize(v["xi"], lanes).unroll(v["yi"])
    blur_y.parallel(v["yo"], REGISTER_TASKS)


VARS = ("x", "y", "xo", "yo", "xi", "yi")
HALIDE_SCHEDULES: Mapping[str, Apply] = MappingProxyType(
    {
        apply.__name__: apply
        for apply in (default, breadth_first, full_fusion, sliding_window, tiles, sliding_in_strips, register_tiles)
    }
)
"""By the names of our own."""
