"""The loops of several stages become one nest, over the iterations of all, each body in its own iterations."""

from __future__ import annotations

from tensorlang.ir.expr import Expr, index
from tensorlang.ir.stmt import Stmt
from tensorlang.lowering.fuse_stages import Part, fuse_stages
from tensorlang.schedule.fused_groups import Key
from tensorlang.schedule.resolved import LoopLevel
from tensorlang.symbolic.facts import Facts
from tests.ir.parse import assert_printed, parse_expr, parse_stmt


def part(text: str, loops: str, *, starts: dict[str, int | Expr] | None = None, fused: str = "") -> Part:
    """A nest whose loops are called as their variables are, without the leading letter of the stage."""
    func, _, loop = fused.partition(" ")
    return Part(
        parse_stmt(text),
        {name[1:]: name for name in loops.split()},
        {name: index(start) if isinstance(start, int) else start for name, start in (starts or {}).items()},
        LoopLevel(func, 0, loop) if fused else None,
    )


def fused(**parts: Part) -> Stmt:
    named: dict[Key, Part] = {(name, 0): each for name, each in parts.items()}
    return fuse_stages(named, Facts())


F = "for fi in serial(8):\n for fj in serial(4):\n  f[fi * 4 + fj] = 1.0"


def test_the_same_iterations() -> None:
    g = "for gi in serial(8):\n for gj in serial(4):\n  g[gi * 4 + gj] = 2.0"
    assert_printed(
        fused(f=part(F, "fi fj"), g=part(g, "gi gj", fused="f i")),
        """
        for fi in 0..8:
          for fj in 0..4:
            f{fi * 4 + fj} = 1.0
          for gj in 0..4:
            g{fi * 4 + gj} = 2.0
        """,
    )
    assert_printed(
        fused(f=part(F, "fi fj"), g=part(g, "gi gj", fused="f j")),
        """
        for fi in 0..8:
          for fj in 0..4:
            f{fi * 4 + fj} = 1.0
            g{fi * 4 + fj} = 2.0
        """,
    )


def test_one_ends_earlier() -> None:
    g = "for gi in serial(6):\n for gj in serial(5):\n  g[gi * 5 + gj] = 2.0"
    assert_printed(
        fused(f=part(F, "fi fj"), g=part(g, "gi gj", fused="f j")),
        """
        for fi in 0..8:
          for fj in 0..5:
            if fj < 4:
              f{fi * 4 + fj} = 1.0
            if fi < 6:
              g{fi * 5 + fj} = 2.0
        """,
    )


def test_dimensions_meet_where_they_are_equal() -> None:
    g = "for gi in serial(8):\n g[gi] = 2.0"
    assert_printed(
        fused(f=part(F, "fi fj", starts={"i": 3}), g=part(g, "gi", starts={"i": 1}, fused="f i")),
        """
        for fi in 0..10:
          if fi >= 2:
            for fj in 0..4:
              f{(fi - 2) * 4 + fj} = 1.0
          if fi < 8:
            g{fi} = 2.0
        """,
    )


def test_starts_may_depend_on_loops_around() -> None:
    g = "for gi in serial(8):\n g[gi] = 2.0"
    start = parse_expr("n * 8")
    assert_printed(
        fused(
            f=part(F, "fi fj", starts={"i": start}),
            g=part(g, "gi", starts={"i": parse_expr("n * 8 + 1")}, fused="f i"),
        ),
        """
        for fi in 0..9:
          if fi < 8:
            for fj in 0..4:
              f{fi * 4 + fj} = 1.0
          if fi >= 1:
            g{fi - 1} = 2.0
        """,
    )


def test_a_loop_that_only_counts_meets_from_its_start() -> None:
    g = "for gi in serial(8):\n g[gi] = 2.0"
    assert_printed(
        fused(f=part(F, "fi fj", starts={"i": 3}), g=part(g, "gi", fused="f i")),
        """
        for fi in 0..8:
          for fj in 0..4:
            f{fi * 4 + fj} = 1.0
          g{fi} = 2.0
        """,
    )


def test_three_at_two_levels() -> None:
    g = "for gi in serial(8):\n for gj in serial(4):\n  g[gi * 4 + gj] = 2.0"
    h = "for hi in serial(9):\n for hj in serial(4):\n  h[hi * 4 + hj] = 3.0"
    assert_printed(
        fused(f=part(F, "fi fj"), g=part(g, "gi gj", fused="f i"), h=part(h, "hi hj", fused="g j")),
        """
        for fi in 0..9:
          for fj in 0..4:
            if fi < 8:
              f{fi * 4 + fj} = 1.0
          for gj in 0..4:
            if fi < 8:
              g{fi * 4 + gj} = 2.0
            h{fi * 4 + gj} = 3.0
        """,
    )


def test_stages_of_a_func_stay_in_order() -> None:
    once = part("for fi in serial(8):\n f[fi] = 1.0", "fi")
    again = part("for ui in serial(8):\n f[ui] = f[ui] + 1.0", "ui")
    g = part("for gi in serial(8):\n g[gi] = 2.0", "gi", fused="f i")
    parts: dict[Key, Part] = {
        ("f", 0): once,
        ("f", 1): again,
        ("g", 0): Part(g.nest, g.variables, g.starts, LoopLevel("f", 1, "i")),
    }
    assert_printed(
        fuse_stages(parts, Facts()),
        """
        for fi in 0..8:
          f{fi} = 1.0
        for ui in 0..8:
          f{ui} = f{ui} + 1.0
          g{ui} = 2.0
        """,
    )
