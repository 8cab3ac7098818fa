"""Directives that would be without effect."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of
from tests.schedule.programs import blur, conv, gemm

must_fail = programs_of(Family.EFFECT)


@must_fail(
    "tail_belongs_to_a_split",
    """\
s[f].vectorize("j", tail="round_up"): there is no split for the tail to apply to.
  asked       s[f].vectorize("j", tail="round_up")    HERE
  rule        a tail belongs to a split
  legal here  vectorize("j") | vectorize("j", n, tail="round_up")""",
)
def tail_of_a_vectorize_without_lanes() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("j", tail="round_up")
    return Scheduled(blur().f, s)


@must_fail(
    "tail_belongs_to_a_split",
    """\
s[f].unroll("j", tail="guard_with_if"): there is no split for the tail to apply to.
  asked       s[f].unroll("j", tail="guard_with_if")    HERE
  rule        a tail belongs to a split
  legal here  unroll("j") | unroll("j", n, tail="guard_with_if")""",
)
def tail_of_an_unroll_without_a_factor() -> Scheduled:
    s = tl.Schedule()
    s["f"].unroll("j", tail="guard_with_if")
    return Scheduled(blur().f, s)


@must_fail(
    "tail_belongs_to_a_split",
    """\
s[f].parallel("j", tail="shift_inwards"): there is no split for the tail to apply to.
  asked       s[f].parallel("j", tail="shift_inwards")    HERE
  rule        a tail belongs to a split
  legal here  parallel("j") | parallel("j", n, tail="shift_inwards")""",
)
def tail_of_a_parallel_without_tasks() -> Scheduled:
    s = tl.Schedule()
    s["f"].parallel("j", tail="shift_inwards")
    return Scheduled(blur().f, s)


@must_fail(
    "copied_is_read",
    """\
s.in_(w, out, "packed"): out does not read w.
  asked       s.in_(w, out, "packed")    HERE
  rule        in_ takes a Func or an Input that the consumer reads directly
  legal here  out reads conv""",
)
def copy_of_what_is_not_read() -> Scheduled:
    s = tl.Schedule()
    s.in_("w", "out", "packed").compute_root()
    return Scheduled(conv().out, s)


@must_fail(
    "copied_is_read",
    """\
s.in_(x, f, "near"): f does not read x.
  asked       s.in_(x, f, "near")    HERE
  rule        in_ takes a Func or an Input that the consumer reads directly
  legal here  f reads g""",
)
def copy_of_what_is_read_through_another_func() -> Scheduled:
    s = tl.Schedule()
    s.in_("x", "f", "near").compute_root()
    return Scheduled(blur().f, s)


@must_fail(
    "copied_is_read",
    """\
s.in_(B, C, "again"): C does not read B.
  asked       s.in_(B, C, "again")    HERE
  rule        in_ takes a Func or an Input that the consumer reads directly
  legal here  C reads A, packed""",
)
def copy_of_what_is_copied_already() -> Scheduled:
    s = tl.Schedule()
    s.in_("B", "C", "packed").compute_root()
    s.in_("B", "C", "again").compute_root()
    return Scheduled(gemm().c, s)


@must_fail(
    "copied_is_read",
    """\
s.in_(C, C, "previous"): C does not read C.
  asked       s.in_(C, C, "previous")    HERE
  rule        in_ takes a Func or an Input that the consumer reads directly
  legal here  C reads A, B""",
)
def copy_of_a_func_for_itself() -> Scheduled:
    s = tl.Schedule()
    s.in_("C", "C", "previous").compute_root()
    return Scheduled(gemm().c, s)


@must_fail(
    "directive_has_effect",
    """\
s[g].vectorize("j", 4): g is inlined, which is the default of Funcs without updates, so it has no loops and no storage.
  asked       s[g].vectorize("j", 4)    HERE
  rule        a directive is never silently ignored
  legal here  s[g].compute_root() | s[g].compute_at(consumer, loop)""",
)
def lanes_of_a_func_that_is_inlined_by_default() -> Scheduled:
    s = tl.Schedule()
    s["g"].vectorize("j", 4)
    return Scheduled(blur().f, s)


@must_fail(
    "directive_has_effect",
    """\
s[g].store_in("stack"): g is inlined, by s[g].compute_inline(), so it has no loops and no storage.
  asked       s[g].store_in("stack")    HERE
  rule        a directive is never silently ignored
  hint        leave that out, and say compute_root() or compute_at(consumer, loop)""",
)
def memory_of_an_inlined_func() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_inline().store_in("stack")
    return Scheduled(blur().f, s)


@must_fail(
    "copy_is_computed",
    """\
s.in_(B, C, "packed"): packed is inlined, so that nothing is copied.
  asked       s.in_(B, C, "packed")    HERE
  rule        the copy that in_ makes is computed somewhere
  legal here  s[packed].compute_root() | s[packed].compute_at(consumer, loop) | s[packed].compute_at_init()""",
)
def copy_that_is_placed_nowhere() -> Scheduled:
    s = tl.Schedule()
    s.in_("B", "C", "packed")
    return Scheduled(gemm().c, s)
