"""Code that would be too large to compile."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of

must_fail = programs_of(Family.SIZES)


def _doubling(count: int) -> tl.Func:
    """``f<n>[i] = f<n - 1>[i] + f<n - 1>[i] * 2``: inlined, each is twice as large as the one before."""
    i = tl.Var("i")
    last: tl.Input | tl.Func = tl.Input("x", (8,), tl.float32)
    for n in range(count):
        func = tl.Func(f"f{n}")
        func[i] = last[i] + last[i] * 2
        last = func
    assert isinstance(last, tl.Func)
    return last


@must_fail(
    "inlined_size",
    """\
f12 has 65528 operations, more than 50000, as f11 is written out in it.
  rule        a Func has few enough operations to be compiled; inlined Funcs that it reads count once for every use
  legal here  s[f11].compute_root() | s[f11].compute_at(consumer, loop)""",
)
def inlining_that_doubles_each_time() -> Scheduled:
    return Scheduled(_doubling(14), tl.Schedule())


@must_fail(
    "inlined_size",
    """\
f12 has 65528 operations, more than 50000, as f11 is written out in it.
  rule        a Func has few enough operations to be compiled; inlined Funcs that it reads count once for every use
  legal here  s[f11].compute_root() | s[f11].compute_at(consumer, loop)""",
)
def inlining_that_doubles_below_a_func_at_root() -> Scheduled:
    s = tl.Schedule()
    s["f14"].compute_root()
    return Scheduled(_doubling(16), s)


@must_fail(
    "unrolled_extent",
    """\
s[f].unroll("i"): the extent of i in f is 5000.
  asked       s[f].unroll("i")    HERE
  rule        an unrolled loop has an extent of at most 4096
  legal here  unroll("i", 4)""",
)
def unroll_of_a_whole_row() -> Scheduled:
    x, i, f = tl.Input("x", (5000,), tl.float32), tl.Var("i"), tl.Func("f")
    f[i] = x[i]
    s = tl.Schedule()
    s["f"].unroll("i")
    return Scheduled(f, s)


@must_fail(
    "unrolled_extent",
    """\
s[f.update()].unroll("k"): the extent of k in f.update() is 5000.
  asked       s[f.update()].unroll("k")    HERE
  rule        an unrolled loop has an extent of at most 4096
  legal here  unroll("k", 4)""",
)
def unroll_of_a_whole_reduction() -> Scheduled:
    x, k, f = tl.Input("x", (5000,), tl.float32), tl.RDom("k", 5000), tl.Func("f")
    f[()] += x[k]
    s = tl.Schedule()
    s["f.update()"].unroll("k")
    return Scheduled(f, s)


@must_fail(
    "few_copies",
    """\
s[f].unroll("j"): a statement is copied 10000 times, by the loops i of f and j of f.
  asked       s[f].unroll("j")    HERE
  rule        unrolled loops copy a statement at most 4096 times, 16 lanes of a vector counted as one copy
  hint        leave one of them serial, or split it and unroll the inner loop only""",
)
def unroll_of_rows_and_columns() -> Scheduled:
    x, (i, j), f = tl.Input("x", (100, 100), tl.float32), tl.vars("i j"), tl.Func("f")
    f[i, j] = x[i, j]
    s = tl.Schedule()
    s["f"].unroll("i").unroll("j")
    return Scheduled(f, s)


@must_fail(
    "few_copies",
    """\
s[f].vectorize("j"): a statement is copied 6400 times, by the loops i of f and j of f.
  asked       s[f].vectorize("j")    HERE
  rule        unrolled loops copy a statement at most 4096 times, 16 lanes of a vector counted as one copy
  hint        leave one of them serial, or split it and unroll the inner loop only""",
)
def unroll_of_long_vectors() -> Scheduled:
    x, (i, j), f = tl.Input("x", (100, 1024), tl.float32), tl.vars("i j"), tl.Func("f")
    f[i, j] = x[i, j]
    s = tl.Schedule()
    s["f"].unroll("i").vectorize("j")
    return Scheduled(f, s)


@must_fail(
    "few_copies",
    """\
s[g].unroll("j"): a statement is copied 8000 times, by the loops i of f and j of g.
  asked       s[g].unroll("j")    HERE
  rule        unrolled loops copy a statement at most 4096 times, 16 lanes of a vector counted as one copy
  hint        leave one of them serial, or split it and unroll the inner loop only""",
)
def unroll_within_an_unrolled_loop_of_the_consumer() -> Scheduled:
    x, (i, j), f, g = tl.Input("x", (80, 100), tl.float32), tl.vars("i j"), tl.Func("f"), tl.Func("g")
    g[i, j] = x[i, j] * 2
    f[i, j] = g[i, j] + 1
    s = tl.Schedule()
    s["f"].unroll("i")
    s["g"].compute_at("f", "i").unroll("j")
    return Scheduled(f, s)


@must_fail(
    "code_size",
    """\
the code would have 294914 operations: ii of f makes 2 copies, ji of f makes 8192 copies.
  asked       s[f].unroll("ji")    HERE
  rule        the code of a kernel has at most 100000 operations, its unrolled loops written out
  hint        leave more in loops: s[f].unroll("ji", 2048)""",
)
def unrolling_that_multiplies() -> Scheduled:
    x = tl.Input("x", (4, 1 << 14), tl.float32)
    i, j = tl.vars("i j")
    f = tl.Func("f")
    f[i, j] = x[i, j] * 2 + 1
    s = tl.Schedule()
    s["f"].tile("i", "j", "io", "jo", "ii", "ji", 2, 8192).unroll("ii").unroll("ji")
    return Scheduled(f, s)


@must_fail(
    "code_size",
    """\
the code would have 156161 operations: i.unroll of f makes 2 copies, j of f makes 256 vectors of 64 bytes.
  asked       s[f].vectorize("j")    HERE
  rule        the code of a kernel has at most 100000 operations, its unrolled loops written out
  hint        leave more in loops: s[f].serial("j")""",
)
def a_vector_of_hundreds_of_registers() -> Scheduled:
    x = tl.Input("x", (4, 4096 + 49), tl.float32)
    i, j = tl.vars("i j")
    f = tl.Func("f")
    f[i, j] = sum((x[i, j + k] for k in range(1, 50)), x[i, j])
    s = tl.Schedule()
    s["f"].vectorize("j").unroll("i", 2)
    return Scheduled(f, s, {"f": (4, 4096)})
