"""Regions that are unbounded, or that do not hold what is required."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of
from tests.schedule.programs import blur, gemm

must_fail = programs_of(Family.BOUNDS)


@must_fail(
    "bound_once",
    """\
s[C].bound("i", 0, 32): i is already bound in C, to [0, 64).
  asked       s[C].bound("i", 0, 32)    HERE
  rule        a Var is bound once
  hint        keep one of the two""",
)
def bound_twice() -> Scheduled:
    s = tl.Schedule()
    s["C"].bound("i", 0, 64).bound("i", 0, 32)
    return Scheduled(gemm().c, s)


@must_fail(
    "promised",
    """\
g is required at j = 0 .. 16, which is more than bound promises.
  asked       s[g].bound("j", 0, 3)    HERE
  rule        the coordinates that bound names hold all that are required, of an output its whole shape
  legal here  bound("j", 0, 17)
  hint        promise more, or leave the bound out""",
)
def bound_of_less_than_is_required() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().bound("j", 0, 3)
    return Scheduled(blur().f, s)


@must_fail(
    "promised",
    """\
g is required at j = 0 .. 16, which is more than bound promises.
  asked       s[g].bound("j", 1, 17)    HERE
  rule        the coordinates that bound names hold all that are required, of an output its whole shape
  legal here  bound("j", 0, 17)
  hint        promise more, or leave the bound out""",
)
def bound_that_begins_too_late() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().bound("j", 1, 17)
    return Scheduled(blur().f, s)


@must_fail(
    "promised",
    """\
f is required at j = 0 .. 15, which is more than bound promises.
  asked       s[f].bound("j", 0, 15)    HERE
  rule        the coordinates that bound names hold all that are required, of an output its whole shape
  legal here  bound("j", 0, 16)
  hint        promise more, or leave the bound out""",
)
def bound_of_less_than_the_output() -> Scheduled:
    s = tl.Schedule()
    s["f"].bound("j", 0, 15)
    return Scheduled(blur().f, s)


@must_fail(
    "promised",
    """\
g is required at j = 0 .. 16, which is more than bound promises.
  asked       s[g].bound("j", 0, 5)    HERE
  rule        the coordinates that bound names hold all that are required, of an output its whole shape
  legal here  bound("j", 0, 17)
  hint        promise more, or leave the bound out""",
)
def bound_of_a_tile_that_holds_less_than_the_tile() -> Scheduled:
    s = tl.Schedule()
    s["f"].split("j", "jo", "ji", 4)
    s["g"].compute_at("f", "jo").bound("j", 0, 5)
    return Scheduled(blur().f, s)


@must_fail(
    "required_is_inside",
    """\
x is read at axis 1 = 0 .. 17, outside [0, 17).
  rule        reads and writes stay inside the arrays given
  hint        use a smaller shape=, a larger x, or a boundary condition such as tl.constant_exterior""",
)
def output_larger_than_its_inputs() -> Scheduled:
    return Scheduled(blur().f, tl.Schedule(), {"f": (16, 17)})


@must_fail(
    "required_is_inside",
    """\
x is read at axis 1 = 0 .. 999, outside [0, 17).
  rule        reads and writes stay inside the arrays given
  hint        use a smaller shape=, a larger x, or a boundary condition such as tl.constant_exterior""",
)
def bound_that_reads_past_an_input() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().bound("j", 0, 1000)
    return Scheduled(blur().f, s)


@must_fail(
    "required_is_inside",
    """\
x is read at axis 0 = -1 .. 18, outside [0, 20).
  rule        reads and writes stay inside the arrays given
  hint        use a smaller shape=, a larger x, or a boundary condition such as tl.constant_exterior""",
)
def index_before_the_begin() -> Scheduled:
    x, i, f = tl.Input("x", (20,), tl.float32), tl.Var("i"), tl.Func("f")
    f[i] = x[i - 1]
    return Scheduled(f, tl.Schedule(), {"f": (20,)})


@must_fail(
    "required_is_inside",
    """\
