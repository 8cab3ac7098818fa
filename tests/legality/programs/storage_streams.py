"""Stores that cannot go past the caches."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of

must_fail = programs_of(Family.STORAGE)


def doubled() -> tl.Func:
    """``f[i, j] = g[i, j] + 1`` with ``g[i, j] = x[i, j] * 2``."""
    x, (i, j) = tl.Input("x", (16, 32), tl.float32), tl.vars("i j")
    g, f = tl.Func("g"), tl.Func("f")
    g[i, j] = x[i, j] * 2.0
    f[i, j] = g[i, j] + 1.0
    return f


@must_fail(
    "streams_once",
    """\
s[f].stream_stores(): the stores of f are streamed already.
  asked       s[f].stream_stores()    HERE
  rule        the stores of a stage are said to be streamed once
  hint        say it once""",
)
def streamed_twice() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("j", 16).stream_stores().stream_stores()
    return Scheduled(doubled(), s)


@must_fail(
    "streamed_is_in_memory",
    """\
s[g].stream_stores(): g is stored in register, by s[g].store_in("register").
  asked       s[g].stream_stores()    HERE
  rule        what is streamed goes to memory: to an output, or to the heap
  hint        leave out s[g].store_in("register")""",
)
def streamed_to_registers() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("j", "jo", "j", 16).vectorize("j")
    s["g"].compute_at("f", "jo").store_in("register").vectorize("j").stream_stores()
    return Scheduled(doubled(), s)


@must_fail(
    "streamed_has_lanes",
    """\
s[f].stream_stores(): no loop of f is vectorized.
  asked       s[f].stream_stores()    HERE
  rule        vectors are streamed, not single elements
  legal here  vectorize a loop of: i, j""",
)
def streamed_elements() -> Scheduled:
    s = tl.Schedule()
    s["f"].stream_stores()
    return Scheduled(doubled(), s)


@must_fail(
    "streams_alone",
    """\
s[f.update()].stream_stores(): f.update() is atomic, by s[f.update()].atomic().
  asked       s[f.update()].stream_stores()    HERE
  rule        an atomic update changes what is there, in the caches, and does not stream
  hint        leave one of them out""",
)
def streamed_atomically() -> Scheduled:
    x, i, k, f = tl.Input("x", (64, 64), tl.float32), tl.Var("i"), tl.RDom("k", 64), tl.Func("f")
    f[i] += x[k, i]
    s = tl.Schedule()
    s["f", 1].atomic().vectorize("i", 16).stream_stores()
    return Scheduled(f, s, {"f": (64,)})


@must_fail(
    "streamed_lanes_are_dense",
    """\
s[f].stream_stores(): the lanes of i.lane are not next to each other in f.
  asked       s[f].stream_stores()    HERE
  rule        the lanes of a vector that is streamed are next to each other in memory
  hint        vectorize the innermost storage dimension, or leave this out""",
)
def streamed_columns() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("i", 16).stream_stores()
    return Scheduled(doubled(), s)


@must_fail(
    "streamed_pieces",
    """\
s[f].stream_stores(): 6 lanes of float32 are 24 bytes.
  asked       s[f].stream_stores()    HERE
  rule        a vector that is streamed is made of pieces of 16 bytes
  legal here  multiples of 4 lanes""",
)
def streamed_odd_vectors() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("j", 6).stream_stores()
    return Scheduled(doubled(), s)


@must_fail(
    "streamed_pieces",
    """\
s[f].stream_stores(): 1 lane of float32 is 4 bytes.
  asked       s[f].stream_stores()    HERE
  rule        a vector that is streamed is made of pieces of 16 bytes
  legal here  multiples of 4 lanes""",
)
def streamed_vectors_of_one_lane() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("j", 1).stream_stores()
    return Scheduled(doubled(), s)
