"""Each iteration computes only what the ones before it have not, where that is safe, and says why where it is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tensorlang as tl
from tensorlang.lang.expr import Expr, ExprLike
from tests.lowering.evaluated import points

i, j = tl.vars("i j")
SHAPE = (8, 16)
Index = tuple[ExprLike, ExprLike]


def stencil(*reads: Index, update: Callable[[tl.Func], None] | None = None) -> tuple[tl.Func, tl.Func]:
    """f, the sum of what is read of g."""
    f, g = tl.Func("f"), tl.Func("g")
    g[i, j] = i + j
    if update is not None:
        update(g)
    total: Expr = g[reads[0]]
    for at in reads[1:]:
        total = total + g[at]
    f[i, j] = total
    return f, g


def rows_kept(f: tl.Func, g: tl.Func) -> tl.Schedule:
    """g computed at the rows of f, and kept over all of them."""
    s = tl.Schedule(f)
    s[g].compute_at(f, "i").store_root()
    return s


def nest(f: tl.Func, s: tl.Schedule, shape: tuple[int, ...] = SHAPE) -> list[str]:
    return tl.loop_nest(f, s, shape=shape).splitlines()


def test_a_window_of_rows() -> None:
    f, g = stencil((i, j), (i + 1, j), (i + 2, j))
    assert nest(f, rows_kept(f, g)) == [
        "store g[3, 16] in heap (slides over i; i is folded to 3):",
        "  for i in 0..10:",
        "    for j in 0..16:",
        "      g[i, j] = ...",
        "    if i >= 2:",
        "      for j in 0..16:",
        "        f[i - 2, j] = ...",
    ]


def test_each_point_is_evaluated_once() -> None:
    f, g = stencil((i, j), (i + 1, j), (i + 2, j))
    s = tl.Schedule(f)
    s[g].compute_at(f, "i")
    assert points(f, s, {"f": SHAPE})["g"] == 3 * 8 * 16
    assert points(f, rows_kept(f, g), {"f": SHAPE})["g"] == 10 * 16


def test_rows_skipped_by_a_stride_are_those_of_the_first_iteration_too() -> None:
    f, g = stencil((2 * i, j), (2 * i + 1, j), (2 * i + 2, j))
    s = rows_kept(f, g)
    assert nest(f, s)[:3] == [
        "store g[3, 16] in heap (slides over i; i is folded to 3):",
        "  for i in 0..9:",
        "    let g.i.extent = i * 2 - max(0, i * 2 - 1) + 1",
    ]
    assert points(f, s, {"f": SHAPE})["g"] == 17 * 16


def test_a_row_that_serves_two_iterations_is_computed_in_the_first() -> None:
    f, g = stencil((i // 2, j), ((i + 1) // 2, j))
    s = rows_kept(f, g)
    assert nest(f, s)[0] == "store g[2, 16] in heap (slides over i; i is folded to 2):"
    assert points(f, s, {"f": SHAPE})["g"] == 5 * 16


def test_a_clamped_window_stops_at_the_edge() -> None:
    f, g = stencil((tl.clamp(i - 1, 0, 7), j), (tl.clamp(i + 1, 0, 7), j))
    s = rows_kept(f, g)
    assert nest(f, s)[0] == "store g[3, 16] in heap (slides over i; i is folded to 3):"
    assert points(f, s, {"f": SHAPE})["g"] == 8 * 16


def test_a_window_that_moves_down() -> None:
    f, g = stencil((9 - i, j), (10 - i, j))
    s = rows_kept(f, g)
    assert nest(f, s) == [
        "store g[2, 16] in heap (slides over i; i is folded to 2):",
        "  for i in 0..9:",
        "    for j in 0..16:",
        "      g[-i + 10, j] = ...",
        "    if i >= 1:",
        "      for j in 0..16:",
        "        f[i - 1, j] = ...",
    ]
    assert points(f, s, {"f": SHAPE})["g"] == 9 * 16


def test_a_window_that_grows_is_not_folded() -> None:
    f, g = stencil((i, j), (0, j))
    s = rows_kept(f, g)
    assert nest(f, s)[0] == "store g[8, 16] in heap (slides over i):"
    assert points(f, s, {"f": SHAPE})["g"] == 8 * 16


def test_what_does_not_move_is_computed_in_the_first_iteration() -> None:
    f, g = stencil((0, j), (1, j))
    s = rows_kept(f, g)
    assert nest(f, s)[:4] == [
        "store g[2, 16] in heap (is computed in the first iteration of i):",
        "  for i in 0..8:",
        "    if i <= 0:",
        "      for g.i in 0..2:",
    ]
    assert points(f, s, {"f": SHAPE})["g"] == 2 * 16


def test_updates_that_keep_the_var_in_place_slide_with_it() -> None:
    def double(g: tl.Func) -> None:
        g[i, j] = g[i, j] * 2

    f, g = stencil((i, j), (i + 1, j), update=double)
    s = rows_kept(f, g)
    assert nest(f, s)[0] == "store g[2, 16] in heap (slides over i; i is folded to 2):"
    assert points(f, s, {"f": SHAPE})["g"] == 2 * 9 * 16


def scatter(g: tl.Func) -> None:
    k = tl.RDom("k", 3)
    g[k, j] = g[k, j] * 2


def skew() -> tuple[tl.Func, tl.Func]:
    f, g = tl.Func("f"), tl.Func("g")
    g[i, j] = i + j
    f[i, j] = g[i, i] + g[i + 1, i + 1]
    return f, g


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (lambda: stencil((i, j), (i + 1, j), update=scatter), "an update does not keep i in place"),
        (lambda: stencil((i * 5 % 8, j)), "what it needs of i does not move one way"),
        (lambda: stencil((2 * i, j), (2 * i + 1, j)), "no two iterations need the same"),
        (skew, "what it needs moves in i and j"),
    ],
)
def test_what_does_not_slide_is_computed_anew_and_says_why(
    program: Callable[[], tuple[tl.Func, tl.Func]], reason: str
) -> None:
    f, g = program()
    s, anew = rows_kept(f, g), tl.Schedule(f)
    anew[g].compute_at(f, "i")
    heading = nest(f, s)[0]
    assert f"does not slide over i: {reason}" in heading
    assert points(f, s, {"f": SHAPE})["g"] == points(f, anew, {"f": SHAPE})["g"]


def test_a_tail_that_rounds_up_would_overwrite_rows_of_a_window_that_moves_down() -> None:
    f, g = stencil((9 - i, j), (10 - i, j))
    s = rows_kept(f, g)
    s[g].split("i", "io", "ii", 4, tail="round_up")
    assert "does not slide over i: a tail rounds up over i that is there already" in nest(f, s)[0]


def test_a_loop_of_uneven_length_inside_is_not_slid_past() -> None:
    f, g = tl.Func("f"), tl.Func("g")
    h = tl.Func("h")
    h[i, j] = i + j
    g[i, j] = h[i, j] + h[i + 1, j]
    f[i, j] = g[2 * i, j] + g[2 * i + 1, j] + g[2 * i + 2, j]
    s = rows_kept(f, g)
    s[h].compute_at(g, "i").store_root()
    assert "does not slide over i: the length of i differs from iteration to iteration" in "".join(nest(f, s))


def test_a_chain_slides_with_a_window_for_each() -> None:
    x = tl.Input("x", (20, 16), tl.int32)
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    h[i, j] = x[i, j] + x[i + 1, j]
    g[i, j] = h[i, j] + h[i + 1, j] + h[i + 2, j]
    f[i, j] = g[i, j] + g[i + 1, j] + g[i + 2, j]
    s = rows_kept(f, g)
    s[h].compute_at(f, "i").store_root()
    assert nest(f, s) == [
        "store h[3, 16] in heap (slides over i; i is folded to 3):",
        "  store g[3, 16] in heap (slides over i; i is folded to 3):",
        "    for i in 0..12:",
        "      for j in 0..16:",
        "        h[i, j] = ...",
        "      if i >= 2:",
        "        for j in 0..16:",
        "          g[i - 2, j] = ...",
        "        if i - 2 >= 2:",
        "          for j in 0..16:",
        "            f[i - 4, j] = ...",
    ]
    assert points(f, s, {"f": SHAPE}) == {"h": 12 * 16, "g": 10 * 16, "f": 8 * 16}


def test_a_func_read_before_and_after_in_a_chain_keeps_the_rows_of_both() -> None:
    x = tl.Input("x", (20, 16), tl.int32)
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    h[i, j] = x[i, j] * 2
    g[i, j] = h[i, j] + h[i + 1, j] + h[i + 2, j]
    f[i, j] = g[i, j] + h[i + 1, j]
    s = rows_kept(f, g)
    s[h].compute_at(f, "i").store_root()
    assert nest(f, s)[0] == "store h[3, 16] in heap (slides over i; i is folded to 3):"
    assert points(f, s, {"f": SHAPE})["h"] == 10 * 16


def test_a_func_that_does_not_slide_starts_with_its_uses() -> None:
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    g[i, j] = i * j
    h[i, j] = i - j
    f[i, j] = g[i, j] + g[i + 1, j] + h[i, j]
    s = rows_kept(f, g)
    s[h].compute_at(f, "i")
    assert nest(f, s)[3:7] == [
        "      g[i, j] = ...",
        "    if i >= 1:",
        "      store h[1, 16] in heap:",
        "        for j in 0..16:",
    ]
    assert points(f, s, {"f": SHAPE})["h"] == 8 * 16


def test_two_loops_slide_along_two_dimensions() -> None:
    f, g = stencil((i, j), (i + 1, j), (i, j + 2))
    s = tl.Schedule(f)
    s[g].compute_at(f, "j").store_root()
    assert nest(f, s) == [
        "store g[2, 18] in heap (slides over i; slides over j; i is folded to 2):",
        "  for i in 0..9:",
        "    for j in 0..18:",
        "      g[i, j] = ...",
        "      if i >= 1:",
        "        if j >= 2:",
        "          f[i - 1, j - 2] = ...",
    ]
    assert points(f, s, {"f": SHAPE})["g"] == 9 * 18


def test_two_loops_slide_along_one_dimension() -> None:
    f, g = stencil((i, j), (i + 1, j), (i + 2, j))
    s = tl.Schedule(f)
    s[f].split("i", "io", "ii", 4)
    s[g].compute_at(f, "ii").store_root()
    assert nest(f, s)[0] == "store g[6, 16] in heap (slides over io; slides over ii; i is folded to 6):"
    assert points(f, s, {"f": (10, 16)})["g"] == 12 * 16


def test_tiles_in_parallel_slide_each_on_their_own() -> None:
    f, g = stencil((i, j), (i + 1, j), (i + 2, j))
    s = tl.Schedule(f)
    s[f].split("i", "io", "ii", 4).parallel("io")
    s[g].compute_at(f, "ii").store_at(f, "io")
    assert nest(f, s)[:3] == [
        "parallel io in 0..2:",
        "  store g[3, 16] in heap (slides over ii; i is folded to 3):",
        "    for ii in 0..6:",
    ]
    assert points(f, s, {"f": SHAPE})["g"] == 2 * 6 * 16


def test_an_unrolled_loop_computes_all_it_needs_in_its_first_iteration() -> None:
    f, g = stencil((i, j), (i + 1, j), (i + 2, j))
    s = tl.Schedule(f)
    s[f].split("i", "io", "ii", 4).unroll("ii")
    s[g].compute_at(f, "ii").store_at(f, "io")
    assert nest(f, s)[:6] == [
        "for io in 0..2:",
        "  store g[3, 16] in heap (slides over ii; i is folded to 3):",
        "    unrolled ii in 0..4:",
        "      let g.i.extent = io * 4 + ii - select(ii <= 0, io * 4 + ii, io * 4 + ii + 2) + 3",
        "      let g.i.min = select(ii <= 0, io * 4 + ii, io * 4 + ii + 2)",
        "      for i in 0..g.i.extent:",
    ]
    assert points(f, s, {"f": SHAPE})["g"] == 2 * 6 * 16


def test_a_loop_of_one_iteration_says_nothing() -> None:
    f, g = stencil((i, j), (i + 1, j))
    assert nest(f, rows_kept(f, g), (1, 16))[0] == "store g[2, 16] in heap:"


def test_a_reduction_slides_over_its_outer_loop() -> None:
    x = tl.Input("x", (12, 16), tl.int32)
    k = tl.RDom("k", 3)
    f, g = tl.Func("f"), tl.Func("g")
    g[i, j] = x[i, j] * 2
    f[i, j] += g[i + k, j]
    s = tl.Schedule(f)
    s[f.update()].reorder(i, k, j)
    s[g].compute_at(f.update(), "k").store_root()
    heading = next(line for line in nest(f, s) if line.startswith("store g"))
    assert heading.startswith("store g[3, 16] in heap (slides over i; does not slide over k: no two iterations need")
    assert heading.endswith("i is folded to 3):")
    assert points(f, s)["g"] == 12 * 16