f is written at i = 0 .. 8, outside [0, 8).
  rule        reads and writes stay inside the arrays given
  hint        use a smaller shape=, a larger f, or a boundary condition such as tl.constant_exterior""",
)
def scatter_past_the_output() -> Scheduled:
    x, i, f, r = tl.Input("x", (8,), tl.float32), tl.Var("i"), tl.Func("f"), tl.RDom("r", 8)
    f[i] = 0.0
    f[r + 1] = x[r]
    return Scheduled(f, tl.Schedule(), {"f": (8,)})


@must_fail(
    "bounded",
    """\
the region of x in axis 0 is unbounded below.
  rule        an index that depends on data takes its bounds from the value's bounds
  hint        clamp the index of x in axis 0: tl.clamp(index, 0, extent - 1)""",
)
def index_that_depends_on_data() -> Scheduled:
    x, at = tl.Input("x", (20,), tl.float32), tl.Input("at", (20,), tl.int32)
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = x[at[i]]
    return Scheduled(f, tl.Schedule(), {"f": (20,)})


@must_fail(
    "bounded",
    """\
the region of x in axis 0 is unbounded above.
  rule        an index that depends on data takes its bounds from the value's bounds
  hint        clamp the index of x in axis 0: tl.clamp(index, 0, extent - 1)""",
)
def index_that_is_clamped_on_one_side() -> Scheduled:
    x, at = tl.Input("x", (20,), tl.float32), tl.Input("at", (20,), tl.int64)
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = x[tl.max(at[i], 0)]
    return Scheduled(f, tl.Schedule(), {"f": (20,)})


@must_fail(
    "bounded",
    """\
the region of g in i is unbounded below.
  rule        an index that depends on data takes its bounds from the value's bounds
  hint        clamp the index of g in i: tl.clamp(index, 0, extent - 1)""",
)
def func_indexed_by_data() -> Scheduled:
    x, at = tl.Input("x", (20,), tl.float32), tl.Input("at", (20,), tl.int64)
    i, f, g = tl.Var("i"), tl.Func("f"), tl.Func("g")
    g[i] = x[tl.clamp(i, 0, 19)] * 2
    f[i] = g[at[i]]
    s = tl.Schedule()
    s["g"].compute_root()
    return Scheduled(f, s, {"f": (20,)})


@must_fail(
    "bounded",
    """\
the region of g in i is unbounded below.
  rule        an index that depends on data takes its bounds from the value's bounds
  hint        clamp the index of g in i: tl.clamp(index, 0, extent - 1)""",
)
def scatter_to_where_data_says() -> Scheduled:
    at = tl.Input("at", (20,), tl.int64)
    i, f, g, r = tl.Var("i"), tl.Func("f"), tl.Func("g"), tl.RDom("r", 20)
    g[i] = 0
    g[at[r]] += 1
    f[i] = g[i]
    s = tl.Schedule()
    s["g"].compute_root()
    return Scheduled(f, s, {"f": (20,)})


@must_fail(
    "params_are_limited",
    """\
the region of x in axis 0 is unbounded above.
  rule        a Param takes part in indices by its limits
  hint        give Param n min= and max=, or clamp it: tl.clamp(n, low, high)""",
)
def index_with_a_param_without_an_upper_limit() -> Scheduled:
    x, n = tl.Input("x", (20,), tl.float32), tl.Param("n", tl.int32, min=0)
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = x[i + n]
    return Scheduled(f, tl.Schedule(), {"f": (8,)})


def _shifted() -> tl.Func:
    """``f[i] = g[i + 3]`` with ``g[i] = x[i] * 2``."""
    x, i = tl.Input("x", (64,), tl.float32), tl.Var("i")
    g, f = tl.Func("g"), tl.Func("f")
    g[i] = x[i] * 2.0
    f[i] = g[i + 3]
    return f


@must_fail(
    "region_is_said_once",
    """\
s[g].bound("i", 0, 64): s[g].align_bounds("i", 8) was given before.
  asked       s[g].bound("i", 0, 64)    HERE
  rule        a Var is bound or aligned, and once
  hint        keep one of the two""",
)
def region_aligned_and_bound() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().align_bounds("i", 8).bound("i", 0, 64)
    return Scheduled(_shifted(), s, {"f": (50,)})


@must_fail(
    "region_is_said_once",
    """\
