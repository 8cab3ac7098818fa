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


def _read_twice() -> tuple[tl.Func, tl.Func, tl.Func]:
    """f, read by g at two rows and by h, which reads g."""
    x = tl.Input("x", (20, 32), tl.float32)
    i, j = tl.vars("i j")
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    f[i, j] = x[i, j] * 2
    g[i, j] = f[i, j] + f[i + 1, j]
    h[i, j] = g[i, j] + f[i, j]
    return f, g, h


@must_fail(
    "site_encloses_uses",
    """\
s[f].compute_at(h, "i"): f is used in loop j of g too, which is not inside loop i of h.
  asked       s[f].compute_at(h, "i")    HERE
  rule        a producer is computed at a loop that encloses every use of it
  legal here  compute_root()
  hint        use compute_root()""",
)
def computed_at_one_of_two_consumers() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root()
    s["f"].compute_at("h", "i")
    return Scheduled(_read_twice()[2], s)


@must_fail(
    "site_encloses_uses",
    """\
s[f].compute_at(g, "i"): f is used in loop j of h too, which is not inside loop i of g.
  asked       s[f].compute_at(g, "i")    HERE
  rule        a producer is computed at a loop that encloses every use of it
  legal here  compute_root() | compute_at(h, "i")
  hint        use compute_at(h, "i")""",
)
def computed_at_the_first_of_two_consumers() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_at("h", "i")
    s["f"].compute_at("g", "i")
    return Scheduled(_read_twice()[2], s)


@must_fail(
    "site_encloses_uses",
    """\
s[f].compute_at(h, "j"): f is used in loop j of g too, which is not inside loop j of h.
  asked       s[f].compute_at(h, "j")    HERE
  rule        a producer is computed at a loop that encloses every use of it
  legal here  compute_root()
  hint        use compute_root()""",
)
def computed_at_one_of_two_outputs() -> Scheduled:
    _, g, h = _read_twice()
    s = tl.Schedule()
    s["f"].compute_at("h", "j")
    return Scheduled((g, h), s)


def _read_in_both_definitions() -> tl.Func:
    """g, read by the pure definition of f and by its update."""
    a, i, k = tl.Input("a", (8, 8), tl.float32), tl.Var("i"), tl.RDom("k", 8)
    g, f = tl.Func("g"), tl.Func("f")
    g[i] = a[i, 0] * 2
    f[i] = g[i]
    f[i] += a[i, k] * g[i]
    return f


@must_fail(
    "site_encloses_uses",
    """\
s[g].compute_at(f, "i"): g is used in loop k of f.update() too, which is not inside loop i of f.
  asked       s[g].compute_at(f, "i")    HERE
  rule        a producer is computed at a loop that encloses every use of it
  legal here  compute_root()
  hint        use compute_root()""",
)
def computed_at_a_pure_definition_and_used_in_the_update() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_at("f", "i")
    return Scheduled(_read_in_both_definitions(), s)


@must_fail(
    "site_encloses_uses",
    """\
s[g].compute_at(f.update(), "k"): g is used in loop i of f too, which is not inside loop k of f.update().
  asked       s[g].compute_at(f.update(), "k")    HERE
  rule        a producer is computed at a loop that encloses every use of it
  legal here  compute_root()
  hint        use compute_root()""",
)
def computed_at_an_update_and_used_in_the_pure_definition() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_at("f.update()", "k")
    return Scheduled(_read_in_both_definitions(), s)


@must_fail(
    "site_encloses_uses",
    """\
s[f].compute_at(g.update(), "i"): f is used in loop i of h too, which is not inside loop i of g.update().
  asked       s[f].compute_at(g.update(), "i")    HERE
  rule        a producer is computed at a loop that encloses every use of it
  legal here  compute_at_init()
  hint        use compute_at_init()""",
)
def computed_at_the_initialisation_and_used_elsewhere() -> Scheduled:
    w = tl.Input("w", (8,), tl.float32, constant=True)
    i, k = tl.Var("i"), tl.RDom("k", 8)
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    f[i] = w[i] * 2
    g[i] += f[i] * w[k]
    h[i] = f[i] + g[i]
    s = tl.Schedule()
    s["g"].compute_at_init()
    s["f"].compute_at("g.update()", "i")
    return Scheduled(h, s)


