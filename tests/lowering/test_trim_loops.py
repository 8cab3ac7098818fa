"""Loops end where their conditions do, conditions that then always hold are gone, and what is stored stays the same."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.dtypes import float32
from tensorlang.ir.module import BufferParam, Function, Module, Role
from tensorlang.ir.stmt import IfThenElse, Stmt
from tensorlang.ir.visitor import walk_stmts
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering import lower
from tensorlang.lowering.pipeline import PASSES
from tensorlang.lowering.trim_loops import trim_loops, trim_remainders
from tensorlang.schedule.resolve import resolve
from tests.ir.interpret import Array, run
from tests.ir.parse import assert_printed, parse_stmt
from tests.lowering import programs


def assert_trimmed(before: str, after: str) -> None:
    assert_printed(trim_loops(parse_stmt(before)), after)


def test_a_triangle() -> None:
    assert_trimmed(
        """
        for r in serial(64):
            for c in serial(64):
                if c <= r:
                    out[r * 64 + c] = 1.0
        """,
        """
        for r in 0..64:
          for c in 0..(r + 1):
            out{r * 64 + c} = 1.0
        """,
    )


def test_a_triangle_wider_than_the_loop() -> None:
    assert_trimmed(
        """
        for r in serial(64):
            for c in serial(32):
                if c <= r:
                    out[r * 32 + c] = 1.0
        """,
        """
        for r in 0..64:
          for c in 0..(min(31, r) + 1):
            out{r * 32 + c} = 1.0
        """,
    )


def test_a_band() -> None:
    assert_trimmed(
        """
        for r in serial(64):
            for c in serial(64):
                if r - 2 <= c and c <= r + 2:
                    out[r * 64 + c] = 1.0
        """,
        """
        for r in 0..64:
          for c in 0..(min(63, r + 2) - max(0, r - 2) + 1):
            out{r * 64 + c + max(0, r - 2)} = 1.0
        """,
    )


def test_both_ends() -> None:
    assert_trimmed(
        """
        for i in serial(20):
            if 3 <= i and i * 2 < 17:
                out[i] = x[i]
        """,
        """
        for i in 0..6:
          out{i + 3} = x{i + 3}
        """,
    )


def test_an_extent_that_could_be_negative_is_at_least_zero() -> None:
    assert_trimmed(
        """
        for r in serial(64):
            for c in serial(64):
                if c + 3 < r:
                    out[r * 64 + c] = 1.0
        """,
        """
        for r in 0..60:
          for c in 0..(r + 1):
            out{r * 64 + c + 256} = 1.0
        """,
    )
    assert_trimmed(
        """
        for r in serial(64):
            y[r] = 0.0
            for c in serial(64):
                if c + 3 < r:
                    out[r * 64 + c] = 1.0
        """,
        """
        for r in 0..64:
          y{r} = 0.0
          for c in 0..max(r - 3, 0):
            out{r * 64 + c} = 1.0
        """,
    )


@pytest.mark.parametrize("condition", ["i >= 8", "i < 3 and i > 4"])
def test_a_loop_that_does_nothing_is_gone(condition: str) -> None:
    assert_trimmed(
        f"""
        y[0] = 1.0
        for i in serial(8):
            if {condition}:
                out[i] = 1.0
        """,
        "y{0} = 1.0",
    )


def test_one_iteration_is_no_loop() -> None:
    assert_trimmed("for i in serial(8):\n  if i == 3:\n    out[i] = 1.0", "out{3} = 1.0")


def test_statements_under_different_conditions_keep_what_any_of_them_needs() -> None:
    assert_trimmed(
        """
        for r in serial(64):
            for c in serial(64):
                if c <= r:
                    out[r * 64 + c] = 1.0
                if c <= r + 4:
                    y[r * 64 + c] = 2.0
        """,
        """
        for r in 0..64:
          for c in 0..(min(63, r + 4) + 1):
            if c <= r:
              out{r * 64 + c} = 1.0
            y{r * 64 + c} = 2.0
        """,
    )


@pytest.mark.parametrize(
    "body",
    [
        "if c <= r:\n  out[c] = 1.0\ny[c] = 0.0",  # a statement that is always needed
        "if c <= r:\n  out[c] = 1.0\nelse:\n  out[c] = 0.0",  # both sides together
        "if x[c] < 1.0:\n  out[c] = 1.0",  # not known before
        "if c * r < 9:\n  out[c] = 1.0",  # not linear
        "if c != 9:\n  out[c] = 1.0",  # neither end
    ],
)
def test_loops_that_stay(body: str) -> None:
    stmt = parse_stmt("for r in serial(64):\n  for c in serial(64):\n" + indent(body, "    "))
    assert trim_loops(stmt) is stmt


def test_each_way_to_write_counts() -> None:
    for always in ("out[0] += 1.0", "with store(x[0] < 1.0):\n  out[0] += 1.0", "n = c * 2\nout[n] = 1.0"):
        text = "for c in serial(8):\n  if c < 4:\n    out[c] = 1.0\n" + indent(always, "  ")
        stmt = parse_stmt(text)
        assert trim_loops(stmt) is stmt


def test_a_prefetch_keeps_no_iteration_and_is_kept() -> None:
    assert_trimmed(
        """
        for r in serial(64):
            for c in serial(64):
                prefetch(x[c + 8])
                if c <= r:
                    out[c] = x[c]
        """,
        """
        for r in 0..64:
          for c in 0..(r + 1):
            prefetch x[c + 8]
            out{c} = x{c}
        """,
    )
    alone = parse_stmt("for c in serial(64):\n  if c < 5:\n    prefetch(x[c])")
    assert trim_loops(alone) is alone


def test_no_extent_depends_on_a_vectorized_loop() -> None:
    assert_trimmed(
        """
        for o in serial(8):
            for v in vectorized(8):
                for k in serial(64):
                    if k <= o * 8 + v:
                        out[o * 8 + v] = out[o * 8 + v] + x[k]
        """,
        """
        for o in 0..8:
          vectorized v in 0..8:
            for k in 0..(o * 8 + 8):
              if k <= o * 8 + v:
                out{o * 8 + v} = out{o * 8 + v} + x{k}
        """,
    )


def test_loops_around_lanes_and_copies_keep_what_any_of_them_needs() -> None:
    for kind in ("vectorized", "unrolled"):
        assert_trimmed(
            f"""
            for o in serial(8):
                for k in serial(64):
                    for v in {kind}(8):
                        if k <= o * 8 + v:
                            out[o * 8 + v] = out[o * 8 + v] + x[k]
            """,
            f"""
            for o in 0..8:
              for k in 0..(o * 8 + 8):
                {kind} v in 0..8:
                  if k <= o * 8 + v:
                    out{{o * 8 + v}} = out{{o * 8 + v}} + x{{k}}
            """,
        )


SPLIT = """
for o in {kind}(3):
    for i in serial(8):
        if o * 8 + i < 20:
            out[o * 8 + i] = 1.0
