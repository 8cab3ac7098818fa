"""Unsharp mask of a colour image: what a Gaussian takes off the luminance is added again, with weight."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import Array, assert_agrees

HEIGHT, WIDTH, AMOUNT = 21, 35, 0.75
WEIGHTS = (0.299, 0.587, 0.114)
TAPS = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def unsharp_mask() -> tl.Func:
    image = tl.Input("image", (HEIGHT, WIDTH, 3), tl.float32)
    i, j, c = tl.vars("i j c")
    near = tl.repeat_edge(image, vars="i j c", name="near")
    gray, across, blur, sharp, ratio, out = (
        tl.Func(name) for name in ("gray", "across", "blur", "sharp", "ratio", "out")
    )
    gray[i, j] = WEIGHTS[0] * near[i, j, 0] + WEIGHTS[1] * near[i, j, 1] + WEIGHTS[2] * near[i, j, 2]
    across[i, j] = sum(tap * gray[i, j + d - 2] for d, tap in enumerate(TAPS))
    blur[i, j] = sum(tap * across[i + d - 2, j] for d, tap in enumerate(TAPS))
    sharp[i, j] = gray[i, j] + AMOUNT * (gray[i, j] - blur[i, j])
    ratio[i, j] = sharp[i, j] / (tl.abs(gray[i, j]) + 1)
    out[i, j, c] = ratio[i, j] * image[i, j, c]
    return out


def expected(image: Array) -> Array:
    gray = np.pad(image, ((2, 2), (2, 2), (0, 0)), "edge") @ np.array(WEIGHTS, np.float32)
    across = np.sum([tap * gray[:, d : d + WIDTH] for d, tap in enumerate(TAPS)], axis=0)
    blur = np.sum([tap * across[d : d + HEIGHT] for d, tap in enumerate(TAPS)], axis=0)
    middle = gray[2:-2, 2:-2]
    ratio = (middle + AMOUNT * (middle - blur)) / (np.abs(middle) + 1)
    result: Array = ratio[..., None] * image
    return result


def plain(s: tl.Schedule) -> None:
    """All is inlined into the output."""


def each_stage_at_root(s: tl.Schedule) -> None:
    for stage in ("gray", "across", "blur", "sharp", "ratio"):
        s[stage].compute_root().vectorize("j", 8).parallel("i")


def tiles(s: tl.Schedule) -> None:
    s["out"].tile("i", "j", "io", "jo", "ii", "ji", 8, 8).unroll("c").fuse("io", "jo", "tile").parallel("tile")
    s["gray"].compute_at("out", "tile").vectorize("j", 4)
    s["across"].compute_at("out", "tile").vectorize("j", 8)
    s["ratio"].compute_at("out", "ii").vectorize("j", 8)


def sliding_rows(s: tl.Schedule) -> None:
    s["gray"].compute_at("out", "i").store_root().vectorize("j", 8)
    s["across"].compute_at("out", "i").store_root().vectorize("j", 8)
    s["ratio"].compute_at("out", "i").store_in("stack").vectorize("j", 8, "guard_with_if")


def sliding_in_strips(s: tl.Schedule) -> None:
    s["out"].split("i", "io", "ii", 8).parallel("io").reorder("io", "ii", "j", "c").unroll("c")
    s["gray"].compute_at("out", "ii").store_at("out", "io").vectorize("j", 16, "round_up")
    s["across"].compute_at("out", "ii").store_at("out", "io").fold_storage("i", 8).vectorize("j", 4)
    s["ratio"].compute_at("out", "j").store_in("stack")


def colours_outside(s: tl.Schedule) -> None:
    s["near"].compute_root().reorder_storage("c", "i", "j").parallel("i")
    s["gray"].compute_root().align_storage("j", 16).vectorize("j", 16, "predicate")
    s["ratio"].compute_root().fuse("i", "j", "pixel").parallel("pixel", 64)
    s["out"].reorder("c", "i", "j").vectorize("j", 4)


SCHEDULES: dict[str, Callable[[tl.Schedule], None]] = {
    f.__name__: f for f in (plain, each_stage_at_root, tiles, sliding_rows, sliding_in_strips, colours_outside)
}


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_unsharp_mask(name: str) -> None:
    output = unsharp_mask()
    s = tl.Schedule(output)
    SCHEDULES[name](s)
    assert_agrees(output, s, expected, shape=(HEIGHT, WIDTH, 3))
