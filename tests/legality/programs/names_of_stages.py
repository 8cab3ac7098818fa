"""Stages that there are not, and names of stages that are taken."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of
from tests.schedule.programs import blur, conv, gemm

must_fail = programs_of(Family.NAMES)


@must_fail(
    "stage_exists",
    """\
s[pad].unroll("n"): there is no stage pad.
  asked       s[pad].unroll("n")    HERE
  rule        a directive is given to a stage of the algorithm
  legal here  stages: padded, conv, conv.update(), out
  hint        did you mean padded?""",
)
def stage_of_another_algorithm() -> Scheduled:
    s = tl.Schedule()
    s["pad"].unroll("n")
    return Scheduled(conv().out, s)


@must_fail(
    "stage_exists",
    """\
s[w].vectorize("k", 16): w is an Input, which has no loops and no storage of its own.
  asked       s[w].vectorize("k", 16)    HERE
  rule        a directive is given to a stage of the algorithm
  legal here  stages: padded, conv, conv.update(), out
  hint        give w a copy to schedule: s.in_(w, consumer, "w_packed")""",
)
def stage_that_is_an_input() -> Scheduled:
    s = tl.Schedule()
    s["w"].vectorize("k", 16)
    return Scheduled(conv().out, s)


@must_fail(
    "stage_exists",
    """\
s[f.update()].parallel("i"): there is no stage f.update().
  asked       s[f.update()].parallel("i")    HERE
  rule        a directive is given to a stage of the algorithm
  legal here  stages: g, f""",
)
def update_of_a_func_without_updates() -> Scheduled:
    s = tl.Schedule()
    s["f.update()"].parallel("i")
    return Scheduled(blur().f, s)


@must_fail(
    "stage_exists",
    """\
s[C.update(1)].parallel("i"): there is no stage C.update(1).
  asked       s[C.update(1)].parallel("i")    HERE
  rule        a directive is given to a stage of the algorithm
  legal here  stages: C, C.update()
  hint        did you mean C.update()?""",
)
def second_update_of_a_func_with_one() -> Scheduled:
    s = tl.Schedule()
    s["C", 2].parallel("i")
    return Scheduled(gemm().c, s)


@must_fail(
    "stage_exists",
    """\
s[packed].compute_root(): there is no stage packed.
  asked       s[packed].compute_root()    HERE
  rule        a directive is given to a stage of the algorithm
  legal here  stages: C, C.update()""",
)
def copy_used_before_it_is_made() -> Scheduled:
    s = tl.Schedule()
    s["packed"].compute_root()
    s.in_("B", "C", "packed")
    return Scheduled(gemm().c, s)


@must_fail(
    "stage_exists",
    """\
s[conv].compute_at(output, "p"): there is no stage output.
  asked       s[conv].compute_at(output, "p")    HERE
  rule        a directive is given to a stage of the algorithm
  legal here  stages: padded, conv, conv.update(), out
  hint        did you mean out?""",
)
def consumer_of_another_algorithm() -> Scheduled:
    s = tl.Schedule()
    s["conv"].compute_at("output", "p")
    return Scheduled(conv().out, s)


@must_fail(
    "stage_exists",
    """\
s[unused].compute_root(): there is no stage unused.
  asked       s[unused].compute_root()    HERE
  rule        a directive is given to a stage of the algorithm
  legal here  stages: g, f""",
)
def func_that_no_output_uses() -> Scheduled:
    b = blur()
    unused = tl.Func("unused")
    unused[tl.Var("i")] = b.x[tl.Var("i"), 0]
    s = tl.Schedule()
    s[unused].compute_root()
    return Scheduled(b.f, s)


@must_fail(
    "says_it_of_the_func",
    """\
s[conv.update()].compute_at(out, "q"): compute_at is said of the Func conv, not of one of its updates.
  asked       s[conv.update()].compute_at(out, "q")    HERE
  rule        placement, storage and bounds belong to a Func
  legal here  s[conv].compute_at(out, "q")""",
)
def placement_of_an_update() -> Scheduled:
    s = tl.Schedule()
    s["conv.update()"].compute_at("out", "q")
    return Scheduled(conv().out, s)


@must_fail(
    "says_it_of_the_func",
    """\
s[conv.update()].compute_root(): compute_root is said of the Func conv, not of one of its updates.
  asked       s[conv.update()].compute_root()    HERE
  rule        placement, storage and bounds belong to a Func
  legal here  s[conv].compute_root()""",
)
def root_for_an_update() -> Scheduled:
    s = tl.Schedule()
    s["conv.update()"].compute_root()
    return Scheduled(conv().out, s)


@must_fail(
    "says_it_of_the_func",
    """\
