"""Reductions that rfactor does not take apart."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of

must_fail = programs_of(Family.FACTORS)


def _gemm() -> tl.Func:
    a, b = tl.Input("A", (8, 16), tl.float32), tl.Input("B", (16, 8), tl.float32)
    i, j = tl.vars("i j")
    k, c = tl.RDom("k", 16), tl.Func("C")
    c[i, j] += a[i, k] * b[k, j]
    return c


@must_fail(
    "factors_an_update",
    """\
s[C].rfactor([("k", "u")], "parts"): C is a pure definition, which reduces nothing.
  asked       s[C].rfactor([("k", "u")], "parts")    HERE
  rule        what rfactor takes apart is an update
  legal here  s[C.update()].rfactor([("k", "u")], "parts")""",
)
def rfactor_of_a_pure_definition() -> Scheduled:
    s = tl.Schedule()
    s["C"].rfactor(("k", "u"), "parts")
    return Scheduled(_gemm(), s)


@must_fail(
    "factors_reduction_loops",
    """\
s[C.update()].rfactor([("ko", "u"), ("j", "v")], "parts"): j is a loop over a pure Var of C.update().
  asked       s[C.update()].rfactor([("ko", "u"), ("j", "v")], "parts")    HERE
  rule        the loops that rfactor preserves are reduction loops; those over pure Vars stay as they are
  legal here  reduction loops of C.update(), outermost first: ko, ki""",
)
def rfactor_of_a_loop_over_a_pure_var() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].split("k", "ko", "ki", 8).rfactor([("ko", "u"), ("j", "v")], "parts")
    return Scheduled(_gemm(), s)


@must_fail(
    "factors_associative_updates",
    """\
s[count.update()].rfactor([("r", "u")], "parts"): the update is not proven associative: count at the indices on the \
left is not an operand of its outermost operator.
  asked       s[count.update()].rfactor([("r", "u")], "parts")    HERE
  rule        what rfactor takes apart accumulates, f = f op e, with op one of + - * min max and or & | ^, and an e \
that does not read f; or it is an argmin or argmax that keeps the RVars""",
)
def rfactor_of_a_power_series() -> Scheduled:
    x, r, count = tl.Input("x", (8,), tl.int64), tl.RDom("r", 8), tl.Func("count")
    count[tl.Var("i")] = 0
    count[0] = count[0] * 2 + x[r]
    s = tl.Schedule()
    s["count.update()"].rfactor(("r", "u"), "parts")
    return Scheduled(count, s, {"count": (1,)})


@must_fail(
    "factors_associative_updates",
    """\
s[f.update()].rfactor([("k", "u")], "parts"): the update is not proven associative: / is not associative.
  asked       s[f.update()].rfactor([("k", "u")], "parts")    HERE
  rule        what rfactor takes apart accumulates, f = f op e, with op one of + - * min max and or & | ^, and an e \
that does not read f; or it is an argmin or argmax that keeps the RVars""",
)
def rfactor_of_a_quotient() -> Scheduled:
    x, k, f = tl.Input("x", (8,), tl.float32), tl.RDom("k", 8), tl.Func("f")
    f[()] /= x[k]
    s = tl.Schedule()
    s["f.update()"].rfactor(("k", "u"), "parts")
    return Scheduled(f, s)


@must_fail(
    "factored_func_is_new",
    """\
s[C.update()].rfactor([("k", "u")], "A"): the name A is already used.
  asked       s[C.update()].rfactor([("k", "u")], "A")    HERE
  rule        the Func of partial results takes a name that no Func or Input has
  legal here  names other than A, B, C""",
)
def rfactor_into_a_name_that_is_taken() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].rfactor(("k", "u"), "A")
    return Scheduled(_gemm(), s)


@must_fail(
    "factored_vars_are_new",
    """\
s[C.update()].rfactor([("k", "i")], "parts"): the name i is already used in C.update().
  asked       s[C.update()].rfactor([("k", "i")], "parts")    HERE
  rule        a Var that rfactor makes has the name of its loop, or one that no loop, Var or dimension has
  legal here  names other than i, j""",
)
def rfactor_with_a_var_that_is_taken() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].rfactor(("k", "i"), "parts")
    return Scheduled(_gemm(), s)


@must_fail(
    "factored_loops_are_no_vars",
    """\
s[f.update()].rfactor([("ko", "u")], "parts"): the reduction loop i has the name of a Var of f.
  asked       s[f.update()].rfactor([("ko", "u")], "parts")    HERE
  rule        the merge has loops over all Vars of the Func besides the preserved loops, so their names differ
  legal here  loops named other than i
  hint        rename("i", ...) first""",
)
def rfactor_of_a_loop_with_the_name_of_a_var() -> Scheduled:
    x, i, k, f = tl.Input("x", (16,), tl.float32), tl.Var("i"), tl.RDom("k", 16), tl.Func("f")
    f[i] = 0.0
    f[k // 4] += x[k]
    s = tl.Schedule()
    s["f.update()"].split("k", "ko", "i", 4).rfactor(("ko", "u"), "parts")
    return Scheduled(f, s, {"f": (4,)})