"""


@pytest.mark.parametrize("kind", ["serial", "parallel"])
def test_the_inner_loop_of_a_split_waits_for_the_steady_state_of_the_outer_one(kind: str) -> None:
    stmt = parse_stmt(SPLIT.format(kind=kind))
    assert trim_loops(stmt) is stmt
    prefix = "parallel " if kind == "parallel" else "for "
    assert_printed(
        trim_remainders(stmt),
        f"""
        {prefix}o in 0..3:
          for i in 0..(min(7, o * -8 + 19) + 1):
            out{{o * 8 + i}} = 1.0
        """,
    )


def test_a_parallel_loop() -> None:
    assert_trimmed(
        """
        for o in serial(8):
            for i in parallel(8):
                if i >= o:
                    out[o * 8 + i] = 1.0
        """,
        """
        for o in 0..8:
          parallel i in 0..(-o + 8):
            out{o * 9 + i} = 1.0
        """,
    )


def test_lets_outside_are_names_and_those_inside_are_values() -> None:
    assert_trimmed(
        """
        for r in serial(16):
            n = r * 2 // 3
            for c in serial(64):
                m = c + 1
                if m <= n:
                    out[r * 64 + m] = 1.0
        """,
        """
        for r in 0..14:
          let n = (r * 2 + 1) // 3 + 1
          for c in 0..n:
            let m = c + 1
            out{r * 64 + m + 128} = 1.0
        """,
    )


def test_what_is_stored_may_change_what_a_condition_reads() -> None:
    stmt = parse_stmt(
        """
        for c in serial(8):
            if x[0] < 1.0:
                x[0] = x[0] + 1.0
                if x[0] >= 1.0:
                    out[c] = 1.0
        """
    )
    assert trim_remainders(stmt) is stmt


def test_hints_are_kept() -> None:
    assert_trimmed(
        """
        for r in serial(64):
            for c in serial(64, never):
                if c <= r:
                    out[c] = 1.0
        """,
        """
        for r in 0..64:
          for c in 0..(r + 1) (never partitioned):
            out{c} = 1.0
        """,
    )


def test_a_condition_that_says_less_than_one_outside_is_gone() -> None:
    assert_trimmed(
        """
        for i in vectorized(8):
            for j in vectorized(8):
                if i < j:
                    if i <= j:
                        out[i] = 1.0
                    else:
                        out[j] = 2.0
        """,
        """
        vectorized i in 0..8:
          vectorized j in 0..8:
            if i < j:
              out{i} = 1.0
        """,
    )


@pytest.mark.parametrize("program", [programs.triangular_sum, programs.triangular_product])
def test_triangles_run_without_conditions(program: Callable[[], programs.Program]) -> None:
    output, schedule = program()
    algorithm = build_algorithm(output)
    main = lower(
        resolve(algorithm, schedule), infer_output_shapes(algorithm, {"c": (19, 32)} if output.name == "c" else None)
    ).main
    assert not any(isinstance(stmt, IfThenElse) for stmt in walk_stmts(main.body))


SIZE = 7


def stored(stmt: Stmt) -> tuple[Array, Array]:
    """How often each iteration stores, and what is summed up for the outermost loop."""
    names = ("out", "sums")
    params = tuple(BufferParam(name, (SIZE**3,), float32, Role.OUTPUT) for name in names)
    outputs = run(Module(Function("main", params, stmt), None), {}).outputs
    return outputs["out"], outputs["sums"]


@st.composite
def _conditions(draw: st.DrawFn, names: str) -> str:
    form = st.builds(
        lambda name, c, d: f"({c} * {name} + {d})", st.sampled_from(names), st.integers(-3, 3), st.integers(-4, 4)
    )
    divided = st.builds(lambda a, op, d: f"({a} {op} {d})", form, st.sampled_from(["//", "%"]), st.integers(2, 4))
    total = st.lists(st.one_of(form, form, divided), min_size=1, max_size=3).map(" + ".join)
    compare = st.builds(lambda f, op: f"{f} {op} 1", total, st.sampled_from(["<", "<=", ">", ">=", "=="]))
    parts = draw(st.lists(compare, min_size=1, max_size=2))
    return f" {draw(st.sampled_from(['and', 'and', 'or']))} ".join(parts)


@st.composite
def _nests(draw: st.DrawFn) -> str:
    """Three loops, the inner two maybe of extents that vary, with statements under conditions in them."""
    kinds = [draw(st.sampled_from(["serial", "serial", "parallel", "vectorized", "unrolled"])) for _ in "ijk"]
    extents = [str(draw(st.integers(1, SIZE))) for _ in "ijk"]
    for inner, outer in ((1, "i"), (2, "ij")):
        if kinds[inner] == "serial" and kinds[:inner].count("vectorized") == 0 and draw(st.booleans()):
            extents[inner] = f"min({SIZE}, {draw(st.sampled_from(outer))} + {draw(st.integers(-2, 2))})"
    if kinds.count("vectorized") > 1:
        kinds = [kind if kind != "vectorized" else "serial" for kind in kinds[:-1]] + kinds[-1:]
    at = f"(i * {SIZE} + j) * {SIZE} + k"
    text = f"out[{at}] = out[{at}] + 1.0"
    if "vectorized" not in kinds:
        text += "\nsums[i] = sums[i] + 1.0"
    for var, kind, extent in reversed(list(zip("ijk", kinds, extents, strict=True))):
        condition = draw(_conditions("ijk"[: "ijk".index(var) + 1]) | st.none())
        if condition is not None:
            text = f"if {condition}:\n{indent(text, '  ')}"
        text = f"for {var} in {kind}({extent}):\n{indent(text, '  ')}"
    return text


@given(_nests())
def test_the_same_iterations_store(text: str) -> None:
    stmt = parse_stmt(text)
    expected = stored(stmt)
    for change in (trim_loops, trim_remainders):
        np.testing.assert_array_equal(stored(change(stmt)), expected)
    for _, lowering in PASSES:
        stmt = lowering(stmt)
    np.testing.assert_array_equal(stored(stmt), expected)
