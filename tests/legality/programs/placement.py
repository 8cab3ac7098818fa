"""Funcs that are placed where they cannot be computed."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of
from tests.schedule.programs import blur, conv, gemm

must_fail = programs_of(Family.PLACEMENT)


@must_fail(
    "output_is_at_root",
    """\
s[out].compute_inline(): out is an output.
  asked       s[out].compute_inline()    HERE
  rule        outputs are computed at root, in every call
  legal here  compute_root()""",
)
def output_inlined() -> Scheduled:
    s = tl.Schedule()
    s["out"].compute_inline()
    return Scheduled(conv().out, s)


@must_fail(
    "output_is_at_root",
    """\
s[out].compute_at(out, "p"): out is an output.
  asked       s[out].compute_at(out, "p")    HERE
  rule        outputs are computed at root, in every call
  legal here  compute_root()""",
)
def output_computed_at_a_loop_of_its_own() -> Scheduled:
    s = tl.Schedule()
    s["out"].compute_at("out", "p")
    return Scheduled(conv().out, s)


@must_fail(
    "output_is_at_root",
    """\
s[g].compute_at(f, "i"): g is an output.
  asked       s[g].compute_at(f, "i")    HERE
  rule        outputs are computed at root, in every call
  legal here  compute_root()""",
)
def output_computed_at_a_loop_of_another_output() -> Scheduled:
    b = blur()
    s = tl.Schedule()
    s["g"].compute_at("f", "i")
    return Scheduled((b.f, b.g), s)


@must_fail(
    "output_is_at_root",
    """\
s[y].compute_at_init(): y is an output.
  asked       s[y].compute_at_init()    HERE
  rule        outputs are computed at root, in every call
  legal here  compute_root()""",
)
def output_computed_at_initialisation() -> Scheduled:
    w, y, i = tl.Input("w", (8,), tl.float32, constant=True), tl.Func("y"), tl.Var("i")
    y[i] = w[i] * 2
    s = tl.Schedule()
    s["y"].compute_at_init()
    return Scheduled(y, s)


@must_fail(
    "inlined_func_has_no_updates",
    """\
s[conv].compute_inline(): conv has an update definition.
  asked       s[conv].compute_inline()    HERE
  rule        a Func with updates is not inlined, as it needs storage to accumulate in
  legal here  compute_root() | compute_at(consumer, loop)""",
)
def inline_of_a_func_with_updates() -> Scheduled:
    s = tl.Schedule()
    s["conv"].compute_inline()
    return Scheduled(conv().out, s)


@must_fail(
    "placed_once",
    """\
s[conv].compute_root(): conv is already placed, by s[conv].compute_at(out, "q").
  asked       s[conv].compute_root()    HERE
  rule        a Func is placed once
  hint        keep one of the two""",
)
def root_after_compute_at() -> Scheduled:
    s = tl.Schedule()
    s["conv"].compute_at("out", "q").compute_root()
    return Scheduled(conv().out, s)


@must_fail(
    "placed_once",
    """\
s[g].compute_inline(): g is already placed, by s[g].compute_root().
  asked       s[g].compute_inline()    HERE
  rule        a Func is placed once
  hint        keep one of the two""",
)
def inline_after_root() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().compute_inline()
    return Scheduled(blur().f, s)


@must_fail(
    "placed_once",
    """\
s[conv].compute_at(out, "p"): conv is already placed, by s[conv].compute_at(out, "q").
  asked       s[conv].compute_at(out, "p")    HERE
  rule        a Func is placed once
  hint        keep one of the two""",
)
def computed_at_two_loops() -> Scheduled:
    s = tl.Schedule()
    s["conv"].compute_at("out", "q").compute_at("out", "p")
    return Scheduled(conv().out, s)


@must_fail(
    "placed_once",
    """\
s[packed].compute_at_init(): packed is already placed, by s[packed].compute_root().
  asked       s[packed].compute_at_init()    HERE
  rule        a Func is placed once
  hint        keep one of the two""",
)
def initialised_after_root() -> Scheduled:
    s = tl.Schedule()
    s.in_("B", "C", "packed").compute_root().compute_at_init()
    return Scheduled(gemm().c, s)


@must_fail(
    "level_is_of_a_user",
    """\
s[padded].compute_at(conv, "p"): conv does not use padded.
  asked       s[padded].compute_at(conv, "p")    HERE
  rule        a Func is computed at a loop of a stage that uses it, directly or through others
  legal here  loops of conv.update(), out""",
)
def computed_at_a_stage_that_does_not_use_it() -> Scheduled:
    s = tl.Schedule()
    s["padded"].compute_at("conv", "p")
    return Scheduled(conv().out, s)


@must_fail(
    "level_is_of_a_user",
    """\
s[conv].compute_at(padded, "p"): padded does not use conv.
  asked       s[conv].compute_at(padded, "p")    HERE
  rule        a Func is computed at a loop of a stage that uses it, directly or through others
  legal here  loops of out""",
)
def computed_at_its_own_producer() -> Scheduled:
    s = tl.Schedule()
    s["conv"].compute_at("padded", "p")
    return Scheduled(conv().out, s)


@must_fail(
    "level_is_of_a_user",
    """\
s[conv].compute_at(conv, "p"): conv is conv itself.
  asked       s[conv].compute_at(conv, "p")    HERE
  rule        a Func is computed at a loop of a stage that uses it, directly or through others
  legal here  loops of out""",
)
def computed_at_its_own_loop() -> Scheduled:
    s = tl.Schedule()
    s["conv"].compute_at("conv", "p")
    return Scheduled(conv().out, s)


@must_fail(
    "level_is_of_a_user",
    """\
s[conv].compute_at(conv.update(), "p"): conv.update() is conv itself.
  asked       s[conv].compute_at(conv.update(), "p")    HERE
  rule        a Func is computed at a loop of a stage that uses it, directly or through others
  legal here  loops of out""",
)
def computed_at_its_own_update() -> Scheduled:
    s = tl.Schedule()
    s["conv"].compute_at("conv.update()", "p")
    return Scheduled(conv().out, s)


@must_fail(
    "initialised_once",
    """\
s[copy].compute_at_init(): copy depends on x, which may differ from call to call.
  asked       s[copy].compute_at_init()    HERE
  rule        a Func computed at initialisation depends on constant Inputs only
  hint        tl.Input('x', ..., constant=True), if it is a weight""",
)
def initialisation_from_an_input_that_changes() -> Scheduled:
    s = tl.Schedule()
    s.in_("padded", "conv", "copy").compute_at_init()
    return Scheduled(conv().out, s)


@must_fail(
    "initialised_once",
    """\
s[conv].compute_at_init(): conv depends on x, which may differ from call to call.
  asked       s[conv].compute_at_init()    HERE
  rule        a Func computed at initialisation depends on constant Inputs only
  hint        tl.Input('x', ..., constant=True), if it is a weight""",
)
def initialisation_from_constant_and_changing_inputs() -> Scheduled:
    s = tl.Schedule()
    s["conv"].compute_at_init()
    return Scheduled(conv().out, s)
