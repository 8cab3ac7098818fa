"""One program for each rule that needs bounds: it is refused, with this whole text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tensorlang as tl
from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.errors import BoundsError, ScheduleError, TensorlangError
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering import check, lower
from tensorlang.schedule.resolve import resolve

Shapes = dict[str, tuple[int, ...]]
Refused = tuple[tl.Func, tl.Schedule, Shapes | None]


def _stages() -> tuple[tl.Func, tl.Func]:
    """f, read by g at two rows; x is 20 x 32."""
    x = tl.Input("x", (20, 32), tl.float32)
    i, j = tl.vars("i j")
    f, g = tl.Func("f"), tl.Func("g")
    f[i, j] = x[i, j] * 2
    g[i, j] = f[i, j] + f[i + 1, j]
    return f, g


def compute_at_a_vectorized_loop() -> Refused:
    f, g = _stages()
    s = tl.Schedule(g)
    s[g].vectorize("j", 8)
    s[f].compute_at(g, "j.lane")
    return g, s, None


def compute_at_inside_a_vectorized_loop() -> Refused:
    f, g = _stages()
    s = tl.Schedule(g)
    s[f].compute_at(g, "j")
    s[g].reorder("j", "i").vectorize("j")
    return g, s, None


def compute_at_a_loop_that_misses_a_use() -> Refused:
    f, g = _stages()
    i, j = tl.vars("i j")
    h = tl.Func("h")
    h[i, j] = g[i, j] + f[i, j]
    s = tl.Schedule(h)
    s[g].compute_root()
    s[f].compute_at(h, "i")
    return h, s, None


def shift_inwards_where_the_extent_may_be_nothing() -> Refused:
    x = tl.Input("x", (17, 24), tl.float32)
    i, j = tl.vars("i j")
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    f[i, j] = x[i, j] * 2
    g[i, j] = f[i, j] + f[i, j + 1]
    h[i, j] = g[i, j] - 1
    s = tl.Schedule(h)
    s[h].split("j", "jo", "ji", 8, "guard_with_if").reorder("jo", "i", "ji")
    s[g].compute_at(h, "jo").split("j", "jo", "ji", 3, "guard_with_if").reorder("jo", "i", "ji")
    s[f].compute_at(g, "jo").vectorize("j", 2, "shift_inwards")
    return h, s, {"h": (13, 17)}


def inlining_that_doubles_each_time() -> Refused:
    i = tl.Var("i")
    last: tl.Input | tl.Func = tl.Input("x", (8,), tl.float32)
    for n in range(60):
        func = tl.Func(f"f{n}")
        func[i] = last[i] + last[i] * 2
        last = func
    assert isinstance(last, tl.Func)
    return last, tl.Schedule(last), None


def round_up_past_an_input() -> Refused:
    _, g = _stages()
    s = tl.Schedule(g)
    s[g].split("j", "jo", "ji", 5, "round_up")
    return g, s, None


def predicate_stores_past_an_input() -> Refused:
    _, g = _stages()
    s = tl.Schedule(g)
    s[g].split("j", "jo", "ji", 5, "predicate_stores")
    return g, s, None


def predicate_loads_past_an_output() -> Refused:
    _, g = _stages()
    s = tl.Schedule(g)
    s[g].split("j", "jo", "ji", 5, "predicate_loads")
    return g, s, None


def round_up_and_blend_past_an_output() -> Refused:
    _, g = _stages()
    s = tl.Schedule(g)
    s[g].vectorize("j", 5, "round_up_and_blend")
    return g, s, {"g": (19, 13)}


def shift_inwards_and_blend_of_a_short_loop() -> Refused:
    _, g = _stages()
    s = tl.Schedule(g)
    s[g].split("j", "jo", "ji", 50, "shift_inwards_and_blend")
    return g, s, None


def shift_inwards_of_a_short_loop() -> Refused:
    _, g = _stages()
    s = tl.Schedule(g)
    s[g].split("j", "jo", "ji", 50, "shift_inwards")
    return g, s, None


def shape_too_large() -> Refused:
    _, g = _stages()
    return g, tl.Schedule(g), {"g": (20, 32)}


def unbounded_index() -> Refused:
    x = tl.Input("x", (20,), tl.float32)
    at = tl.Input("at", (20,), tl.int32)
    i = tl.Var("i")
    f = tl.Func("f")
    f[i] = x[at[i]]
    return f, tl.Schedule(f), {"f": (20,)}


def unbounded_shape() -> Refused:
    i = tl.Var("i")
    f = tl.Func("f")
    f[i] = i * 2
    return f, tl.Schedule(f), None


def ambiguous_shape() -> Refused:
    x = tl.Input("x", (20,), tl.float32)
    i, j = tl.vars("i j")
    f = tl.Func("f")
    f[i, j] = x[i + j]
    return f, tl.Schedule(f), None


def bound_of_less_than_is_required() -> Refused:
    f, g = _stages()
    s = tl.Schedule(g)
    s[f].compute_root().bound("i", 0, 3)
    return g, s, None


def bound_of_less_than_the_output() -> Refused:
    _, g = _stages()
    s = tl.Schedule(g)
    s[g].bound("j", 0, 31)
    return g, s, None


def compute_at_the_initialisation_with_a_use_elsewhere() -> Refused:
    w = tl.Input("w", (8,), tl.float32, constant=True)
    i, k = tl.Var("i"), tl.RDom("k", 8)
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    f[i] = w[i] * 2
    g[i] += f[i] * w[k]
    h[i] = f[i] + g[i]
    s = tl.Schedule(h)
    s[g].compute_at_init()
    s[f].compute_at(g.update(), "i")
    return h, s, None


def vectorize_too_far() -> Refused:
    x = tl.Input("x", (5000,), tl.float32)
    i = tl.Var("i")
    f = tl.Func("f")
    f[i] = x[i]
    s = tl.Schedule(f)
    s[f].vectorize("i")
    return f, s, None


def unroll_too_far() -> Refused:
    x = tl.Input("x", (5000,), tl.float32)
    i = tl.Var("i")
    f = tl.Func("f")
    f[i] = x[i]
    s = tl.Schedule(f)
    s[f].unroll("i")
    return f, s, None


TEXTS: dict[Callable[[], Refused], str] = {
    shift_inwards_where_the_extent_may_be_nothing: """\
