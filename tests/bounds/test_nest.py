"""Loop nests of one stage: extents, values, guards and the tail that every split gets."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

import tensorlang as tl
from tensorlang.bounds.nest import Nest, build_nest
from tensorlang.ir.algorithm import FuncDef
from tensorlang.ir.expr import Expr, index
from tensorlang.ir.printer import format_expr, format_stmt
from tensorlang.ir.stmt import Range
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering.simplify_stmts import simplify_stmts
from tensorlang.lowering.substitute_lets import substitute_lets
from tensorlang.schedule.resolve import resolve
from tensorlang.schedule.resolved import StageSchedule
from tensorlang.schedule.schedule import Schedule
from tensorlang.schedule.tails import TailStrategy
from tensorlang.symbolic.facts import Facts, Limits
from tests.ir.parse import assert_printed, parse_expr

i, j = tl.vars("i j")
_NOTHING_KNOWN = Facts()


def line() -> tuple[tl.Func, Schedule]:
    x = tl.Input("x", (1000,), tl.float32)
    f = tl.Func("f")
    f[i] = x[i]
    return f, tl.Schedule(f)


def sums() -> tuple[tl.Func, Schedule]:
    """``f[i] += x[i, k]`` with k of 10."""
    x = tl.Input("x", (1000, 10), tl.float32)
    k = tl.RDom("k", 10)
    f = tl.Func("f")
    f[i] += x[i, k]
    return f, tl.Schedule(f)


def nest(
    f: tl.Func, s: Schedule, *extents: int | Expr, stage: int = 0, round_up: bool = True, facts: Facts = _NOTHING_KNOWN
) -> Nest:
    func, schedule = staged(f, s, stage)
    box = tuple(Range(index(0), index(e) if isinstance(e, int) else e) for e in extents)
    return build_nest(func, schedule, box, facts, round_up=round_up)


def staged(f: tl.Func, s: Schedule, stage: int) -> tuple[FuncDef, StageSchedule]:
    resolved = resolve(build_algorithm(f), s)
    return resolved.algorithm.func(f.name), resolved.funcs[f.name].stages[stage]


def exact(built: Nest) -> tuple[bool, bool]:
    """Whether i is read, and written, for no other values than were asked for."""
    domain = built.domains["f.0.i.at"]
    return domain.exact_reads, domain.exact_writes


def loop_text(built: Nest) -> str:
    return format_stmt(simplify_stmts(substitute_lets(built.stmt)))


def assert_nest(built: Nest, expected: str) -> None:
    assert_printed(simplify_stmts(substitute_lets(built.stmt)), expected.replace("$", "f.0."))


def test_a_factor_that_divides_needs_no_tail() -> None:
    for tail in TailStrategy:
        f, s = line()
        s[f].split("i", "io", "ii", 8, tail)
        built = nest(f, s, 24)
        assert_nest(
            built,
            """
            for $io in 0..3:
              for $ii in 0..8:
                f[$io * 8 + $ii] = x[$io * 8 + $ii]
            """,
        )
        assert not built.rounded and not built.problems
        assert exact(built) == (True, True)


def test_guard_with_if() -> None:
    f, s = line()
    s[f].split("i", "io", "ii", 8, "guard_with_if")
    built = nest(f, s, 20)
    assert_nest(
        built,
        """
        for $io in 0..3:
          for $ii in 0..8:
            if $io * 8 + $ii < 20:
              f[$io * 8 + $ii] = x[$io * 8 + $ii]
        """,
    )
    assert exact(built) == (True, True)


def test_shift_inwards() -> None:
    f, s = line()
    s[f].split("i", "io", "ii", 8, "shift_inwards")
    built = nest(f, s, 20)
    assert_nest(
        built,
        """
        for $io in 0..3:
          for $ii in 0..8:
            f[min($io * 8, 12) + $ii] = x[min($io * 8, 12) + $ii]
        """,
    )
    assert exact(built) == (True, True)


def test_round_up() -> None:
    f, s = line()
    s[f].split("i", "io", "ii", 8, "round_up")
    built = nest(f, s, 20)
    assert_nest(
        built,
        """
        for $io in 0..3:
          for $ii in 0..8:
            f[$io * 8 + $ii] = x[$io * 8 + $ii]
        """,
    )
    domain = built.domains["f.0.i.at"]
    assert (format_expr(domain.min), format_expr(domain.extent), exact(built)) == ("0", "20", (False, False))
    assert [split.inner for split in built.overrunning] == ["ii"]
    assert not built.rounded


@pytest.mark.parametrize(
    ("tail", "body", "is_exact"),
    [
        (
            "predicate",
            """
            store if $io * 8 + $ii < 20:
              load if $io * 8 + $ii < 20:
                f[$io * 8 + $ii] = x[$io * 8 + $ii]""",
            (True, True),
        ),
        (
            "predicate_loads",
            """
            load if $io * 8 + $ii < 20:
              f[$io * 8 + $ii] = x[$io * 8 + $ii]""",
            (True, False),
        ),
        (
            "predicate_stores",
            """
            store if $io * 8 + $ii < 20:
              f[$io * 8 + $ii] = x[$io * 8 + $ii]""",
            (False, True),
        ),
        (
            "round_up_and_blend",
            """
            f[$io * 8 + $ii] = select($io * 8 + $ii < 20, x[$io * 8 + $ii], f[$io * 8 + $ii])""",
            (False, False),
        ),
        (
            "shift_inwards_and_blend",
            """
            f[min($io * 8, 12) + $ii] = select($ii >= $io * 8 - 12, x[min($io * 8, 12) + $ii], """
            "f[min($io * 8, 12) + $ii])",
            (True, True),
        ),
    ],
)
def test_tails_that_predicate_or_blend(tail: str, body: str, is_exact: tuple[bool, bool]) -> None:
    f, s = line()
    s[f].split("i", "io", "ii", 8, tail)
    built = nest(f, s, 20)
    assert_nest(built, "for $io in 0..3:\n  for $ii in 0..8:" + indent(dedent(body), "    "))
    assert exact(built) == is_exact
    assert [split.inner for split in built.overrunning] == ([] if is_exact == (True, True) else ["ii"])


def test_a_predicate_of_the_whole_split_covers_what_inner_tails_overrun() -> None:
    f, s = line()
    s[f].split("i", "io", "ii", 8, "predicate_stores").split("ii", "a", "b", 3, "round_up_and_blend")
    assert exact(nest(f, s, 20)) == (False, True)
    f, s = line()
    s[f].split("i", "io", "ii", 8, "predicate_loads").split("ii", "a", "b", 3, "round_up")
    assert exact(nest(f, s, 20)) == (True, False)


@pytest.mark.parametrize(
    ("extent", "round_up", "guards", "rounds", "text"),
    [
        # Shift where the loop holds a whole tile, else round up where that is allowed, else guard.
        (20, True, False, 0, "f[min($io * 8, 12) + $ii]"),
        (20, False, False, 0, "f[min($io * 8, 12) + $ii]"),
        (5, True, False, 1, "f[$ii]"),
        (5, False, True, 0, "f[$ii]"),
    ],
)
def test_auto_of_a_pure_definition(extent: int, round_up: bool, guards: bool, rounds: int, text: str) -> None:
    f, s = line()
    s[f].split("i", "io", "ii", 8)
    built = nest(f, s, extent, round_up=round_up)
    printed = loop_text(built)
    assert text.replace("$", "f.0.") in printed
    assert ("if f.0.ii < 5" in printed) == guards
    assert len(built.rounded) == rounds


def test_auto_shifts_a_varying_extent_that_always_holds_a_tile() -> None:
    f, s = line()
    s[f].split("i", "io", "ii", 8)
    facts = Facts({"n": Limits(8, 30)})
    assert "min(f.0.io * 8, n - 8) + f.0.ii" in loop_text(nest(f, s, parse_expr("n"), facts=facts))
    assert nest(f, s, parse_expr("n - 1"), facts=facts).rounded


def test_auto_of_an_rvar_guards() -> None:
    f, s = sums()
    s[f.update()].split("k", "ko", "ki", 4)
    built = nest(f, s, 6, stage=1)
    assert_printed(
        simplify_stmts(substitute_lets(built.stmt)),
        """
        for f.1.i in 0..6:
          for f.1.ko in 0..3:
            for f.1.ki in 0..4:
              if f.1.ko * 4 + f.1.ki < 10:
                f[f.1.i] = f[f.1.i] + x[f.1.i, f.1.ko * 4 + f.1.ki]
        """,
    )
    assert not built.rounded


@pytest.mark.parametrize(("round_up", "guards"), [(True, False), (False, True)])
def test_auto_of_a_pure_var_in_an_update_rounds_up_or_guards_but_never_shifts(round_up: bool, guards: bool) -> None:
    f, s = sums()
    s[f.update()].split("i", "io", "ii", 4)
    built = nest(f, s, 6, stage=1, round_up=round_up)
    assert ("if f.1.io * 4 + f.1.ii < 6" in loop_text(built)) == guards
    assert "min" not in loop_text(built)
    assert bool(built.rounded) != guards


def test_auto_of_an_inner_loop_in_an_update_guards_as_overlap_would_add_twice() -> None:
    f, s = sums()
    s[f.update()].split("i", "io", "ii", 6).split("ii", "a", "b", 4)
    built = nest(f, s, 12, stage=1)
    assert "if f.1.a * 4 + f.1.b < 6" in loop_text(built)
    assert not built.rounded


def test_problems_of_explicit_tails() -> None:
    f, s = line()
    s[f].split("i", "io", "ii", 8, "shift_inwards")
    assert [(p.split.inner, p.extent) for p in nest(f, s, 5).problems] == [("ii", "5")]
    varying = nest(f, s, parse_expr("n"), facts=Facts({"n": Limits(3, 30)}))
    assert [p.extent for p in varying.problems] == ["at least 3"]


def test_a_guard_around_the_whole_split_covers_a_rounded_inner_one() -> None:
    f, s = line()
    s[f].split("i", "io", "ii", 8, "guard_with_if").split("ii", "a", "b", 3, "round_up")
    assert exact(nest(f, s, 20)) == (True, True)


def test_a_renamed_loop_is_as_whole_as_it_was() -> None:
    f, s = line()
    s[f].rename("i", "row").split("row", "io", "ii", 8, "guard_with_if").split("ii", "a", "b", 3, "round_up")
    assert exact(nest(f, s, 20)) == (True, True)


def test_a_guard_around_an_inner_split_does_not_cover_a_rounded_outer_one() -> None:
    f, s = line()
    s[f].split("i", "io", "ii", 8, "round_up").split("ii", "a", "b", 3, "guard_with_if")
    assert exact(nest(f, s, 20)) == (False, False)


def test_fused_and_renamed_loops() -> None:
    x = tl.Input("x", (100, 100), tl.float32)
    f = tl.Func("f")
    f[i, j] = x[i, j]
    s = tl.Schedule(f)
    s[f].fuse("i", "j", "t").rename("t", "task").split("task", "to", "ti", 5, "guard_with_if")
    assert_nest(
        nest(f, s, 4, 6),
        """
        for $to in 0..5:
          for $ti in 0..5:
            if $to * 5 + $ti < 24:
              f[($to * 5 + $ti) // 6, ($to * 5 + $ti) % 6] = x[($to * 5 + $ti) // 6, ($to * 5 + $ti) % 6]
        """,
    )


def test_a_box_that_starts_elsewhere_and_a_reordered_kind() -> None:
    x = tl.Input("x", (100, 100), tl.float32)
    f = tl.Func("f")
    f[i, j] = x[i, j]
    s = tl.Schedule(f)
    s[f].reorder("j", "i").parallel("j").vectorize("i", 4)
    func, schedule = staged(f, s, 0)
    box = (Range(index(2), index(8)), Range(parse_expr("o * 3"), index(3)))
    assert_nest(
        build_nest(func, schedule, box, Facts(), round_up=True),
        """
        parallel $j in 0..3:
          for $i in 0..2:
            vectorized $i.lane in 0..4:
              f[$i * 4 + $i.lane + 2, o * 3 + $j] = x[$i * 4 + $i.lane + 2, o * 3 + $j]
        """,
    )
