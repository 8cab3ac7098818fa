"""Prefetches that cannot be."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of

must_fail = programs_of(Family.PREFETCHING)


def rows() -> tl.Func:
    """``f[i, j] = g[i, j] + g[i + 1, j]`` with ``g[i, j] = x[i, j] * 2``."""
    x, (i, j) = tl.Input("x", (17, 32), tl.float32), tl.vars("i j")
    g, f = tl.Func("g"), tl.Func("f")
    g[i, j] = x[i, j] * 2.0
    f[i, j] = g[i, j] + g[i + 1, j]
    return f


@must_fail(
    "prefetched_exists",
    """\
s[f].prefetch(y, "i", "i"): there is no Func or Input y.
  asked       s[f].prefetch(y, "i", "i")    HERE
  rule        what is prefetched is a Func or an Input of the algorithm
  legal here  Funcs and Inputs: g, f, x""",
)
def prefetch_of_nothing() -> Scheduled:
    s = tl.Schedule()
    s["f"].prefetch("y", "i", "i")
    return Scheduled(rows(), s)


@must_fail(
    "prefetched_once",
    """\
s[f].prefetch(x, "j", "j", 4, strategy="clamp"): s[f].prefetch(x, "j", "i") was given before.
  asked       s[f].prefetch(x, "j", "j", 4, strategy="clamp")    HERE
  rule        a producer is prefetched once in a loop
  hint        keep one of the two""",
)
def prefetch_said_twice() -> Scheduled:
    s = tl.Schedule()
    s["f"].prefetch("x", "j", "i").prefetch("x", "j", "j", 4, "clamp")
    return Scheduled(rows(), s)


@must_fail(
    "prefetch_loops_are_there",
    """\
s[f].prefetch(x, "i", "i"): i is no loop of f any more; s[f].split("i", "io", "ii", 4) replaced it.
  asked       s[f].prefetch(x, "i", "i")    HERE
  rule        the loops of a prefetch are there when all directives have been given
  legal here  loops of f, outermost first: io, ii, j""",
)
def prefetch_in_a_loop_that_is_split_later() -> Scheduled:
    s = tl.Schedule()
    s["f"].prefetch("x", "i", "i").split("i", "io", "ii", 4)
    return Scheduled(rows(), s)


@must_fail(
    "prefetch_looks_outwards",
    """\
s[f].prefetch(x, "i", "j"): j is inside i.
  asked       s[f].prefetch(x, "i", "j")    HERE
  rule        a prefetch looks ahead in its own loop or in one around it
  legal here  loops to look ahead in: i""",
)
def prefetch_that_looks_inwards() -> Scheduled:
    s = tl.Schedule()
    s["f"].prefetch("x", "i", "j")
    return Scheduled(rows(), s)


@must_fail(
    "prefetch_is_outside_lanes",
    """\
s[f].prefetch(x, "j", "i"): j is vectorized.
  asked       s[f].prefetch(x, "j", "i")    HERE
  rule        a prefetch is made outside of vectorized loops
  legal here  loops: i""",
)
def prefetch_in_lanes() -> Scheduled:
    s = tl.Schedule()
    s["f"].prefetch("x", "j", "i").vectorize("j")
    return Scheduled(rows(), s)


@must_fail(
    "prefetch_is_outside_lanes",
    """\
s[f].prefetch(x, "i", "i"): i is inside j, which is vectorized.
  asked       s[f].prefetch(x, "i", "i")    HERE
  rule        a prefetch is made outside of vectorized loops
  legal here  loops: none""",
)
def prefetch_inside_lanes() -> Scheduled:
    s = tl.Schedule()
    s["f"].reorder("j", "i").vectorize("j").prefetch("x", "i", "i")
    return Scheduled(rows(), s)


@must_fail(
    "fused_stage_prefetches_nothing",
    """\
s[b].prefetch(x, "i", "i"): the loops of b are those of a, by s[b].compute_with(a, "i").
  asked       s[b].prefetch(x, "i", "i")    HERE
  rule        where stages are computed together, prefetches are given to the one whose loops stay
  hint        give the prefetch to a""",
)
def prefetch_of_a_fused_stage() -> Scheduled:
    x, i = tl.Input("x", (16,), tl.float32), tl.Var("i")
    a, b = tl.Func("a"), tl.Func("b")
    a[i] = x[i] * 2.0
    b[i] = x[i] * 3.0
    s = tl.Schedule()
    s["b"].compute_with("a", "i").prefetch("x", "i", "i")
    return Scheduled([a, b], s)


@must_fail(
    "prefetched_is_read",
    """\
s[f].prefetch(g, "i", "i"): no iteration of i of f reads g from memory.
  asked       s[f].prefetch(g, "i", "i")    HERE
  rule        what is prefetched in a loop is read in it""",
)
def prefetch_of_an_inlined_func() -> Scheduled:
    s = tl.Schedule()
    s["f"].prefetch("g", "i", "i")
    return Scheduled(rows(), s)


@must_fail(
    "prefetched_is_read",
    """\
s[f].prefetch(x, "i", "i"): no iteration of i of f reads x from memory.
  asked       s[f].prefetch(x, "i", "i")    HERE
  rule        what is prefetched in a loop is read in it""",
)
def prefetch_of_what_a_producer_reads() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root()
    s["f"].prefetch("x", "i", "i")
    return Scheduled(rows(), s)


@must_fail(
    "prefetched_outlives_the_loop",
    """\
s[f].prefetch(g, "j", "i"): g is stored inside i of f.
  asked       s[f].prefetch(g, "j", "i")    HERE
  rule        what is prefetched is stored outside the loop whose later iterations read it
  hint        store g further out, or leave the prefetch out""",
)
def prefetch_of_what_each_iteration_computes() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_at("f", "i")
    s["f"].prefetch("g", "j", "i")
    return Scheduled(rows(), s)


@must_fail(
    "prefetched_outlives_the_loop",
    """\
s[f].prefetch(g, "i", "i"): g is stored inside i of f.
  asked       s[f].prefetch(g, "i", "i")    HERE
  rule        what is prefetched is stored outside the loop whose later iterations read it
  hint        store g further out, or leave the prefetch out""",
)
def prefetch_of_what_the_loop_itself_stores() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_at("f", "i")
    s["f"].prefetch("g", "i", "i")
    return Scheduled(rows(), s)


@must_fail(
    "prefetched_is_in_memory",
    """\
s[f].prefetch(g, "ji", "ji"): g is in registers.
  asked       s[f].prefetch(g, "ji", "ji")    HERE
  rule        what is prefetched is in memory, not in registers
  hint        leave the prefetch out""",
)
def prefetch_of_registers() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("j", "jo", "ji", 4).unroll("ji")
    s["g"].compute_at("f", "jo").store_in("register").unroll("i").unroll("j")
    s["f"].prefetch("g", "ji", "ji")
    return Scheduled(rows(), s)
