"""Loops that there are not, and names of loops that are taken."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of
from tests.schedule.programs import blur, conv, gemm

must_fail = programs_of(Family.NAMES)


@must_fail(
    "loop_exists",
    """\
s[f].unroll("jo"): f has no loop jo.
  asked       s[f].unroll("jo")    HERE
  rule        a directive names loops that exist when it is given
  legal here  loops of f, outermost first: i, j""",
)
def loop_that_there_never_was() -> Scheduled:
    s = tl.Schedule()
    s["f"].unroll("jo")
    return Scheduled(blur().f, s)


@must_fail(
    "loop_exists",
    """\
s[f].parallel("i"): f has no loop i; s[f].split("i", "io", "ii", 4) replaced it.
  asked       s[f].parallel("i")    HERE
  rule        a directive names loops that exist when it is given
  legal here  loops of f, outermost first: io, ii, j""",
)
def loop_that_was_split() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("i", "io", "ii", 4).parallel("i")
    return Scheduled(blur().f, s)


@must_fail(
    "loop_exists",
    """\
s[f].vectorize("j"): f has no loop j; s[f].tile("i", "j", "io", "jo", "ii", "ji", 4, 8) replaced it.
  asked       s[f].vectorize("j")    HERE
  rule        a directive names loops that exist when it is given
  legal here  loops of f, outermost first: io, jo, ii, ji""",
)
def loop_that_was_tiled() -> Scheduled:
    s = tl.Schedule()
    s["f"].tile("i", "j", "io", "jo", "ii", "ji", 4, 8).vectorize("j")
    return Scheduled(blur().f, s)


@must_fail(
    "loop_exists",
    """\
s[f].reorder("j", "ij"): f has no loop j; s[f].fuse("i", "j", "ij") replaced it.
  asked       s[f].reorder("j", "ij")    HERE
  rule        a directive names loops that exist when it is given
  legal here  loops of f, outermost first: ij""",
)
def loop_that_was_fused() -> Scheduled:
    s = tl.Schedule()
    s["f"].fuse("i", "j", "ij").reorder("j", "ij")
    return Scheduled(blur().f, s)


@must_fail(
    "loop_exists",
    """\
s[f].split("i", "io", "ii", 4): f has no loop i; s[f].rename("i", "row") replaced it.
  asked       s[f].split("i", "io", "ii", 4)    HERE
  rule        a directive names loops that exist when it is given
  legal here  loops of f, outermost first: row, j""",
)
def loop_that_was_renamed() -> Scheduled:
    s = tl.Schedule()
    s["f"].rename("i", "row").split("i", "io", "ii", 4)
    return Scheduled(blur().f, s)


@must_fail(
    "loop_exists",
    """\
s[C].reorder("k", "j"): C has no loop k.
  asked       s[C].reorder("k", "j")    HERE
  rule        a directive names loops that exist when it is given
  legal here  loops of C, outermost first: i, j""",
)
def reduction_loop_of_the_initialisation() -> Scheduled:
    s = tl.Schedule()
    s["C"].reorder("k", "j")
    return Scheduled(gemm().c, s)


@must_fail(
    "loop_exists",
    """\
s[total].vectorize("k"): total has no loop k.
  asked       s[total].vectorize("k")    HERE
  rule        a directive names loops that exist when it is given
  legal here  loops of total, outermost first: none: it is a single value""",
)
def loop_of_a_single_value() -> Scheduled:
    total = tl.Func("total")
    total[()] += tl.Input("x", (8,), tl.float32)[tl.RDom("k", 8)]
    s = tl.Schedule()
    s["total"].vectorize("k")
    return Scheduled(total, s)


@must_fail(
    "loop_exists",
    """\
s[conv].compute_at(out, "qo"): out has no loop qo.
  asked       s[conv].compute_at(out, "qo")    HERE
  rule        a directive names loops that exist when it is given
  legal here  loops of out, outermost first: n, p, q, k""",
)
def computed_at_an_unknown_loop() -> Scheduled:
    s = tl.Schedule()
    s["conv"].compute_at("out", "qo")
    return Scheduled(conv().out, s)


@must_fail(
    "loop_exists",
    """\
s[f].fuse("i", "k", "ik"): f has no loop k.
  asked       s[f].fuse("i", "k", "ik")    HERE
  rule        a directive names loops that exist when it is given
  legal here  loops of f, outermost first: i, j""",
)
def fuse_with_an_unknown_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].fuse("i", "k", "ik")
    return Scheduled(blur().f, s)


@must_fail(
    "loop_exists",
    """\
s[f].tile("i", "k", "io", "ko", "ii", "ki", 4, 8): f has no loop k.
  asked       s[f].tile("i", "k", "io", "ko", "ii", "ki", 4, 8)    HERE
  rule        a directive names loops that exist when it is given
  legal here  loops of f, outermost first: i, j""",
)
def tile_of_an_unknown_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].tile("i", "k", "io", "ko", "ii", "ki", 4, 8)
    return Scheduled(blur().f, s)


@must_fail(
    "loop_exists",
    """\
