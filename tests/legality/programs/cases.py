"""Cases of a stage that cannot be."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of

must_fail = programs_of(Family.CASES)


def shifted() -> tl.Func:
    """``f[i] = g[i] * scale`` with ``g[i] = x[i + n]``, n within [0, 8]."""
    x, n = tl.Input("x", (40,), tl.float32), tl.Param("n", tl.int32, min=0, max=8)
    i, g, f = tl.Var("i"), tl.Func("g"), tl.Func("f")
    g[i] = x[i + n]
    f[i] = g[i] * tl.Param("scale", tl.float32)
    return f


def summed() -> tl.Func:
    """``f[i] += x[i, k] * n``."""
    x, n = tl.Input("x", (8, 32), tl.int32), tl.Param("n", tl.int32)
    i, k, f = tl.Var("i"), tl.RDom("k", 32), tl.Func("f")
    f[i] += x[i, k] * n
    return f


@must_fail(
    "condition_is_about_params",
    """\
s[f].specialize("m == 4"): there is no Param m.
  asked       s[f].specialize("m == 4")    HERE
  rule        a condition is about Params that the algorithm reads
  legal here  Params: n, scale""",
)
def condition_on_nothing() -> Scheduled:
    s = tl.Schedule()
    s["f"].specialize("m == 4")
    return Scheduled(shifted(), s)


@must_fail(
    "condition_is_about_params",
    """\
s[f].specialize("n >= 4 and x == 2"): there is no Param x.
  asked       s[f].specialize("n >= 4 and x == 2")    HERE
  rule        a condition is about Params that the algorithm reads
  legal here  Params: n, scale""",
)
def condition_on_an_input() -> Scheduled:
    s = tl.Schedule()
    s["f"].specialize("n >= 4 and x == 2")
    return Scheduled(shifted(), s)


@must_fail(
    "condition_compares_alike",
    """\
s[f].specialize("n"): n is int32, and stands alone.
  asked       s[f].specialize("n")    HERE
  rule        a flag is a bool Param, a remainder that of an integer""",
)
def number_as_a_flag() -> Scheduled:
    s = tl.Schedule()
    s["f"].specialize("n")
    return Scheduled(shifted(), s)


@must_fail(
    "condition_compares_alike",
    """\
s[f].specialize("scale % 2 == 0"): scale is float32, and has no remainder.
  asked       s[f].specialize("scale % 2 == 0")    HERE
  rule        a flag is a bool Param, a remainder that of an integer""",
)
def remainder_of_a_float() -> Scheduled:
    s = tl.Schedule()
    s["f"].specialize("scale % 2 == 0")
    return Scheduled(shifted(), s)


@must_fail(
    "case_decides",
    """\
s[f].specialize("scale > 0.5 and n == 9"): n == 9 never holds.
  asked       s[f].specialize("scale > 0.5 and n == 9")    HERE
  rule        a condition holds for some values within the limits of its Params, and not for others
  legal here  scale in [-inf, inf], n in [0, 8]""",
)
def condition_that_never_holds() -> Scheduled:
    s = tl.Schedule()
    s["f"].specialize("scale > 0.5 and n == 9")
    return Scheduled(shifted(), s)


@must_fail(
    "case_decides",
    """\
s[f].specialize("n >= 0 and 8 >= n"): n >= 0 and 8 >= n always holds.
  asked       s[f].specialize("n >= 0 and 8 >= n")    HERE
  rule        a condition holds for some values within the limits of its Params, and not for others
  legal here  n in [0, 8]""",
)
def condition_that_always_holds() -> Scheduled:
    s = tl.Schedule()
    s["f"].specialize("n >= 0 and 8 >= n")
    return Scheduled(shifted(), s)


@must_fail(
    "case_differs",
    """\
s[f].specialize("n == 4"): f.case(0) has this condition.
  asked       s[f].specialize("n == 4")    HERE
  rule        each case of a stage has a condition of its own
  hint        s[f.case(0)]""",
)
def condition_of_a_case_before() -> Scheduled:
    s = tl.Schedule()
    s["f"].specialize("n == 4").vectorize("i", 8)
    s["f"].specialize("n==4")
    return Scheduled(shifted(), s)


@must_fail(
    "case_comes_before_the_failure",
    """\