tail shift_inwards of the split of j in f is not legal: its extent is at least 0, the factor 2.
  asked       s[f].vectorize("j", 2, tail="shift_inwards")    HERE
  rule        shift_inwards needs an extent of at least the factor, 2
  legal here  tail="guard_with_if" | tail="auto"
  hint        use tail="auto\"""",
    inlining_that_doubles_each_time: """\
f12 has 65528 operations when the Funcs that it reads are written out in it.
  rule        a Func has at most 50000 operations; an inlined Func counts once for every use
  hint        s[f11].compute_root(), or compute_at()""",
    compute_at_a_vectorized_loop: """\
s[f].compute_at(g, "j.lane"): j.lane is a vectorized loop of g, or inside one.
  asked       s[f].compute_at(g, "j.lane")    HERE
  rule        a producer is not computed inside a vectorized loop of its consumer
  legal here  compute_root() | compute_at(g, "i") | compute_at(g, "j")
  hint        use compute_at(g, "j")""",
    compute_at_inside_a_vectorized_loop: """\
s[f].compute_at(g, "j"): j is a vectorized loop of g, or inside one.
  asked       s[f].compute_at(g, "j")    HERE
  rule        a producer is not computed inside a vectorized loop of its consumer
  legal here  compute_root()
  hint        use compute_root()""",
    compute_at_a_loop_that_misses_a_use: """\
s[f].compute_at(h, "i"): a use of f lies outside loop i of h.
  asked       s[f].compute_at(h, "i")    HERE
  rule        a producer is computed at a loop that encloses every use of it
  legal here  compute_root()
  hint        use compute_root()""",
    round_up_past_an_input: """\
a round_up tail makes x be read at axis 1 = 0 .. 34, outside [0, 32).
  asked       s[g].split("j", "jo", "ji", 5, tail="round_up")    HERE
  rule        round_up is legal where all arrays that are read and written can hold the extra points
  legal here  tail="guard_with_if" | tail="shift_inwards" (pure definitions, extent >= factor)
  hint        change the tail of the split that makes the tiles of x""",
    predicate_stores_past_an_input: """\
a predicate_stores tail makes x be read at axis 1 = 0 .. 34, outside [0, 32).
  asked       s[g].split("j", "jo", "ji", 5, tail="predicate_stores")    HERE
  rule        predicate_stores is legal where all arrays that are read can hold the extra points
  legal here  tail="guard_with_if" | tail="shift_inwards" (pure definitions, extent >= factor)
  hint        change the tail of the split that makes the tiles of x""",
    predicate_loads_past_an_output: """\
a predicate_loads tail makes g be written at j = 0 .. 34, outside [0, 32).
  asked       s[g].split("j", "jo", "ji", 5, tail="predicate_loads")    HERE
  rule        predicate_loads is legal where all arrays that are written can hold the extra points
  legal here  tail="guard_with_if" | tail="shift_inwards" (pure definitions, extent >= factor)
  hint        change the tail of the split that makes the tiles of g""",
    round_up_and_blend_past_an_output: """\
a round_up_and_blend tail makes g be read at j = 0 .. 14, outside [0, 13).
  asked       s[g].vectorize("j", 5, tail="round_up_and_blend")    HERE
  rule        round_up_and_blend is legal where all arrays that are read and written can hold the extra points
  legal here  tail="guard_with_if" | tail="shift_inwards" (pure definitions, extent >= factor)
  hint        change the tail of the split that makes the tiles of g""",
    shift_inwards_and_blend_of_a_short_loop: """\
tail shift_inwards_and_blend of the split of j in g is not legal: its extent is 32, the factor 50.
  asked       s[g].split("j", "jo", "ji", 50, tail="shift_inwards_and_blend")    HERE
  rule        shift_inwards_and_blend needs an extent of at least the factor, 50
  legal here  tail="guard_with_if" | tail="auto"
  hint        use a factor that divides 32, or tail="auto\"""",
    shift_inwards_of_a_short_loop: """\
tail shift_inwards of the split of j in g is not legal: its extent is 32, the factor 50.
  asked       s[g].split("j", "jo", "ji", 50, tail="shift_inwards")    HERE
  rule        shift_inwards needs an extent of at least the factor, 50
  legal here  tail="guard_with_if" | tail="auto"
  hint        use a factor that divides 32, or tail="auto\"""",
    shape_too_large: """\
x is read at axis 0 = 0 .. 20, outside [0, 20).
  rule        reads and writes stay inside the arrays given
  hint        use a smaller shape=, a larger x, or a boundary condition such as tl.constant_exterior""",
    unbounded_index: """\
the region of x in axis 0 is unbounded below.
  rule        an index that depends on data takes its bounds from the value's bounds
  hint        clamp the index of x in axis 0: tl.clamp(index, 0, extent - 1)""",
    unbounded_shape: """\
the extent of f in i is unbounded: no Input limits it.
  rule        an output's shape is the largest box at the origin whose reads stay inside every Input
  hint        pass shape= to tl.compile, 1 int for f[i]""",
    ambiguous_shape: """\
the shape of f is ambiguous: its dimensions limit each other, (20, 20) is too large.
  hint        pass shape= to tl.compile, 2 ints for f[i, j]""",
    bound_of_less_than_is_required: """\
f is required at i = 0 .. 19, which is more than bound promises.
  asked       s[f].bound("i", 0, 3)
  rule        the coordinates that bound names hold all that are required, of an output its whole shape
  hint        promise more, or leave the bound out""",
    bound_of_less_than_the_output: """\
g is required at j = 0 .. 31, which is more than bound promises.
  asked       s[g].bound("j", 0, 31)
  rule        the coordinates that bound names hold all that are required, of an output its whole shape
  hint        promise more, or leave the bound out""",
    compute_at_the_initialisation_with_a_use_elsewhere: """\
s[f].compute_at(g.update(), "i"): a use of f lies outside loop i of g.
  asked       s[f].compute_at(g.update(), "i")    HERE
  rule        a producer is computed at a loop that encloses every use of it
  legal here  compute_at_init()
  hint        use compute_at_init()""",
    vectorize_too_far: """\
loop i cannot be vectorized: its extent is 5000.
  rule        vectorize needs a constant extent of at most 4096
  legal here  vectorize("i", lanes)
  hint        split the loop by the number of lanes and vectorize the inner one""",
    unroll_too_far: """\
loop i cannot be unrolled: its extent is 5000.
  rule        unroll needs a constant extent of at most 4096
  legal here  unroll("i", factor)
  hint        split the loop and unroll the inner one""",
}


