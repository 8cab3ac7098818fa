"""Pipelines whose stages share loops: gradients of one image, statistics of one matrix, two outputs of one tile."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.validation import check_kernel
from tests.correctness.checking import Array, assert_agrees

ROWS, COLUMNS = 19, 33
Give = Callable[[tl.Schedule], object]


def gradients() -> tl.Func:
    """The squared gradient of a blurred image: two derivatives of one intermediate, with different borders."""
    image = tl.Input("image", (ROWS + 4, COLUMNS + 4), tl.float32)
    i, j = tl.vars("i j")
    blur, across, down, edges = (tl.Func(name) for name in ("blur", "across", "down", "edges"))
    blur[i, j] = (image[i, j] + image[i + 1, j] + image[i, j + 1] + image[i + 1, j + 1]) * 0.25
    across[i, j] = blur[i, j + 1] - blur[i, j]
    down[i, j] = blur[i + 1, j] - blur[i, j]
    edges[i, j] = across[i, j] * across[i + 1, j] + down[i, j] * down[i, j + 1]
    return edges


def numpy_gradients(image: Array) -> Array:
    blur = (image[:-1, :-1] + image[1:, :-1] + image[:-1, 1:] + image[1:, 1:]) * 0.25
    across, down = blur[:, 1:] - blur[:, :-1], blur[1:, :] - blur[:-1, :]
    result: Array = (across[:-1] * across[1:])[:ROWS, :COLUMNS] + (down[:, :-1] * down[:, 1:])[:ROWS, :COLUMNS]
    return result


def at_root(s: tl.Schedule) -> list[object]:
    return [s[name].compute_root() for name in ("blur", "across", "down")]


GRADIENTS: dict[str, Give] = {
    "apart": lambda s: at_root(s),
    "rows together": lambda s: (at_root(s), s["down"].compute_with("across", "i")),
    "elements together": lambda s: (at_root(s), s["across"].compute_with("down", "j")),
    "rows in parallel, vectors": lambda s: (
        at_root(s),
        s["across"].parallel("i").vectorize("j", 8),
        s["down"].parallel("i").vectorize("j", 8).compute_with("across", "j"),
    ),
    "tiles": lambda s: (
        at_root(s),
        s["across"].tile("i", "j", "io", "jo", "ii", "ji", 4, 16).vectorize("ji", 8).parallel("io"),
        s["down"].tile("i", "j", "io", "jo", "ii", "ji", 4, 16).vectorize("ji", 8).parallel("io"),
        s["down"].compute_with("across", "jo"),
    ),
    "a row of blur for both": lambda s: (
        s["across"].compute_root(),
        s["down"].compute_root().compute_with("across", "i"),
        s["blur"].compute_at("down", "i").vectorize("j", 8),
    ),
    "in each row of the result": lambda s: (
        s["blur"].compute_root().parallel("i", 4),
        s["across"].compute_at("edges", "i"),
        s["down"].compute_at("edges", "i").compute_with("across", "i"),
    ),
    "in each tile of the result, unrolled": lambda s: (
        s["edges"].tile("i", "j", "io", "jo", "ii", "ji", 4, 8),
        s["across"].compute_at("edges", "jo").unroll("i", 2),
        s["down"].compute_at("edges", "jo").unroll("i", 2).compute_with("across", "i.unroll"),
        s["blur"].compute_at("across", "i"),
    ),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name: str) -> None:
    edges = gradients()
    s = tl.Schedule(edges)
    GRADIENTS[name](s)
    assert_agrees(edges, s, numpy_gradients, shape=(ROWS, COLUMNS))


def statistics() -> list[tl.Func]:
    """Sums and sums of squares of rows, of all of them and of the first few."""
    x = tl.Input("x", (ROWS, COLUMNS), tl.float32)
    i, k = tl.Var("i"), tl.RDom("k", COLUMNS)
    total, squares = tl.Func("total"), tl.Func("squares")
    total[i] += x[i, k]
    squares[i] += x[i, k] * x[i, k]
    return [total, squares]


STATISTICS: dict[str, Give] = {
    "apart": lambda s: None,
    "updates": lambda s: s["squares", 1].compute_with(("total", 1), "k"),
    "both definitions": lambda s: (
        s["squares"].compute_with("total", "i"),
        s["squares", 1].compute_with(("total", 1), "i"),
    ),
    "lanes": lambda s: (
        s["total", 1].atomic().vectorize("k", 8),
        s["squares", 1].atomic().vectorize("k", 8).compute_with(("total", 1), "k"),
    ),
    "rows in parallel, split reductions": lambda s: (
        s["total", 1].split("k", "ko", "ki", 8).parallel("i"),
        s["squares", 1].split("k", "ko", "ki", 8).parallel("i").compute_with(("total", 1), "ko"),
    ),
    "merges of parts": lambda s: (
        s["total", 1].split("k", "ko", "ki", 11).rfactor(("ko", "u"), "totals").compute_root(),
        s["squares", 1].split("k", "ko", "ki", 11).rfactor(("ko", "u"), "parts").compute_root(),
        s["parts", 1].parallel("u").reorder("u", "i", "ki").compute_with(("totals", 1), "i"),
        s["totals", 1].parallel("u").reorder("u", "i", "ki"),
        s["squares", 1].compute_with(("total", 1), "i"),
    ),
}


@pytest.mark.parametrize("rows", [ROWS, 7])
@pytest.mark.parametrize("name", STATISTICS)
def test_statistics(name: str, rows: int) -> None:
    outputs = statistics()
    s = tl.Schedule(outputs)
    STATISTICS[name](s)
    kernel = tl.compile(outputs, s, shape={"total": (ROWS,), "squares": (rows,)})
    for threads in (1, 2):
        result = check_kernel(kernel, threads=threads)
        assert result.ok, f"{result.reason}\n{s.source()}"
    x = np.random.default_rng(7).standard_normal((ROWS, COLUMNS)).astype(np.float32)
    total, squares = kernel(x)
    np.testing.assert_allclose(total, x.sum(axis=1), rtol=0, atol=1e-4)
    np.testing.assert_allclose(squares, (x * x).sum(axis=1)[:rows], rtol=0, atol=1e-4)


@pytest.mark.parametrize("loops", [("i", "j"), ("j", "i")])
def test_loops_shared_to_different_depths(loops: tuple[str, str]) -> None:
    x, (i, j) = tl.Input("x", (9, 13), tl.int32), tl.vars("i j")
    near, far, base = tl.Func("near"), tl.Func("far"), tl.Func("base")
    near[i, j], far[i, j], base[i, j] = x[i, j] + i, x[i, j] * j, x[i, j] - 1
    outputs = [near, far, base]
    s = tl.Schedule(outputs)
    s[near].compute_with(base, loops[0])
    s[far].compute_with(base, loops[1])
    kernel = tl.compile(outputs, s, shape={"near": (9, 13), "far": (7, 11), "base": (8, 12)})
    assert check_kernel(kernel).ok
