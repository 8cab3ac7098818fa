"""Prefetches, policies of partitioning, aligned regions and estimates change nothing of what is computed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.errors import BoundsError
from tensorlang.validation import check_kernel
from tests.correctness.checking import Array, assert_agrees

Schedules = dict[str, Callable[[tl.Schedule], object]]


def blur() -> tl.Func:
    """A 3x3 sum over an image that repeats its edge; prime extents."""
    x, (i, j) = tl.Input("x", (31, 53), tl.float32), tl.vars("i j")
    edge, rows, out = tl.repeat_edge(x, (1, 1), vars="i j", name="edge"), tl.Func("rows"), tl.Func("out")
    rows[i, j] = edge[i, j] + edge[i, j + 1] + edge[i, j + 2]
    out[i, j] = rows[i, j] + rows[i + 1, j] + rows[i + 2, j]
    return out


def blurred(x: Array) -> Array:
    padded = np.pad(x, 1, mode="edge")
    rows: Array = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    return rows[:-2] + rows[1:-1] + rows[2:]


def _tiles(s: tl.Schedule, policy: str) -> None:
    s["out"].tile("i", "j", "io", "jo", "ii", "ji", 8, 16, tail="guard_with_if").vectorize("ji", 8)
    s["out"].partition("io", policy).partition("jo", policy).partition("ii", policy)
    s["rows"].compute_at("out", "jo").vectorize("j", 8).partition("j", policy).partition("i", policy)


BLURS: Schedules = {
    "never": lambda s: _tiles(s, "never"),
    "always": lambda s: _tiles(s, "always"),
    "a parallel loop, never": lambda s: s["out"].split("i", "io", "ii", 4).parallel("io").partition("io", "never"),
    "a parallel loop, always": lambda s: s["out"].split("i", "io", "ii", 4).parallel("io").partition("io", "always"),
    "the image, guarded": lambda s: s["out"].prefetch("x", "i", "i", 3).vectorize("j", 8),
    "the image, clamped, from threads": lambda s: (
        s["out"].split("i", "io", "ii", 4).parallel("io").prefetch("x", "ii", "ii", 2, "clamp").prefetch("x", "j", "io")
    ),
    "rows at root": lambda s: (
        s["rows"].compute_root().vectorize("j", 8),
        s["out"].prefetch("rows", "j", "i", 2).vectorize("j", 16).unroll("i", 2),
    ),
    "rows that slide": lambda s: (
        s["rows"].store_root().compute_at("out", "i").vectorize("j", 8).prefetch("x", "i", "i", 1, "clamp"),
        s["out"].prefetch("rows", "i", "i"),
    ),
    "aligned rows": lambda s: s["rows"].compute_root().align_bounds("j", 53, 0).align_bounds("i", 11).vectorize("j", 8),
    "aligned tiles": lambda s: (
        s["out"].split("j", "jo", "ji", 16),
        s["rows"].compute_at("out", "jo").align_bounds("i", 3, 2).vectorize("i", 3),
        s["edge"].compute_root().align_bounds("j", 8, 5).vectorize("j", 8),
    ),
    "aligned rows that slide": lambda s: (
        s["rows"].store_root().compute_at("out", "i").align_bounds("i", 2).unroll("i", 2),
        s["edge"].compute_at("out", "i").align_bounds("i", 4, 1),
    ),
    "expected elsewhere": lambda s: s["out"].set_estimate("i", 0, 500).set_estimate("j", 0, 9).vectorize("j", 8),
}


@pytest.mark.parametrize("name", list(BLURS))
def test_a_blur_stays_what_it_is(name: str) -> None:
    out = blur()
    s = tl.Schedule(out)
    BLURS[name](s)
    assert tl.Schedule.from_json(s.to_json()) == s
    assert_agrees(out, s, blurred, shape=(31, 53))


def product() -> tl.Func:
    a, b = tl.Input("a", (13, 29), tl.float32), tl.Input("b", (29, 37), tl.float32)
    (i, j), k, c = tl.vars("i j"), tl.RDom("k", 29), tl.Func("c")
    c[i, j] += a[i, k] * b[k, j]
    return c


@pytest.mark.parametrize("strategy", ["guard", "clamp"])
@pytest.mark.parametrize("offset", [1, 5, 100])
def test_a_product_with_prefetches(strategy: str, offset: int) -> None:
    c = product()
    s = tl.Schedule(c)
    s["c", 1].split("i", "io", "ii", 4).split("j", "jo", "ji", 16).reorder("io", "jo", "k", "ii", "ji")
    s["c", 1].vectorize("ji").unroll("ii").prefetch("b", "k", "k", offset, strategy)
    s["c", 1].prefetch("a", "jo", "io", offset, strategy)
    assert_agrees(c, s, lambda a, b: a @ b)


def test_an_aligned_region_needs_no_tail() -> None:
    x, i = tl.Input("x", (64,), tl.float32), tl.Var("i")
    n = tl.Param("n", tl.int32, min=0, max=7)
    g, f = tl.Func("g"), tl.Func("f")
    g[i] = x[i] * 2
    f[i] = g[i + n] + g[i]
    s = tl.Schedule(f)
    s[g].compute_root().vectorize("i", 8)
    assert "min(" in tl.loop_nest(f, s, shape=(50,))
    s[g].align_bounds("i", 8)
    assert "min(" not in tl.loop_nest(f, s, shape=(50,))
    kernel = tl.compile(f, s, shape=(50,))
    for given in (0, 1, 6, 7):
        image = np.arange(64, dtype=np.float32)
        assert check_kernel(kernel, arrays={"x": image, "n": np.array(given, np.int32)}).ok


def test_estimates_are_for_those_who_look_and_not_for_the_code() -> None:
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = i * 2
    s = tl.Schedule(f)
    with pytest.raises(BoundsError):
        tl.loop_nest(f, s)
    s[f].set_estimate("i", 0, 24).split("i", "io", "ii", 8)
    assert tl.loop_nest(f, s).startswith("for io in 0..3:")
    assert tl.loop_nest(f, s, shape=(16,)).startswith("for io in 0..2:")
    assert "for f.0.io in 0..3" in tl.lowered_passes(f, s)
    assert s.check() == ()
    with pytest.raises(BoundsError):
        tl.compile(f, s)
    assert tl.compile(f, s, shape=(5,))().tolist() == [0, 2, 4, 6, 8]


def test_an_array_that_is_only_prefetched_is_an_argument_all_the_same() -> None:
    """`f` is read where its condition never holds, so that nothing is left of `w` but the prefetch."""
    i = tl.Var("i")
    w = tl.Input("w", (8,), tl.bool_, constant=True)
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    f[i] = w[i] & (i > 1)
    g[i] = tl.cast(tl.int16, f[i % 2])
    h[i] = g[i] + tl.cast(tl.int16, 1)
    s = tl.Schedule()
    s["g"].compute_at_init()
    s["f"].compute_at("g", "i").store_root().prefetch("w", "i", "i", strategy="clamp")
    assert check_kernel(tl.compile(h, s, shape=(8,))).ok


def test_what_is_aligned_is_computed_whole_in_each_iteration() -> None:
    """Its ends are not those of what is needed, from which a sliding window would tell what is there already."""
    i = tl.Var("i")
    x = tl.Input("x", (16,), tl.int32)
    f, g = tl.Func("f"), tl.Func("g")
    r = tl.RDom("r", 13)
    f[i] = 1
    f[i] += x[i]
    g[i] = 0
    g[tl.clamp(f[r], 0, 12)] += 1
    s = tl.Schedule()
    s["g.update(0)"].split("r", "ro", "ri", 2, tail="guard_with_if")
    s["f"].compute_at("g.update(0)", "ri").store_root().align_bounds("i", 8)
    kernel = tl.compile(g, s, shape=(13,))
    assert check_kernel(kernel).ok
    assert kernel.scratch_bytes() == 16 * 4
