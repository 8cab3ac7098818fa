"""Layers by their heuristic defaults, and largest register tiles, compiled for another CPU; nothing is run.

Run as ``python -m tests.inspection.family_code``: one JSON object, the counts of each program's hot loop by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

import tensorlang as tl
from schedules import lookup
from tensorlang.codegen import host_target
from tensorlang.inspection.hot_loop import find_hot_loop
from tensorlang.nn import Conv2d, DepthwiseConv2d, Gemm, Workload
from tests.inspection.quality_programs import run_for, tile

LAYERS: Mapping[str, Workload] = {
    "gemm": Gemm(m=128, n=768, k=768),
    "gemm of odd sizes": Gemm(m=100, n=1000, k=333, relu=True),
    "3x3": Conv2d(n=1, h=28, w=28, c=128, k=128, r=3, s=3, padding=(1, 1)),
    "3x3 stride 2": Conv2d(n=1, h=28, w=28, c=128, k=256, r=3, s=3, padding=(1, 1), stride=(2, 2)),
    "1x1": Conv2d(n=1, h=28, w=28, c=256, k=128, r=1, s=1),
    "first": Conv2d(n=1, h=64, w=64, c=3, k=64, r=7, s=7, padding=(3, 3), stride=(2, 2)),
    "small map": Conv2d(n=1, h=7, w=7, c=256, k=256, r=3, s=3, padding=(1, 1), relu=True),
    "depthwise": DepthwiseConv2d(n=1, h=28, w=28, c=128, r=3, s=3, padding=(1, 1)),
    "depthwise stride 2": DepthwiseConv2d(n=1, h=28, w=28, c=96, r=3, s=3, padding=(1, 1), stride=(2, 2)),
    "depthwise 5x5": DepthwiseConv2d(n=1, h=28, w=28, c=240, r=5, s=5, padding=(2, 2)),
}
#: Rows and vectors of tiles that leave room for one row of weights and one broadcast, and for nothing else.
TILES = {"avx512": ((30, 1), (14, 2), (9, 3), (6, 4)), "avx2": ((14, 1), (6, 2), (4, 3))}


def apart(lanes: int) -> tuple[tl.Func, tl.Schedule]:
    """Four outputs that read the same two numbers of an array: a store to one changes nothing of it."""
    n = 64 * lanes
    x, w = tl.Input("x", (n,), tl.float32), tl.Input("w", (2,), tl.float32)
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = tuple(x[i] * w[0] + w[1] * number for number in (1.0, 2.0, 3.0, 4.0))
    s = tl.Schedule(f)
    s[f].vectorize("i", lanes)
    return f, s


def panels(lanes: int, distance: int = 0) -> tuple[tl.Func, tl.Schedule]:
    """A product by packed panels of two vectors, which may be prefetched so many steps of the reduction ahead."""
    rows, width, size = (14 if lanes == 16 else 6), 2 * lanes, 256
    x, w = tl.Input("x", (4 * rows, size), tl.float32), tl.Input("w", (size, 2 * width), tl.float32, constant=True)
    (i, j), k, y = tl.vars("i j"), tl.RDom("k", size), tl.Func("y")
    y[i, j] += x[i, k] * w[k, j]
    s = tl.Schedule(y)
    packed = s.in_(w, y, "packed").compute_at_init()
    packed.split_storage("j", "panel", "column", width).reorder_storage("panel", "k", "column")
    tiles = s[y.update()].tile("i", "j", "io", "jo", "ii", "ji", rows, width).reorder("io", "jo", k, "ii", "ji")
    tiles.vectorize("ji", lanes).unroll("ji").unroll("ii")
    if distance:
        tiles.prefetch("packed", k, k, distance).partition(k, "always")
    return y, s


def kernels() -> Iterator[tuple[str, tl.Kernel]]:
    """Each program by name, compiled."""
    target = host_target()
    for name, workload in LAYERS.items():
        found = lookup(workload, threads=1, databases=())
        layer = found.layer
        yield name, tl.compile(layer.output, found.schedule, shape=layer.shape, inputs=layer.inputs)
    for rows, vectors in TILES[target.name]:
        func, schedule, shape = tile(rows, vectors, target.lanes(tl.float32))
        yield f"{rows}x{vectors}", tl.compile(func, schedule, shape=shape)
    for distance in (0, 8):
        func, schedule = panels(target.lanes(tl.float32), distance)
        yield (
            f"panels {distance}",
            tl.compile(func, schedule, shape=(56, 64) if target.lanes(tl.float32) == 16 else (24, 32)),
        )
    yield "apart", tl.compile(*apart(target.lanes(tl.float32)))


@cache
def hot_loops(target: str) -> Mapping[str, Mapping[str, Any]]:
    """The counts of each program for a target."""
    return run_for(target, "tests.inspection.family_code")


def _main() -> None:
    print(json.dumps({name: asdict(find_hot_loop(kernel.asm(remarks=True))) for name, kernel in kernels()}))


if __name__ == "__main__":
    _main()
