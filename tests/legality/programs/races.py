"""Reduction loops whose iterations meet, and what is said of races where there are none."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of

must_fail = programs_of(Family.RACES)


def _gemm() -> tl.Func:
    a, b = tl.Input("A", (8, 16), tl.float32), tl.Input("B", (16, 8), tl.float32)
    i, j = tl.vars("i j")
    k, c = tl.RDom("k", 16), tl.Func("C")
    c[i, j] += a[i, k] * b[k, j]
    return c


def _scan() -> tl.Func:
    x, i = tl.Input("x", (16,), tl.float32), tl.Var("i")
    f, k = tl.Func("f"), tl.RDom("k", (1, 15))
    f[i] = x[i]
    f[k] = f[k - 1] + x[k]
    return f


@must_fail(
    "races",
    """\
s[C.update()].parallel("k"): k is a reduction loop, and two of its iterations may touch the same element of C.
  asked       s[C.update()].parallel("k")    HERE
  rule        a parallel or vectorized reduction loop is proven free of races (an index on the left is affine in it, \
and the update reads its own Func only there), or its update is associative and said to be atomic
  legal here  loops over pure Vars: i, j | atomic().parallel("k") | rfactor(("k", "u"), "C_parts")""",
)
def parallel_reduction() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].parallel("k")
    return Scheduled(_gemm(), s)


@must_fail(
    "races",
    """\
s[C.update()].vectorize("k", 8): k is a reduction loop, and two of its iterations may touch the same element of C.
  asked       s[C.update()].vectorize("k", 8)    HERE
  rule        a parallel or vectorized reduction loop is proven free of races (an index on the left is affine in it, \
and the update reads its own Func only there), or its update is associative and said to be atomic
  legal here  loops over pure Vars: i, j | atomic().vectorize("k", 8) | rfactor(("k", "u"), "C_parts")""",
)
def vectorized_reduction() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].vectorize("k", 8)
    return Scheduled(_gemm(), s)


@must_fail(
    "races",
    """\
s[f.update()].parallel("k"): k is a reduction loop, and two of its iterations may touch the same element of f.
  asked       s[f.update()].parallel("k")    HERE
  rule        a parallel or vectorized reduction loop is proven free of races (an index on the left is affine in it, \
and the update reads its own Func only there), or its update is associative and said to be atomic
  hint        the update is not proven associative: f at the indices on the left is not an operand of its outermost \
operator; allow_race_conditions() promises that races do no harm""",
)
def parallel_scan() -> Scheduled:
    s = tl.Schedule()
    s["f.update()"].parallel("k")
    return Scheduled(_scan(), s, {"f": (16,)})


@must_fail(
    "atomic_accumulates",
    """\
s[f.update()].atomic(): the update is not proven associative: f at the indices on the left is not an operand of its \
outermost operator.
  asked       s[f.update()].atomic()    HERE
  rule        an atomic update accumulates, f = f op e, with op one of + - * min max and or & | ^, and an e that \
does \
not read f
  legal here  allow_race_conditions(), if races do no harm""",
)
def atomic_scan() -> Scheduled:
    s = tl.Schedule()
    s["f.update()"].atomic()
    return Scheduled(_scan(), s, {"f": (16,)})


@must_fail(
    "atomic_accumulates",
    """\
s[f.update()].atomic(): the update is not proven associative: it replaces the value of f, and does not accumulate.
  asked       s[f.update()].atomic()    HERE
  rule        an atomic update accumulates, f = f op e, with op one of + - * min max and or & | ^, and an e that \
does \
not read f
  legal here  allow_race_conditions(), if races do no harm""",
)
def atomic_assignment() -> Scheduled:
    x, i, k, f = tl.Input("x", (16,), tl.int32), tl.Var("i"), tl.RDom("k", 16), tl.Func("f")
    f[i] = 0
    f[tl.clamp(tl.cast(tl.int64, x[k]), 0, 15)] = k
    s = tl.Schedule()
    s["f.update()"].atomic().parallel("k")
    return Scheduled(f, s, {"f": (16,)})


@must_fail(
    "atomic_is_for_updates",
    """\
s[C].atomic(): C is a pure definition, and no two of its iterations write one element.
  asked       s[C].atomic()    HERE
  rule        only an update is atomic, as the iterations of a pure definition never meet
  legal here  s[C.update()].atomic()""",
)
def atomic_pure_definition() -> Scheduled:
    s = tl.Schedule()
    s["C"].atomic()
    return Scheduled(_gemm(), s)


@must_fail(
    "races_are_in_updates",
    """\
s[C].allow_race_conditions(): C is a pure definition, and no two of its iterations write one element.
  asked       s[C].allow_race_conditions()    HERE
  rule        only an update has races to allow, as the iterations of a pure definition never meet
  legal here  s[C.update()].allow_race_conditions()""",
)
def races_of_a_pure_definition() -> Scheduled:
    s = tl.Schedule()
    s["C"].allow_race_conditions()
    return Scheduled(_gemm(), s)
