"""Where Funcs are placed, how much of them is computed there, and which tails that takes."""

from __future__ import annotations

import pytest

import tensorlang as tl
from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.errors import ScheduleError
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering import check, lower
from tensorlang.schedule.resolve import resolve

i, j = tl.vars("i j")


def assert_nest(
    output: tl.Func, schedule: tl.Schedule, expected: list[str], shape: tuple[int, ...] | None = None
) -> None:
    assert tl.loop_nest(output, schedule, shape=shape).splitlines() == expected


def stencil() -> tuple[tl.Func, tl.Func]:
    """g, of which f reads two rows and two columns."""
    x = tl.Input("x", (33, 65), tl.float32)
    f, g = tl.Func("f"), tl.Func("g")
    g[i, j] = x[i, j] * 2
    f[i, j] = g[i, j] + g[i + 1, j + 1]
    return f, g


def test_a_producer_at_a_tile_covers_the_tile_and_its_border() -> None:
    f, g = stencil()
    s = tl.Schedule(f)
    s[f].tile("i", "j", "io", "jo", "ii", "ji", 8, 16)
    s[g].compute_at(f, "jo")
    assert_nest(
        f,
        s,
        [
            "for io in 0..4:",
            "  for jo in 0..4:",
            "    store g[9, 17] in heap:",
            "      for i in 0..9:",
            "        for j in 0..17:",
            "          g[io * 8 + i, jo * 16 + j] = ...",
            "      for ii in 0..8:",
            "        for ji in 0..16:",
            "          f[io * 8 + ii, jo * 16 + ji] = ...",
        ],
    )


def test_a_func_with_updates_goes_to_the_innermost_loop_around_its_uses() -> None:
    x = tl.Input("x", (8, 10), tl.float32)
    k = tl.RDom("k", 10)
    total, f = tl.Func("total"), tl.Func("f")
    total[i] += x[i, k]
    f[i, j] = total[i] * x[i, j]
    assert_nest(
        f,
        tl.Schedule(f),
        [
            "for i in 0..8:",
            "  for j in 0..10:",
            "    store total[1] in heap:",
            "      total[i] = ...",
            "      for k in 0..10:",
            "        total[i] = ...",
            "      f[i, j] = ...",
        ],
    )


def test_a_chain_of_producers_grows_by_each_border() -> None:
    f, g = stencil()
    h = tl.Func("h")
    h[i, j] = f[i, j] + f[i + 1, j]
    s = tl.Schedule(h)
    s[g].compute_root()
    s[f].compute_at(h, "i")
    assert_nest(
        h,
        s,
        [
            "store g[6, 5] in heap:",
            "  for i in 0..6:",
            "    for j in 0..5:",
            "      g[i, j] = ...",
            "  for i in 0..4:",
            "    store f[2, 4] in heap:",
            "      for f.i in 0..2:",
            "        for j in 0..4:",
            "          f[i + f.i, j] = ...",
            "      for j in 0..4:",
            "        h[i, j] = ...",
        ],
        (4, 4),
    )


def test_updates_write_and_read_more_than_consumers_ask_for() -> None:
    k = tl.RDom("k", (1, 7))
    scan, f = tl.Func("scan"), tl.Func("f")
    scan[i] = i
    scan[k] = scan[k] + scan[k - 1]
    f[i] = scan[i + 5]
    assert_nest(
        f,
        tl.Schedule(f),
        [
            "for i in 0..2:",
            "  store scan[8] in heap:",
            "    for scan.i in 0..8:",
            "      scan[scan.i] = ...",
            "    for k in 0..7:",
            "      scan[k + 1] = ...",
            "    f[i] = ...",
        ],
        (2,),
    )


@pytest.mark.parametrize(("columns", "is_guarded"), [(70, False), (65, True)])
def test_auto_rounds_up_only_where_the_inputs_hold_the_extra_points(columns: int, is_guarded: bool) -> None:
    x = tl.Input("x", (columns,), tl.float32)
    k = tl.RDom("k", 3)
    f = tl.Func("f")
    f[i] += x[i] * k
    s = tl.Schedule(f)
    s[f.update()].split("i", "io", "ii", 7)
    nest = tl.loop_nest(f, s, shape=(65,))
    # The output cannot hold points past its end, whatever the Input holds.
    assert "if io * 7 + ii < 65" in nest
    g = tl.Func("g")
    g[i] = f[i]
    t = tl.Schedule(g)
    t[f].compute_root()
    t[f.update()].split("i", "io", "ii", 7)
    assert ("if io * 7 + ii < 65" in tl.loop_nest(g, t, shape=(65,))) == is_guarded


def test_rounded_storage_holds_the_extra_points() -> None:
    f, g = stencil()
    s = tl.Schedule(f)
    s[g].compute_root().split("i", "io", "ii", 3, "round_up").split("j", "jo", "ji", 10, "round_up")
    assert tl.loop_nest(f, s, shape=(4, 8)).splitlines()[0] == "store g[6, 10] in heap:"


def test_state_is_not_computed_from_what_main_computes() -> None:
    w = tl.Input("w", (8,), tl.float32, constant=True)
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    f[i] = w[i] * 2
    g[i] = f[i] + 1
    h[i] = g[i] * 3
    s = tl.Schedule(h)
    s[f].compute_root()
    s[g].compute_at_init()
    algorithm = build_algorithm(h)
    with pytest.raises(ScheduleError) as caught:
        lower(resolve(algorithm, s), infer_output_shapes(algorithm))
    assert str(caught.value) == (
        "f is read by a stage that is computed at initialisation, but is not itself.\n"
        "  rule        what compute_at_init computes depends on constant Inputs and other initialised Funcs only\n"
        "  hint        place f by compute_at_init() or compute_inline()"
    )


def test_a_producer_inside_the_initialisation() -> None:
    w = tl.Input("w", (9,), tl.float32, constant=True)
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    f[i] = w[i] * 2
    g[i] = f[i] + f[i + 1]
    h[i] = g[i] * 3
    s = tl.Schedule(h)
    s[f].compute_at(g, "i")
    s[g].compute_at_init()
    assert_nest(
        h,
        s,
        [
            "initialisation:",
            "  store g[8] in state",
            "  for i in 0..8:",
            "    store f[2] in heap:",
            "      for f.i in 0..2:",
            "        f[i + f.i] = ...",
            "      g[i] = ...",
            "for i in 0..8:",
            "  h[i] = ...",
        ],
    )


def test_a_legal_schedule_has_no_problems() -> None:
    f, g = stencil()
    s = tl.Schedule(f)
    s[g].compute_at(f, "i")
    algorithm = build_algorithm(f)
    assert check(resolve(algorithm, s), infer_output_shapes(algorithm)) == ()
