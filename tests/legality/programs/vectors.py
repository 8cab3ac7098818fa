"""Vectorized loops that cannot be lanes."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of
from tests.schedule.programs import blur

must_fail = programs_of(Family.VECTORS)


@must_fail(
    "one_loop_is_vectorized",
    """\
s[f].vectorize("i"): lane is already a vectorized loop of f.
  asked       s[f].vectorize("i")    HERE
  rule        one loop of a stage is vectorized
  hint        unroll("i"), or serial("lane") first""",
)
def second_vectorized_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("j", 8).rename("j.lane", "lane").vectorize("i")
    return Scheduled(blur().f, s)


@must_fail(
    "one_loop_is_vectorized",
    """\
s[f].vectorize("i", 4): j.lane is already a vectorized loop of f.
  asked       s[f].vectorize("i", 4)    HERE
  rule        one loop of a stage is vectorized
  hint        unroll("i"), or serial("j.lane") first""",
)
def lanes_of_two_loops() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("j", 8).vectorize("i", 4)
    return Scheduled(blur().f, s)


@must_fail(
    "lanes_are_constant",
    """\
s[f].vectorize("j"): the extent of j in f is not the same in every iteration of the loops around it.
  asked       s[f].vectorize("j")    HERE
  rule        a vectorized loop has a constant extent
  legal here  vectorize("j", 16)""",
)
def lanes_of_a_tile_that_varies() -> Scheduled:
    x = tl.Input("x", (17, 24), tl.float32)
    i, j = tl.vars("i j")
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    f[i, j] = x[i, j] * 2
    g[i, j] = f[i, j] + f[i, j + 1]
    h[i, j] = g[i, j] - 1
    s = tl.Schedule()
    s["h"].split("j", "jo", "ji", 8, "guard_with_if").reorder("jo", "i", "ji")
    s["g"].compute_at("h", "jo").split("j", "jo", "ji", 3, "guard_with_if").reorder("jo", "i", "ji")
    s["f"].compute_at("g", "jo").vectorize("j")
    return Scheduled(h, s, {"h": (13, 17)})


@must_fail(
    "few_lanes",
    """\
s[f].vectorize("i"): the extent of i in f is 5000.
  asked       s[f].vectorize("i")    HERE
  rule        a vectorized loop has at most 4096 lanes
  legal here  vectorize("i", 16)""",
)
def lanes_of_a_whole_row() -> Scheduled:
    x, i, f = tl.Input("x", (5000,), tl.float32), tl.Var("i"), tl.Func("f")
    f[i] = x[i]
    s = tl.Schedule()
    s["f"].vectorize("i")
    return Scheduled(f, s)


@must_fail(
    "few_lanes",
    """\
s[f].vectorize("i", 8192): the extent of i.lane in f is 8192.
  asked       s[f].vectorize("i", 8192)    HERE
  rule        a vectorized loop has at most 4096 lanes
  legal here  vectorize("i", 16)""",
)
def lanes_by_thousands() -> Scheduled:
    x, i, f = tl.Input("x", (100_000,), tl.float32), tl.Var("i"), tl.Func("f")
    f[i] = x[i]
    s = tl.Schedule()
    s["f"].vectorize("i", 8192)
    return Scheduled(f, s)


@must_fail(
    "few_lanes",
    """\
s[f.case(0)].vectorize("ji"): the extent of ji in f is 8192.
  asked       s[f.case(0)].vectorize("ji")    HERE
  rule        a vectorized loop has at most 4096 lanes
  legal here  vectorize("ji", 16)""",
)
def a_vector_of_thousands_of_lanes_in_a_case() -> Scheduled:
    f, j = tl.Func("f"), tl.Var("j")
    f[j] = tl.cast(tl.float32, j) * tl.Param("scale", tl.float32)
    s = tl.Schedule()
    s["f"].split("j", "jo", "ji", 8192)
    s["f"].specialize("scale == 2").vectorize("ji")
    return Scheduled(f, s, {"f": (16384,)})


@must_fail(
    "lanes_start_no_threads",
    """\
s[f].vectorize("i"): the loop j inside i is parallel.
  asked       s[f].vectorize("i")    HERE
  rule        the loops inside a vectorized loop are serial or unrolled
  hint        reorder("j", "i")""",
)
def parallel_loop_inside_a_vectorized_one() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("i").parallel("j")
    return Scheduled(blur().f, s)