s[g].align_bounds("i", 4, 1): s[g].align_bounds("i", 8) was given before.
  asked       s[g].align_bounds("i", 4, 1)    HERE
  rule        a Var is bound or aligned, and once
  hint        keep one of the two""",
)
def region_aligned_twice() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().align_bounds("i", 8).align_bounds("i", 4, 1)
    return Scheduled(_shifted(), s, {"f": (50,)})


@must_fail(
    "output_is_aligned",
    """\
s[f].align_bounds("i", 8): f is computed over [0, 50) in i, by its shape.
  asked       s[f].align_bounds("i", 8)    HERE
  rule        an output is aligned where its shape is: no more of it can be computed
  hint        leave the alignment out, or compute f in a shape that has it""",
)
def alignment_of_an_output() -> Scheduled:
    s = tl.Schedule()
    s["f"].align_bounds("i", 8)
    return Scheduled(_shifted(), s, {"f": (50,)})


@must_fail(
    "required_is_inside",
    """\
x is read at axis 0 = 0 .. 95, outside [0, 64).
  rule        reads and writes stay inside the arrays given
  hint        use a smaller shape=, a larger x, or a boundary condition such as tl.constant_exterior""",
)
def alignment_past_an_input() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().align_bounds("i", 48)
    return Scheduled(_shifted(), s, {"f": (50,)})


@must_fail(
    "estimate_is_of_an_output",
    """\
s[g].set_estimate("i", 0, 64): g is no output.
  asked       s[g].set_estimate("i", 0, 64)    HERE
  rule        an estimate is of an output: all other regions follow from those
  legal here  outputs: f""",
)
def estimate_of_a_producer() -> Scheduled:
    s = tl.Schedule()
    s["g"].compute_root().set_estimate("i", 0, 64)
    return Scheduled(_shifted(), s, {"f": (50,)})


@must_fail(
    "estimate_starts_at_zero",
    """\
s[f].set_estimate("i", 1, 64): i is expected from 1 on.
  asked       s[f].set_estimate("i", 1, 64)    HERE
  rule        outputs start at 0
  legal here  set_estimate("i", 0, 64)""",
)
def estimate_from_elsewhere() -> Scheduled:
    s = tl.Schedule()
    s["f"].set_estimate("i", 1, 64)
    return Scheduled(_shifted(), s, {"f": (50,)})


@must_fail(
    "estimated_once",
    """\
s[f].set_estimate("i", 0, 32): s[f].set_estimate("i", 0, 64) was given before.
  asked       s[f].set_estimate("i", 0, 32)    HERE
  rule        there is one estimate for a Var
  hint        keep one of the two""",
)
def estimate_said_twice() -> Scheduled:
    s = tl.Schedule()
    s["f"].set_estimate("i", 0, 64).set_estimate("i", 0, 32)
    return Scheduled(_shifted(), s, {"f": (50,)})


@must_fail(
    "estimate_is_whole",
    """\
s[f].set_estimate("i", 0, 64): there is no estimate for j of f.
  asked       s[f].set_estimate("i", 0, 64)    HERE
  rule        an output is estimated in all its Vars
  hint        set_estimate("j", 0, extent)""",
)
def estimate_of_one_dimension() -> Scheduled:
    (i, j), f = tl.vars("i j"), tl.Func("f")
    f[i, j] = i + j
    s = tl.Schedule()
    s["f"].set_estimate("i", 0, 64)
    return Scheduled(f, s, {"f": (8, 8)})


@must_fail(
    "storage_has_a_size",
    """\
the storage of g has no constant bound in dimension i.
  rule        every buffer has a constant size
  hint        give Param n min= and max=, or bound it: s[g].bound("i", min, extent)""",
)
def storage_as_long_as_a_param_without_limits() -> Scheduled:
    n, i = tl.Param("n", tl.int32, min=0), tl.Var("i")
    g, out = tl.Func("g"), tl.Func("out")
    g[i] = i * 2
    out[i] = g[i] + g[i + n]
    s = tl.Schedule()
    s["g"].compute_root()
    return Scheduled(out, s, {"out": (8,)})
