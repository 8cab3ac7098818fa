"""Vars and storage dimensions that there are not, and names of such that are taken."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of
from tests.schedule.programs import blur, gemm

must_fail = programs_of(Family.NAMES)


@must_fail(
    "storage_dimension_exists",
    """\
s[g].reorder_storage("j", "k"): g has no storage dimension k.
  asked       s[g].reorder_storage("j", "k")    HERE
  rule        a directive names storage dimensions that exist when it is given
  legal here  storage dimensions of g, outermost first: i, j""",
)
def order_of_unknown_storage_dimensions() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().reorder_storage("j", "k")
    return Scheduled(blur().f, s)


@must_fail(
    "storage_dimension_exists",
    """\
s[g].align_storage("j", 16): g has no storage dimension j.
  asked       s[g].align_storage("j", 16)    HERE
  rule        a directive names storage dimensions that exist when it is given
  legal here  storage dimensions of g, outermost first: i, jo, ji""",
)
def storage_dimension_that_was_split() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().split_storage("j", "jo", "ji", 8).align_storage("j", 16)
    return Scheduled(blur().f, s)


@must_fail(
    "storage_dimension_exists",
    """\
s[g].reorder_storage("jo", "i", "ji"): g has no storage dimension jo.
  asked       s[g].reorder_storage("jo", "i", "ji")    HERE
  rule        a directive names storage dimensions that exist when it is given
  legal here  storage dimensions of g, outermost first: i, j""",
)
def storage_dimension_named_as_a_loop() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().split("j", "jo", "ji", 8).reorder_storage("jo", "i", "ji")
    return Scheduled(blur().f, s)


@must_fail(
    "storage_dimension_exists",
    """\
s[total].align_storage("k", 16): total has no storage dimension k.
  asked       s[total].align_storage("k", 16)    HERE
  rule        a directive names storage dimensions that exist when it is given
  legal here  storage dimensions of total, outermost first: none: it is a single value""",
)
def storage_dimension_of_a_single_value() -> Scheduled:
    total, y = tl.Func("total"), tl.Func("y")
    x, i = tl.Input("x", (8,), tl.float32), tl.Var("i")
    total[()] += x[tl.RDom("k", 8)]
    y[i] = x[i] / total[()]
    s = tl.Schedule()
    s["total"].compute_root().align_storage("k", 16)
    return Scheduled(y, s)


@must_fail(
    "storage_names_are_new",
    """\
s[g].split_storage("j", "i", "ji", 8): the name i is already used in the storage of g.
  asked       s[g].split_storage("j", "i", "ji", 8)    HERE
  rule        names are unique among the storage dimensions of a Func
  legal here  names other than i""",
)
def name_of_another_storage_dimension() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().split_storage("j", "i", "ji", 8)
    return Scheduled(blur().f, s)


@must_fail(
    "storage_names_are_new",
    """\
s[g].split_storage("j", "j", "j", 8): the name j is already used in the storage of g.
  asked       s[g].split_storage("j", "j", "j", 8)    HERE
  rule        names are unique among the storage dimensions of a Func
  legal here  names other than i, j""",
)
def one_name_for_both_halves_of_storage() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().split_storage("j", "j", "j", 8)
    return Scheduled(blur().f, s)


@must_fail(
    "region_names_a_var",
    """\
s[C].bound("k", 0, 32): C has no Var k.
  asked       s[C].bound("k", 0, 32)    HERE
  rule        a directive about a region names a Var of the pure definition
  legal here  Vars of C: i, j""",
)
def bound_of_a_reduction_variable() -> Scheduled:
    s = tl.Schedule()
    s["C"].bound("k", 0, 32)
    return Scheduled(gemm().c, s)


@must_fail(
    "region_names_a_var",
    """\
s[f].bound("ii", 0, 4): f has no Var ii.
  asked       s[f].bound("ii", 0, 4)    HERE
  rule        a directive about a region names a Var of the pure definition
  legal here  Vars of f: i, j""",
)
def bound_of_a_loop_that_is_no_var() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("i", "io", "ii", 4).bound("ii", 0, 4)
    return Scheduled(blur().f, s)