@must_fail(
    "site_is_outside_lanes",
    """\
s[g].compute_at(f, "j.lane"): loop j.lane of f is vectorized.
  asked       s[g].compute_at(f, "j.lane")    HERE
  rule        a producer is not computed inside a vectorized loop of its consumer
  legal here  compute_root() | compute_at(f, "i") | compute_at(f, "j")
  hint        use compute_at(f, "j")""",
)
def computed_at_the_lanes() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("j", 8)
    s["g"].compute_at("f", "j.lane")
    return Scheduled(blur().f, s)


@must_fail(
    "site_is_outside_lanes",
    """\
s[g].compute_at(f, "i"): loop i of f is inside loop j of f, which is vectorized.
  asked       s[g].compute_at(f, "i")    HERE
  rule        a producer is not computed inside a vectorized loop of its consumer
  legal here  compute_root()
  hint        use compute_root()""",
)
def computed_inside_a_vectorized_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].reorder("j", "i").vectorize("j")
    s["g"].compute_at("f", "i")
    return Scheduled(blur().f, s)


@must_fail(
    "site_is_outside_lanes",
    """\
s[padded].compute_at(conv.update(), "k.lane"): loop k.lane of conv.update() is vectorized.
  asked       s[padded].compute_at(conv.update(), "k.lane")    HERE
  rule        a producer is not computed inside a vectorized loop of its consumer
  legal here  compute_root() | compute_at(out, "n") | compute_at(out, "p") | compute_at(out, "q") | compute_at(out, \
"k") | compute_at(conv.update(), "n") | compute_at(conv.update(), "p") | compute_at(conv.update(), "q") | \
compute_at(conv.update(), "r") | compute_at(conv.update(), "s") | compute_at(conv.update(), "t") | \
compute_at(conv.update(), "k")
  hint        use compute_at(conv.update(), "k")""",
)
def computed_at_lanes_of_an_update() -> Scheduled:
    s = tl.Schedule()
    s["conv.update()"].reorder("q", "r", "s", "t", "k").vectorize("k", 16)
    s["padded"].compute_at("conv.update()", "k.lane")
    return Scheduled(conv().out, s)


@must_fail(
    "initialised_reads_no_output",
    """\
s[packed].compute_at_init(): packed depends on table, which is an output.
  asked       s[packed].compute_at_init()    HERE
  rule        a Func computed at initialisation reads no output, as those are computed in every call
  legal here  compute_root() | compute_at(consumer, loop)""",
)
def initialisation_from_an_output() -> Scheduled:
    w, i = tl.Input("w", (8,), tl.float32, constant=True), tl.Var("i")
    table, packed, out = tl.Func("table"), tl.Func("packed"), tl.Func("out")
    table[i] = w[i] * 2
    packed[i] = table[i] + 1
    out[i] = packed[i]
    s = tl.Schedule()
    s["packed"].compute_at_init()
    return Scheduled((out, table), s)


@must_fail(
    "initialisation_is_complete",
    """\
f is read by a stage that is computed at initialisation, but is not itself.
  rule        what compute_at_init computes depends on constant Inputs and other initialised Funcs only
  hint        place f by compute_at_init() or compute_inline()""",
)
def initialisation_from_what_is_computed_in_each_call() -> Scheduled:
    w, i = tl.Input("w", (8,), tl.float32, constant=True), tl.Var("i")
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    f[i] = w[i] * 2
    g[i] = f[i] + 1
    h[i] = g[i] * 3
    s = tl.Schedule()
    s["f"].compute_root()
    s["g"].compute_at_init()
    return Scheduled(h, s)


@must_fail(
    "site_is_outside_lanes",
    """\
s[g].compute_at(f, "i"): loop i of f is inside loop j of f, which is vectorized.
  asked       s[g].compute_at(f, "i")    HERE
  rule        a producer is not computed inside a vectorized loop of its consumer
  legal here  compute_root()
  hint        use compute_root()""",
)
def computed_inside_lanes_of_a_case() -> Scheduled:
    i, j, n = *tl.vars("i j"), tl.Param("n", tl.int32)
    g, f = tl.Func("g"), tl.Func("f")
    g[i, j] = i + j
    f[i, j] = g[i, j] * n
    s = tl.Schedule()
    s["f"].specialize("n == 1")
    s["f"].reorder("j", "i").vectorize("j")
    s["g"].compute_at("f", "i")
    return Scheduled(f, s, {"f": (16, 8)})