s[conv.update()].store_in("stack"): store_in is said of the Func conv, not of one of its updates.
  asked       s[conv.update()].store_in("stack")    HERE
  rule        placement, storage and bounds belong to a Func
  legal here  s[conv].store_in("stack")""",
)
def memory_of_an_update() -> Scheduled:
    s = tl.Schedule()
    s["conv"].compute_at("out", "q")
    s["conv.update()"].store_in("stack")
    return Scheduled(conv().out, s)


@must_fail(
    "says_it_of_the_func",
    """\
s[conv.update()].reorder_storage("k", "q"): reorder_storage is said of the Func conv, not of one of its updates.
  asked       s[conv.update()].reorder_storage("k", "q")    HERE
  rule        placement, storage and bounds belong to a Func
  legal here  s[conv].reorder_storage("k", "q")""",
)
def storage_order_of_an_update() -> Scheduled:
    s = tl.Schedule()
    s["conv.update()"].reorder_storage("k", "q")
    return Scheduled(conv().out, s)


@must_fail(
    "says_it_of_the_func",
    """\
s[C.update()].bound("i", 0, 64): bound is said of the Func C, not of one of its updates.
  asked       s[C.update()].bound("i", 0, 64)    HERE
  rule        placement, storage and bounds belong to a Func
  legal here  s[C].bound("i", 0, 64)""",
)
def bound_of_an_update() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].bound("i", 0, 64)
    return Scheduled(gemm().c, s)


@must_fail(
    "name_of_copy_is_new",
    """\
s.in_(B, C, "A"): the name A is already used.
  asked       s.in_(B, C, "A")    HERE
  rule        the copy takes a name that no Func or Input has
  legal here  names other than A, B, C""",
)
def copy_named_as_an_input() -> Scheduled:
    s = tl.Schedule()
    s.in_("B", "C", "A").compute_root()
    return Scheduled(gemm().c, s)


@must_fail(
    "name_of_copy_is_new",
    """\
s.in_(B, C, "C"): the name C is already used.
  asked       s.in_(B, C, "C")    HERE
  rule        the copy takes a name that no Func or Input has
  legal here  names other than A, B, C""",
)
def copy_named_as_its_consumer() -> Scheduled:
    s = tl.Schedule()
    s.in_("B", "C", "C").compute_root()
    return Scheduled(gemm().c, s)


@must_fail(
    "name_of_copy_is_new",
    """\
s.in_(A, C, "packed"): the name packed is already used.
  asked       s.in_(A, C, "packed")    HERE
  rule        the copy takes a name that no Func or Input has
  legal here  names other than A, B, C, packed""",
)
def copy_named_as_an_earlier_copy() -> Scheduled:
    s = tl.Schedule()
    s.in_("B", "C", "packed").compute_root()
    s.in_("A", "C", "packed").compute_root()
    return Scheduled(gemm().c, s)


@must_fail(
    "copy_is_for_a_func",
    """\
s.in_(B, D, "packed"): there is no Func D.
  asked       s.in_(B, D, "packed")    HERE
  rule        the consumer is a Func of the algorithm
  legal here  Funcs: C""",
)
def copy_for_an_unknown_consumer() -> Scheduled:
    s = tl.Schedule()
    s.in_("B", "D", "packed").compute_root()
    return Scheduled(gemm().c, s)


@must_fail(
    "copy_is_for_a_func",
    """\
s.in_(x, w, "packed"): there is no Func w.
  asked       s.in_(x, w, "packed")    HERE
  rule        the consumer is a Func of the algorithm
  legal here  Funcs: padded, conv, out""",
)
def copy_for_an_input() -> Scheduled:
    s = tl.Schedule()
    s.in_("x", "w", "packed").compute_root()
    return Scheduled(conv().out, s)


@must_fail(
    "case_exists",
    """\
s[f.case(1)].vectorize("i", 8): there is no case f.case(1).
  asked       s[f.case(1)].vectorize("i", 8)    HERE
  rule        a case is there once specialize has made it
  legal here  cases of f: f.case(0)""",
)
def case_that_there_is_not() -> Scheduled:
    x, n, i, f = tl.Input("x", (32,), tl.float32), tl.Param("n", tl.float32), tl.Var("i"), tl.Func("f")
    f[i] = x[i] * n
    s = tl.Schedule()
    s["f"].specialize("n == 4")
    s["f.case(1)"].vectorize("i", 8)
    return Scheduled(f, s)
