"""A lower triangular matrix times a matrix, which needs half of the multiplications of a full one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import assert_agrees

Directives = Callable[[tl.Schedule, tl.Func], object]

i, j = tl.vars("i j")


def product(n: int, m: int) -> tl.Func:
    a, b = tl.Input("a", (n, n), tl.float32), tl.Input("b", (n, m), tl.float32)
    k, c = tl.RDom("k", n), tl.Func("c")
    k.where(k <= i)
    c[i, j] += a[i, k] * b[k, j]
    return c


def tiled(s: tl.Schedule, c: tl.Func) -> tl.Schedule:
    """Tiles of 4 x 16 results in registers."""
    s[c.update()].tile("i", "j", "io", "jo", "ii", "ji", 4, 16).reorder("io", "jo", "k", "ii", "ji")
    s[c.update()].vectorize("ji", 8).unroll("ji").unroll("ii")
    return s


def parallel_tiles(s: tl.Schedule, c: tl.Func) -> None:
    tiled(s, c)[c.update()].fuse("io", "jo", "task").parallel("task")
    s[c].vectorize("j", 8)


def blocked_reduction(s: tl.Schedule, c: tl.Func) -> None:
    s[c.update()].split("k", "ko", "ki", 8).split("i", "io", "ii", 4).reorder("ko", "io", "ii", "ki", "j")
    s[c.update()].vectorize("j", 8)


SCHEDULES: dict[str, Directives] = {
    "as it is written": lambda s, c: None,
    "dot products": lambda s, c: s[c.update()].reorder("j", "i", "k").parallel("j"),
    "rows in vectors": lambda s, c: s[c.update()].reorder("i", "k", "j").vectorize("j", 8).parallel("i"),
    "columns of a in vectors": lambda s, c: s[c.update()].reorder("k", "j", "i").vectorize("i", 8),
    "tiles": tiled,
    "parallel tiles": parallel_tiles,
    "blocks of the reduction": blocked_reduction,
    "one loop": lambda s, c: s[c.update()].fuse("i", "j", "t").reorder("t", "k").split("t", "to", "ti", 7),
}


@pytest.mark.parametrize("shape", [(1, 1), (19, 21), (33, 5)])
@pytest.mark.parametrize("name", list(SCHEDULES))
def test_product(name: str, shape: tuple[int, int]) -> None:
    c = product(*shape)
    s = tl.Schedule(c)
    SCHEDULES[name](s, c)
    assert_agrees(c, s, lambda a, b: np.tril(a) @ b, shape=shape)