def _lower(refused: Refused) -> None:
    output, schedule, given = refused
    algorithm = build_algorithm(output)
    lower(resolve(algorithm, schedule), infer_output_shapes(algorithm, given))


@pytest.mark.parametrize("program", list(TEXTS), ids=lambda program: program.__name__)
def test_refused(program: Callable[[], Refused]) -> None:
    with pytest.raises((ScheduleError, BoundsError)) as caught:
        _lower(program())
    error = caught.value
    text = str(error).replace(error.where, "HERE") if error.where else str(error)
    assert text == TEXTS[program]


def test_strict_numerics_refuse_a_reordered_reduction() -> None:
    x = tl.Input("x", (4, 6, 8), tl.float32)
    i = tl.Var("i")
    r, k = tl.RDom("r k", 6, 8)
    f = tl.Func("f")
    f[i] += x[i, r, k]
    s = tl.Schedule(f)
    s[f.update()].reorder("k", "r")
    algorithm = build_algorithm(f)
    shapes = infer_output_shapes(algorithm)
    lower(resolve(algorithm, s), shapes)
    with pytest.raises(ScheduleError) as caught:
        lower(resolve(algorithm, s), shapes, numerics="strict")
    assert (
        str(caught.value).replace(caught.value.where or "-", "HERE")
        == """\
the schedule reorders the reduction of f (k, r), and numerics are strict.
  rule        under strict numerics the terms of a float reduction are added in the order of the RDom
  hint        keep the reduction loops in the order of the RDom, or compile with numerics="fast\""""
    )


def test_check_finds_every_problem() -> None:
    f, g = _stages()
    s = tl.Schedule(g)
    s[g].split("i", "io", "ii", 64, "shift_inwards").split("j", "jo", "ji", 50, "shift_inwards").vectorize("ji")
    s[f].compute_at(g, "ji")
    algorithm = build_algorithm(g)
    problems: tuple[TensorlangError, ...] = check(resolve(algorithm, s), infer_output_shapes(algorithm))
    assert [p.message.split(":")[0] for p in problems] == [
        "tail shift_inwards of the split of i in g is not legal",
        "tail shift_inwards of the split of j in g is not legal",
        's[f].compute_at(g, "ji")',
    ]
