"""Matrix multiply, with the sum over k in one piece and in several that run at the same time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import Array, assert_agrees

M, N, K = 18, 21, 96


def program() -> tl.Func:
    a, b = tl.Input("A", (M, K), tl.float32), tl.Input("B", (K, N), tl.float32)
    i, j = tl.vars("i j")
    k = tl.RDom("k", K)
    c = tl.Func("C")
    c[i, j] += a[i, k] * b[k, j]
    return c


def plain(c: tl.Func) -> tl.Schedule:
    return tl.Schedule(c)


def register_tiles(c: tl.Func) -> tl.Schedule:
    s = tl.Schedule(c)
    s[c.update()].tile("i", "j", "io", "jo", "ii", "ji", 4, 16).reorder("io", "jo", "k", "ii", "ji")
    s[c.update()].vectorize("ji", 8).unroll("ji").unroll("ii").parallel("io")
    return s


def k_blocks_in_parallel(c: tl.Func) -> tl.Schedule:
    s = tl.Schedule(c)
    s[c.update()].split("k", "ko", "ki", 24).rfactor(("ko", "u"), "parts").compute_root().vectorize("j", 8)
    s["parts", 1].reorder("u", "i", "ki", "j").parallel("u").vectorize("j", 8)
    s[c.update()].reorder("i", "ko", "j").parallel("i").vectorize("j", 8)
    return s


def k_blocks_of_register_tiles(c: tl.Func) -> tl.Schedule:
    s = tl.Schedule(c)
    s[c.update()].tile("i", "j", "io", "jo", "ii", "ji", 3, 16).split("k", "ko", "ki", 16)
    s[c.update()].reorder("ko", "io", "jo", "ki", "ii", "ji").vectorize("ji", 8).unroll("ji").unroll("ii")
    s[c.update()].rfactor(("ko", "u"), "parts").compute_root()
    s["parts", 1].fuse("u", "io", "task").parallel("task")
    return s


def partial_sums_of_a_row(c: tl.Func) -> tl.Schedule:
    """The parts of one row at a time."""
    s = tl.Schedule(c)
    s[c.update()].split("k", "ko", "ki", 32).rfactor(("ki", "u"), "parts").compute_at(c.update(), "i")
    s["parts"].vectorize("u", 16)
    s["parts", 1].reorder("j", "i", "ko", "u").vectorize("u", 16)
    s[c.update()].parallel("i", 4)
    return s


def atomic_k_blocks(c: tl.Func) -> tl.Schedule:
    s = tl.Schedule(c)
    s[c.update()].atomic().split("k", "ko", "ki", 24).reorder("ko", "i", "j", "ki").parallel("ko")
    return s


def atomic_vectors(c: tl.Func) -> tl.Schedule:
    """Threads meet at vectors over j, whose lanes are taken one by one."""
    s = tl.Schedule(c)
    s[c.update()].atomic().split("k", "ko", "ki", 32).reorder("ko", "i", "ki", "j").parallel("ko").vectorize("j", 8)
    return s


def inner_products(c: tl.Func) -> tl.Schedule:
    """A tile of four columns whose sums run along the lanes."""
    s = tl.Schedule(c)
    s[c.update()].atomic().split("j", "jo", "ji", 4).reorder("i", "jo", "k", "ji").unroll("ji").vectorize("k", 16)
    s[c.update()].reorder("i", "jo", "k", "ji", "k.lane").parallel("i")
    return s


def lanes_and_threads(c: tl.Func) -> tl.Schedule:
    s = tl.Schedule(c)
    s[c.update()].atomic().split("k", "ko", "ki", 48).reorder("ko", "i", "j", "ki").parallel("ko").vectorize("ki", 16)
    return s


SCHEDULES: tuple[Callable[[tl.Func], tl.Schedule], ...] = (
    plain,
    register_tiles,
    k_blocks_in_parallel,
    k_blocks_of_register_tiles,
    partial_sums_of_a_row,
    atomic_k_blocks,
    atomic_vectors,
    inner_products,
    lanes_and_threads,
)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.__name__)
def test_matrix_multiply(schedule: Callable[[tl.Func], tl.Schedule]) -> None:
    c = program()
    assert_agrees(c, schedule(c), lambda a, b: a @ b, shape=(M, N))


@pytest.mark.parametrize("var", ["u", "r"])
def test_a_var_that_stands_for_an_rvar_may_have_its_name(var: str) -> None:
    x, (i, r, t) = tl.Input("x", (9, 6, 5), tl.int32), (tl.Var("i"), tl.RDom("r", (1, 4)), tl.RDom("t", 5))
    r.where(r + i <= 5)
    f = tl.Func("f")
    f[i] += x[i, r, t] * r
    s = tl.Schedule(f)
    s[f.update()].reorder("i", "r", "t").rfactor(("r", var), "parts").compute_root()

    def expected(x: Array) -> Array:
        return np.array([sum(k * x[n, k].sum() for k in range(1, 5) if k + n <= 5) for n in range(9)], np.int32)

    assert_agrees(f, s, expected, shape=(9,))
