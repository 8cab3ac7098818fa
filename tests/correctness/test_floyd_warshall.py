"""Shortest paths between all pairs of nodes of a graph, in place, and through a subset of its nodes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

import tensorlang as tl
from tests.correctness.checking import assert_agrees

Directives = Callable[[tl.Schedule, tl.Func], object]
Lengths = npt.NDArray[np.int32]

g, i, j = tl.vars("g i j")

NONE = 1 << 20  # the length of an edge that is not there


def paths(n: int) -> tl.Func:
    """After step k, d[u, v] is the shortest path that passes nodes 0 to k only."""
    edges, steps, d = tl.Input("edges", (n, n), tl.int32), tl.RDom("k u v", n, n, n), tl.Func("d")
    k, u, v = steps
    d[i, j] = edges[i, j]
    d[u, v] = tl.min(d[u, v], d[u, k] + d[k, v])
    return d


def paths_through_open_nodes(n: int) -> tl.Func:
    """Steps run only for nodes that are open, which is data; an edge into itself cannot shorten a path."""
    edges, is_open = tl.Input("edges", (n, n), tl.int32), tl.Input("is_open", (n,), tl.bool_)
    steps, d = tl.RDom("k u v", n, n, n), tl.Func("d")
    k, u, v = steps
    steps.where(is_open[k]).where((u != k) & (v != k))
    d[i, j] = edges[i, j]
    d[u, v] = tl.min(d[u, v], d[u, k] + d[k, v])
    return d


def paths_of_graphs(n: int, count: int) -> tl.Func:
    """Of many graphs side by side."""
    edges, steps, d = tl.Input("edges", (n, n, count), tl.int32), tl.RDom("k u v", n, n, n), tl.Func("d")
    k, u, v = steps
    steps.where((u != k) & (v != k))
    d[i, j, g] = edges[i, j, g]
    d[u, v, g] = tl.min(d[u, v, g], d[u, k, g] + d[k, v, g])
    return d


def graph(n: int, seed: int = 0) -> Lengths:
    rng = np.random.default_rng(seed)
    lengths = np.where(rng.random((n, n)) < 0.4, rng.integers(1, 50, (n, n)), NONE).astype(np.int32)
    np.fill_diagonal(lengths, 0)
    return lengths


def by_hand(edges: Lengths, is_open: npt.NDArray[np.bool_] | None = None) -> Lengths:
    d = edges.copy()
    for k in range(len(d)):
        if is_open is None or is_open[k]:
            d = np.minimum(d, d[:, k : k + 1] + d[k : k + 1, :])
    return d


def each_by_hand(edges: Lengths) -> Lengths:
    return np.stack([by_hand(edges[..., m]) for m in range(edges.shape[-1])], axis=-1)


def the_copy_in_vectors(s: tl.Schedule, d: tl.Func) -> None:
    s[d].vectorize("j", 8).parallel("i")
    s[d.update()].split("v", "vo", "vi", 8)


ONE: dict[str, Directives] = {
    "as it is written": lambda s, d: None,
    "unrolled": lambda s, d: s[d.update()].unroll("v", 4),
    "nodes in pairs": lambda s, d: s[d.update()].fuse("u", "v", "pair").split("pair", "po", "pi", 8),
    "steps in blocks": lambda s, d: s[d.update()].split("k", "ko", "ki", 4).unroll("ki"),
    "the copy in vectors": the_copy_in_vectors,
    "rows split": lambda s, d: s[d.update()].split("u", "uo", "ui", 3).unroll("ui").unroll("v", 2),
}


@pytest.mark.parametrize("n", [1, 11])
@pytest.mark.parametrize("name", list(ONE))
def test_one_graph(name: str, n: int) -> None:
    d, edges = paths(n), graph(n)
    s = tl.Schedule(d)
    ONE[name](s, d)
    assert_agrees(d, s, by_hand, shape=edges.shape, arrays={"edges": edges})


@pytest.mark.parametrize("name", list(ONE))
def test_open_nodes(name: str) -> None:
    n = 11
    d = paths_through_open_nodes(n)
    s = tl.Schedule(d)
    ONE[name](s, d)
    edges, is_open = graph(n, seed=1), np.random.default_rng(2).random(n) < 0.6
    expected = by_hand(edges, is_open)
    assert_agrees(d, s, lambda *_: expected, shape=(n, n), arrays={"edges": edges, "is_open": is_open})


def parallel_vectors(s: tl.Schedule, d: tl.Func) -> None:
    s[d.update()].split("g", "go", "gi", 8, "guard_with_if").reorder("go", "k", "u", "v", "gi")
    s[d.update()].vectorize("gi").parallel("go")


MANY: dict[str, Directives] = {
    "as it is written": lambda s, d: None,
    "graphs in parallel": lambda s, d: s[d.update()].parallel("g"),
    "graphs in vectors": lambda s, d: s[d.update()].reorder("k", "u", "v", "g").vectorize("g", 4),
    "parallel vectors": parallel_vectors,
    "pairs": lambda s, d: s[d.update()].reorder("k", "u", "v", "g").fuse("u", "v", "pair").unroll("g", 3),
}


@pytest.mark.parametrize("name", list(MANY))
def test_many_graphs(name: str) -> None:
    n, count = 7, 10
    edges = np.stack([graph(n, seed) for seed in range(count)], axis=-1)
    d = paths_of_graphs(n, count)
    s = tl.Schedule(d)
    MANY[name](s, d)
    assert_agrees(d, s, each_by_hand, shape=edges.shape, arrays={"edges": edges})