s[f].specialize("n == 5"): s[f].specialize_fail("no") refuses all other calls.
  asked       s[f].specialize("n == 5")    HERE
  rule        cases come before specialize_fail
  hint        give specialize_fail last""",
)
def case_after_the_failure() -> Scheduled:
    s = tl.Schedule()
    s["f"].specialize("n == 4")
    s["f"].specialize_fail("no")
    s["f"].specialize("n == 5")
    return Scheduled(shifted(), s)


@must_fail(
    "failure_has_cases",
    """\
s[f].specialize_fail("no"): f has no case, so that every call would be refused.
  asked       s[f].specialize_fail("no")    HERE
  rule        specialize_fail comes after a case""",
)
def failure_of_everything() -> Scheduled:
    s = tl.Schedule()
    s["f"].specialize_fail("no")
    return Scheduled(shifted(), s)


@must_fail(
    "failure_is_said_once",
    """\
s[f].specialize_fail("never"): s[f].specialize_fail("no") says it already.
  asked       s[f].specialize_fail("never")    HERE
  rule        specialize_fail is said once of a stage""",
)
def failure_said_twice() -> Scheduled:
    s = tl.Schedule()
    s["f"].specialize("n == 4")
    s["f"].specialize_fail("no").specialize_fail("never")
    return Scheduled(shifted(), s)


@must_fail(
    "case_is_about_loops",
    """\
s[f.case(0)].specialize("scale == 1"): f.case(0) is a case of f.
  asked       s[f.case(0)].specialize("scale == 1")    HERE
  rule        a case takes directives about its loops
  hint        s[f].specialize("scale == 1")""",
)
def case_of_a_case() -> Scheduled:
    s = tl.Schedule()
    s["f"].specialize("n == 4").specialize("scale == 1")
    return Scheduled(shifted(), s)


@must_fail(
    "case_is_about_loops",
    """\
s[g.case(0)].compute_root(): g.case(0) is a case of g.
  asked       s[g.case(0)].compute_root()    HERE
  rule        a case takes directives about its loops
  hint        s[g].compute_root()""",
)
def placement_of_a_case() -> Scheduled:
    s = tl.Schedule()
    s["g"].specialize("n == 4").compute_root()
    return Scheduled(shifted(), s)


@must_fail(
    "level_is_of_all_cases",
    """\
s[g].compute_at(f.case(0), "i"): f.case(0) is one case.
  asked       s[g].compute_at(f.case(0), "i")    HERE
  rule        a producer is placed, or stored, at a loop of a stage, which all its cases have
  legal here  loops of f""",
)
def producer_in_a_case() -> Scheduled:
    s = tl.Schedule()
    s["f"].specialize("n == 4")
    s["g"].compute_at("f.case(0)", "i")
    return Scheduled(shifted(), s)


@must_fail(
    "factored_has_no_cases",
    """\
s[f.update()].rfactor([("k", "u")], "parts"): s[f.update()].specialize("n == 4") was given first.
  asked       s[f.update()].rfactor([("k", "u")], "parts")    HERE
  rule        a stage is factored before it is given cases
  hint        give rfactor first""",
)
def factoring_of_a_stage_with_cases() -> Scheduled:
    s = tl.Schedule()
    s["f", 1].specialize("n == 4")
    s["f", 1].rfactor(("k", "u"), "parts")
    return Scheduled(summed(), s)


@must_fail(
    "initialised_cases_are_constant",
    """\
s[table].specialize("n == 1"): n is not constant.
  asked       s[table].specialize("n == 1")    HERE
  rule        what is computed at initialisation has cases for values of constant Params, which are known then
  hint        Param("n", constant=True)""",
)
def case_of_what_is_initialised() -> Scheduled:
    w, n = tl.Input("w", (8,), tl.float32, constant=True), tl.Param("n", tl.int32)
    i, table, out = tl.Var("i"), tl.Func("table"), tl.Func("out")
    table[i] = w[i] * 2
    out[i] = table[i] * n
    s = tl.Schedule()
    s["table"].compute_at_init().specialize("n == 1")
    return Scheduled(out, s)
