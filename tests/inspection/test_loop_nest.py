"""Whole loop nests of small programs, as a user sees them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tensorlang as tl
from tensorlang.errors import ScheduleError
from tensorlang.lang.build import build_algorithm
from tests.lowering import programs

PROGRAMS: dict[str, Callable[[], programs.Program]] = {
    "matmul": programs.matmul,
    "blur_shift_inwards": lambda: programs.blur("shift_inwards"),
    "blur_guard_with_if": lambda: programs.blur("guard_with_if"),
    "guarded_sum": programs.guarded_sum,
    "packed_weights": programs.packed_weights,
    "column_argmax": programs.column_argmax,
}


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_program(name: str, golden: Callable[[str], None]) -> None:
    golden(tl.loop_nest(*PROGRAMS[name]()) + "\n")


def copy_and_double() -> tuple[tl.Func, tl.Func]:
    """g, read by f at two columns."""
    i, j = tl.vars("i j")
    f, g = tl.Func("f"), tl.Func("g")
    g[i, j] = i + j
    f[i, j] = g[i, j] + g[i, j + 1]
    return f, g


def test_a_loop_inside_another_of_its_name_is_shown_with_its_func() -> None:
    f, g = copy_and_double()
    s = tl.Schedule(f)
    s[g].compute_at(f, "j").unroll("j")
    assert tl.loop_nest(f, s, shape=(4, 8)).splitlines() == [
        "for i in 0..4:",
        "  for j in 0..8:",
        "    store g[1, 2] in heap:",
        "      unrolled g.j in 0..2:",
        "        g[i, j + g.j] = ...",
        "      f[i, j] = ...",
    ]


@pytest.mark.parametrize(
    ("arrange", "stored"),
    [
        (lambda stage: stage, "g[7, 51]"),
        (lambda stage: stage.reorder_storage("j", "i"), "g[51, 7]"),
        (lambda stage: stage.align_storage("j", 16), "g[7, 64]"),
        (lambda stage: stage.split_storage("j", "jo", "ji", 16).reorder_storage("jo", "i", "ji"), "g[4, 7, 16]"),
        (lambda stage: stage.bound("j", 0, 60), "g[7, 60]"),
    ],
)
def test_storage_is_shown_as_it_is_arranged(arrange: Callable[[object], object], stored: str) -> None:
    f, g = copy_and_double()
    s = tl.Schedule(f)
    arrange(s[g].compute_root())
    assert tl.loop_nest(f, s, shape=(7, 50)).splitlines()[0] == f"store {stored} in heap:"


def test_several_outputs_and_their_shapes_by_name() -> None:
    f, g = copy_and_double()
    algorithm = build_algorithm([f, g])
    assert tl.loop_nest(algorithm, shape={"f": (2, 3), "g": (2, 4)}).splitlines() == [
        "for i in 0..2:",
        "  for j in 0..4:",
        "    g[i, j] = ...",
        "for i in 0..2:",
        "  for j in 0..3:",
        "    f[i, j] = ...",
    ]


def test_an_illegal_schedule_is_refused() -> None:
    f, g = copy_and_double()
    s = tl.Schedule(f)
    s[f].vectorize("j", 4)
    s[g].compute_at(f, "j.lane")
    with pytest.raises(ScheduleError, match="loop j.lane of f is vectorized"):
        tl.loop_nest(f, s, shape=(4, 8))


def test_conditions_of_accesses_are_shown() -> None:
    x, f, i = tl.Input("x", (40,), tl.float32), tl.Func("f"), tl.Var("i")
    f[i] = x[i]
    nests = {}
    for tail in ("predicate", "predicate_stores"):
        s = tl.Schedule(f)
        s[f].split("i", "io", "ii", 8, tail)
        nests[tail] = tl.loop_nest(f, s, shape=(20,)).splitlines()
    assert nests["predicate"] == [
        "for io in 0..3:",
        "  for ii in 0..8:",
        "    store if io * 8 + ii < 20:",
        "      load if io * 8 + ii < 20:",
        "        f[io * 8 + ii] = ...",
    ]
    assert nests["predicate_stores"][2:] == ["    store if io * 8 + ii < 20:", "      f[io * 8 + ii] = ..."]
