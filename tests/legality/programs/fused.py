"""Stages that cannot be computed together."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of

must_fail = programs_of(Family.FUSED)


def _funcs(names: str) -> list[tl.Func]:
    """Outputs that read one Input; the second and later ones have an update."""
    x, (i, j) = tl.Input("x", (8, 16), tl.float32), tl.vars("i j")
    funcs = [tl.Func(name) for name in names.split()]
    for number, func in enumerate(funcs):
        func[i, j] = x[i, j] * float(number + 1)
        if number:
            func[i, j] += 1.0
    return funcs


def _diamond() -> tuple[tl.Func, ...]:
    """``out`` reads c and d; c reads a, d reads b."""
    x, (i, j) = tl.Input("x", (8, 16), tl.float32), tl.vars("i j")
    a, b, c, d, out = (tl.Func(name) for name in ("a", "b", "c", "d", "out"))
    a[i, j] = x[i, j] + 1.0
    b[i, j] = x[i, j] * 2.0
    c[i, j] = a[i, j] * 3.0
    d[i, j] = b[i, j] * 4.0
    out[i, j] = c[i, j] + d[i, j]
    return a, b, c, d, out


@must_fail(
    "fused_stages_are_of_two_funcs",
    """\
s[g.update()].compute_with(g, "i"): g.update() and g are stages of one Func.
  asked       s[g.update()].compute_with(g, "i")    HERE
  rule        a stage is computed with a stage of another Func""",
)
def stages_of_one_func_together() -> Scheduled:
    s = tl.Schedule()
    s["g.update()"].compute_with("g", "i")
    return Scheduled(_funcs("f g"), s)


@must_fail(
    "fused_once",
    """\
s[g].compute_with(h, "i"): g is already computed with another, by s[g].compute_with(f, "i").
  asked       s[g].compute_with(h, "i")    HERE
  rule        a stage is computed with one other stage""",
)
def stage_together_with_two() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_with("f", "i").compute_with("h", "i")
    return Scheduled(_funcs("f g h"), s)


@must_fail(
    "fused_one_way",
    """\
s[f].compute_with(h, "i"): h is computed with f already.
  asked       s[f].compute_with(h, "i")    HERE
  rule        a stage is not computed with one that is computed with it""",
)
def stages_together_in_a_circle() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_with("f", "i")
    s["h"].compute_with("g", "i")
    s["f"].compute_with("h", "i")
    return Scheduled(_funcs("f g h"), s)


@must_fail(
    "fused_funcs_are_independent",
    """\
s[a].compute_with(out, "i"): out depends on a.
  asked       s[a].compute_with(out, "i")    HERE
  rule        of two Funcs that are computed together none depends on the other, neither directly nor through others
  legal here  s[a].compute_at(out, loop)""",
)
def producer_together_with_its_consumer() -> Scheduled:
    a, *_, out = _diamond()
    s = tl.Schedule()
    s["a"].compute_with("out", "i")
    return Scheduled(out, s)


@must_fail(
    "fused_loops_are_alike",
    """\
s[g].compute_with(f, "j"): the loops of g are i (parallel), j, those of f i, j.
  asked       s[g].compute_with(f, "j")    HERE
  rule        two stages that are computed together have the same loops down to the fused one, by name, kind and order
  hint        give both stages the same splits and marks, then say compute_with""",
)
def stages_with_other_kinds_of_loops_together() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_with("f", "j").parallel("i")
    return Scheduled(_funcs("f g"), s)


@must_fail(
    "fused_loops_are_alike",
    """\
s[g].compute_with(f, "j"): the loops of g are i, j, those of f j, i.
  asked       s[g].compute_with(f, "j")    HERE
  rule        two stages that are computed together have the same loops down to the fused one, by name, kind and order
  hint        give both stages the same splits and marks, then say compute_with""",
)
def stages_with_loops_in_another_order_together() -> Scheduled:
    s = tl.Schedule()
    s["f"].reorder("j", "i")
    s["g"].compute_with("f", "j")
    return Scheduled(_funcs("f g"), s)


@must_fail(
    "fused_loops_are_alike",
    """\
