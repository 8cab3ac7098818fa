"""Extents that are hard on tails: 1, primes, one less and one more than a vector, for vectors of every width.

A stencil and a sum, each stage of which is under each tail that is legal at the extent; what reads them is as long as
the extent, so that storage holds what tails touch past the end.
"""

from __future__ import annotations

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.validation import check_kernel
from tests.correctness.checking import Array, assert_agrees

WIDTHS = (2, 4, 8, 16, 32, 64)
TAILS = (
    "auto",
    "guard_with_if",
    "round_up",
    "predicate",
    "predicate_loads",
    "predicate_stores",
    "shift_inwards",
    "shift_inwards_and_blend",
    "round_up_and_blend",
)
TERMS = 3

i = tl.Var("i")


def stencil(extent: int) -> tl.Func:
    # Tails that read past the end are legal where Inputs hold what they read.
    x = tl.Input("x", (2 * extent + 200,), tl.int16)
    near, change, out = tl.Func("near"), tl.Func("change"), tl.Func("out")
    near[i] = x[2 * i] + x[2 * i + 1]
    change[i] = near[i] - near[i + 1]
    out[i] = change[i]
    return out


def stencil_by_hand(x: Array, extent: int) -> Array:
    near = x[0 : 2 * extent + 2 : 2] + x[1 : 2 * extent + 3 : 2]
    result: Array = near[:-1] - near[1:]
    return result


def sums(extent: int) -> tl.Func:
    x, k = tl.Input("x", (extent + 200, TERMS), tl.int32), tl.RDom("k", TERMS)
    total, out = tl.Func("total"), tl.Func("out")
    total[i] += x[i, k]
    out[i] = total[i]
    return out


def extents(width: int, tail: str) -> list[int]:
    """One, a prime and the neighbours of a vector; what shifts needs one whole vector."""
    found = {1, width - 1, width + 1, 37 if width < 32 else 67}
    return sorted(n for n in found if n >= (width if tail.startswith("shift") else 1))


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_stencil(width: int, tail: str) -> None:
    for extent in extents(width, tail):
        out = stencil(extent)
        s = tl.Schedule(out)
        s["change"].compute_root().split("i", "io", "ii", width, tail).vectorize("ii")
        s["near"].compute_at("change", "io").vectorize("i", width, tail if extent >= width else "guard_with_if")
        assert_agrees(out, s, lambda x, extent=extent: stencil_by_hand(x, extent), shape=(extent,))


@pytest.mark.parametrize("tail", [tail for tail in TAILS if tail != "shift_inwards"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_sum(width: int, tail: str) -> None:
    for extent in extents(width, tail):
        out = sums(extent)
        s = tl.Schedule(out)
        s["total"].compute_root()
        s["total", 1].reorder("k", "i").vectorize("i", width, tail)
        assert_agrees(out, s, lambda x, extent=extent: x[:extent].sum(1, dtype=np.int32), shape=(extent,))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_sum_of_nothing_is_zero(width: int) -> None:
    x, k, out = tl.Input("x", (9, 4), tl.int32), tl.RDom("k", 0), tl.Func("out")
    out[i] += x[i, k]
    s = tl.Schedule(out)
    s[out.update()].reorder("k", "i").vectorize("i", width, "guard_with_if")
    assert_agrees(out, s, lambda x: np.zeros(9, np.int32), shape=(9,))


def test_domains_that_are_empty_for_some_points() -> None:
    """The terms of the first points are before the start, so that their producer computes nothing."""
    x, k = tl.Input("x", (20,), tl.int32), tl.RDom("k", 5)
    near, out = tl.Func("near"), tl.Func("out")
    near[i] = x[i] * 3
    k.where(k + 7 <= i)
    out[i] += near[k + i - 7]
    s = tl.Schedule(out)
    s["near"].compute_at(out.update(), "i").vectorize("i", 4)

    def by_hand(x: Array) -> Array:
        return np.array([sum(3 * x[k + n - 7] for k in range(5) if k + 7 <= n) for n in range(13)])

    assert_agrees(out, s, by_hand, shape=(13,))


@pytest.mark.parametrize("width", [1, 4])
def test_offsets_past_32_bits(width: int) -> None:
    """Five rows of half a gibibyte, of which two bytes each are read; the others never become memory."""
    rows, length = 5, 1 << 29
    x, out, j = tl.Input("x", (rows, length), tl.uint8), tl.Func("out"), tl.Var("j")
    out[i, j] = x[i, j * (length - 1)]
    s = tl.Schedule(out)
    s[out].vectorize("i", width, "guard_with_if")
    image = np.zeros((rows, length), np.uint8)
    image[:, -1] = np.arange(rows) + 3
    np.testing.assert_array_equal(tl.compile(out, s, shape=(rows, 2))(image), image[:, [0, -1]])


def _scaled_rows() -> tuple[tl.Func, tl.Func]:
    """``out`` reads rows of x that its own index names, through a Func between."""
    x, (i, j) = tl.Input("x", (0, 7), tl.int32), tl.vars("i j")
    half, out = tl.Func("half"), tl.Func("out")
    half[i, j] = x[tl.clamp(i, 0, 3), j] // 2
    out[i, j] = half[i, j] + half[i + 1, j]
    return half, out


@pytest.mark.parametrize("shape", [(0, 7), (0, 0)])
@pytest.mark.parametrize("place", ["inline", "root", "row"])
def test_arrays_of_no_elements(shape: tuple[int, int], place: str) -> None:
    half, out = _scaled_rows()
    s = tl.Schedule(out)
    s[out].parallel("i").vectorize("j", 4)
    if place == "root":
        s[half].compute_root().vectorize("j", 4)
    if place == "row":
        s[half].compute_at(out, "i")
    assert_agrees(out, s, lambda x: np.zeros(shape, np.int32), shape=shape)


def test_a_product_over_an_extent_of_none() -> None:
    a, b, k = tl.Input("a", (5, 0), tl.int32), tl.Input("b", (0, 6), tl.int32), tl.RDom("k", 0)
    (i, j), out = tl.vars("i j"), tl.Func("out")
    out[i, j] += a[i, k] * b[k, j]
    s = tl.Schedule(out)
    s[out.update()].tile("i", "j", "io", "jo", "ii", "ji", 2, 4, "guard_with_if").vectorize("ji").unroll("ii")
    assert_agrees(out, s, lambda a, b: np.zeros((5, 6), np.int32), shape=(5, 6))


def test_one_of_two_outputs_has_no_elements() -> None:
    x, i = tl.Input("x", (9,), tl.int32), tl.Var("i")
    f, g = tl.Func("f"), tl.Func("g")
    f[i] = x[i] + 1
    g[i] = x[i + 9] + f[i]
    kernel = tl.compile([f, g], shape={"f": (9,), "g": (0,)}, cache=False)
    assert check_kernel(kernel).ok


def test_an_initialisation_that_has_nothing_to_do() -> None:
    """Nothing is read of the copy, as its only reader runs over no points."""
    w, k, f = tl.Input("w", (5,), tl.int32, constant=True), tl.RDom("k", 5), tl.Func("f")
    k.where(k > 7)
    f[i] += w[k]
    s = tl.Schedule(f)
    s.in_(w, f, "packed").compute_at_init()
    assert check_kernel(tl.compile(f, s, shape=(3,), cache=False)).ok