s[f].serial("j.unroll"): f has no loop j.unroll.
  asked       s[f].serial("j.unroll")    HERE
  rule        a directive names loops that exist when it is given
  legal here  loops of f, outermost first: i, j, j.lane""",
)
def serial_of_an_unknown_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("j", 8).serial("j.unroll")
    return Scheduled(blur().f, s)


@must_fail(
    "loop_names_are_new",
    """\
s[f].split("j", "i", "ji", 8): the name i is already used in f.
  asked       s[f].split("j", "i", "ji", 8)    HERE
  rule        loop names are unique in a stage, those of replaced loops included
  legal here  names other than i, ii, io, j""",
)
def name_of_a_loop_that_was_split() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("i", "io", "ii", 4).split("j", "i", "ji", 8)
    return Scheduled(blur().f, s)


@must_fail(
    "loop_names_are_new",
    """\
s[f].split("i", "j", "ii", 4): the name j is already used in f.
  asked       s[f].split("i", "j", "ii", 4)    HERE
  rule        loop names are unique in a stage, those of replaced loops included
  legal here  names other than i, j""",
)
def name_of_another_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("i", "j", "ii", 4)
    return Scheduled(blur().f, s)


@must_fail(
    "loop_names_are_new",
    """\
s[f].split("j", "j", "j", 8): the name j is already used in f.
  asked       s[f].split("j", "j", "j", 8)    HERE
  rule        loop names are unique in a stage, those of replaced loops included
  legal here  names other than i, j""",
)
def one_name_for_both_halves() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("j", "j", "j", 8)
    return Scheduled(blur().f, s)


@must_fail(
    "loop_names_are_new",
    """\
s[f].tile("i", "j", "io", "jo", "inner", "inner", 4, 8): the name inner is already used in f.
  asked       s[f].tile("i", "j", "io", "jo", "inner", "inner", 4, 8)    HERE
  rule        loop names are unique in a stage, those of replaced loops included
  legal here  names other than i, inner, io, j""",
)
def one_name_for_two_halves_of_a_tile() -> Scheduled:
    s = tl.Schedule()
    s["f"].tile("i", "j", "io", "jo", "inner", "inner", 4, 8)
    return Scheduled(blur().f, s)


@must_fail(
    "loop_names_are_new",
    """\
s[out].fuse("n", "p", "q"): the name q is already used in out.
  asked       s[out].fuse("n", "p", "q")    HERE
  rule        loop names are unique in a stage, those of replaced loops included
  legal here  names other than k, n, p, q""",
)
def fused_loop_called_as_a_third() -> Scheduled:
    s = tl.Schedule()
    s["out"].fuse("n", "p", "q")
    return Scheduled(conv().out, s)


@must_fail(
    "loop_names_are_new",
    """\
s[f].rename("i", "j"): the name j is already used in f.
  asked       s[f].rename("i", "j")    HERE
  rule        loop names are unique in a stage, those of replaced loops included
  legal here  names other than i, j""",
)
def renamed_as_another_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].rename("i", "j")
    return Scheduled(blur().f, s)


@must_fail(
    "loop_names_are_new",
    """\
s[f].rename("i", "i"): the name i is already used in f.
  asked       s[f].rename("i", "i")    HERE
  rule        loop names are unique in a stage, those of replaced loops included
  legal here  names other than i, j""",
)
def renamed_as_itself() -> Scheduled:
    s = tl.Schedule()
    s["f"].rename("i", "i")
    return Scheduled(blur().f, s)


@must_fail(
    "loop_names_are_new",
    """\
s[f].unroll("j", 2): the name j.unroll is already used in f.
  asked       s[f].unroll("j", 2)    HERE
  rule        loop names are unique in a stage, those of replaced loops included
  legal here  names other than i, j, j.unroll""",
)
def vectorized_by_lanes_twice() -> Scheduled:
    s = tl.Schedule()
    s["f"].unroll("j", 8).unroll("j", 2)
    return Scheduled(blur().f, s)


@must_fail(
    "loop_names_are_new",
    """\
s[C.update()].split("j", "jo", "k", 8): the name k is already used in C.update().
  asked       s[C.update()].split("j", "jo", "k", 8)    HERE
  rule        loop names are unique in a stage, those of replaced loops included
  legal here  names other than i, j, k""",
)
def name_of_a_reduction_loop() -> Scheduled:
    s = tl.Schedule()
    s["C.update()"].split("j", "jo", "k", 8)
    return Scheduled(gemm().c, s)


@must_fail(
    "loop_of_a_level_is_there",
    """\
s[conv].compute_at(out, "q"): q is no loop of out any more; s[out].split("q", "qo", "qi", 4) replaced it.
  asked       s[conv].compute_at(out, "q")    HERE
  rule        the loop of a compute_at, store_at or hoist_storage is there once all directives are given
  legal here  loops of out, outermost first: n, p, qo, qi, k""",
)
def loop_of_a_compute_at_that_is_split_later() -> Scheduled:
    s = tl.Schedule()
    s["conv"].compute_at("out", "q")
    s["out"].split("q", "qo", "qi", 4)
    return Scheduled(conv().out, s)