s[g].compute_with(f, "i"): the loops of g are i, j, those of f io, ii, j.
  asked       s[g].compute_with(f, "i")    HERE
  rule        two stages that are computed together have the same loops down to the fused one, by name, kind and order
  hint        give both stages the same splits and marks, then say compute_with""",
)
def fused_loop_that_is_split_later() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_with("f", "i")
    s["f"].split("i", "io", "ii", 2)
    return Scheduled(_funcs("f g"), s)


@must_fail(
    "fused_at_one_place",
    """\
s[c].compute_with(d, "i"): c is computed at root, d at loop i of out.
  asked       s[c].compute_with(d, "i")    HERE
  rule        two stages that are computed together are computed at root, or at the same loop
  hint        place both alike: compute_root(), or compute_at(consumer, loop) with the same consumer and loop""",
)
def stages_of_two_places_together() -> Scheduled:
    *_, out = _diamond()
    s = tl.Schedule()
    s["d"].compute_at("out", "i")
    s["c"].compute_root().compute_with("d", "i")
    return Scheduled(out, s)


@must_fail(
    "fused_at_one_place",
    """\
s[f].compute_with(out, "i"): f is computed by default, out at root.
  asked       s[f].compute_with(out, "i")    HERE
  rule        two stages that are computed together are computed at root, or at the same loop
  hint        place both alike: compute_root(), or compute_at(consumer, loop) with the same consumer and loop""",
)
def stage_of_no_stated_place_together() -> Scheduled:
    x, (i, j) = tl.Input("x", (8, 16), tl.float32), tl.vars("i j")
    f, out, other = tl.Func("f"), tl.Func("out"), tl.Func("other")
    f[i, j] += x[i, j]
    other[i, j] = f[i, j]
    out[i, j] = x[i, j]
    s = tl.Schedule()
    s["f"].compute_with("out", "i")
    return Scheduled([other, out], s)


@must_fail(
    "fused_groups_have_an_order",
    """\
s[d].compute_with(a, "i"): a, d, c, b would each have to be computed before the others.
  asked       s[d].compute_with(a, "i")    HERE
  rule        of two groups of Funcs that are computed together, one can be computed before the other""",
)
def groups_that_need_each_other() -> Scheduled:
    *_, out = _diamond()
    s = tl.Schedule()
    for name in ("a", "b", "c", "d"):
        s[name].compute_root()
    s["d"].compute_with("a", "i")
    s["c"].compute_with("b", "i")
    return Scheduled(out, s)


@must_fail(
    "fused_stages_have_an_order",
    """\
s[h.update()].compute_with(g, "i"): g, h.update(), g.update(), h would each have to be computed before the others.
  asked       s[h.update()].compute_with(g, "i")    HERE
  rule        the stages of each Func stay in order where they are computed with stages of others""",
)
def stages_that_cross() -> Scheduled:
    s = tl.Schedule()
    s["h"].compute_with("g.update()", "i")
    s["h.update()"].compute_with("g", "i")
    return Scheduled(_funcs("f g h"), s)


@must_fail(
    "fused_stages_have_no_cases",
    """\
s[g].compute_with(f, "i"): f has a case, by s[f].specialize("n == 4").
  asked       s[g].compute_with(f, "i")    HERE
  rule        stages that are computed together have no cases""",
)
def stages_with_cases_together() -> Scheduled:
    x, n, i = tl.Input("x", (8,), tl.int32), tl.Param("n", tl.int32), tl.Var("i")
    f, g = tl.Func("f"), tl.Func("g")
    f[i] = x[i] * n
    g[i] = x[i] + 1
    s = tl.Schedule()
    s["f"].specialize("n == 4")
    s["g"].compute_with("f", "i")
    return Scheduled((f, g), s)
