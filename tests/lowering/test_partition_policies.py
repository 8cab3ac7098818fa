"""What partition says of a loop is what becomes of its conditions."""

from __future__ import annotations

import pytest

import tensorlang as tl
from tests.lowering.test_partition_loops import assert_partitioned

GUARDED = """
for k in serial(3, {policy}):
    for j in serial(4):
        if k * 4 + j < 10:
            out[k * 4 + j] = 1.0
"""

OUTER = """
for k in serial(8{policy}):
    if k < 6:
        for j in serial(4):
            out[k * 4 + j] = 1.0
"""


def test_never_leaves_the_conditions_where_they_are() -> None:
    assert_partitioned(
        GUARDED.format(policy="never").replace("serial(4)", "serial(4, never)"),
        """
        for k in 0..3 (never partitioned):
          for j in 0..4 (never partitioned):
            if k * 4 + j < 10:
              out{k * 4 + j} = 1.0
        """,
    )


def test_never_is_about_one_loop() -> None:
    assert_partitioned(
        GUARDED.format(policy="never"),
        """
        for k in 0..3 (never partitioned):
          for j in 0..2:
            out{k * 4 + j} = 1.0
          for j in 0..2:
            if k * 4 + j + 2 < 10:
              out{k * 4 + j + 2} = 1.0
        """,
    )


PREFETCHING = """
for k in serial(8{policy}):
    if k < 5:
        for line in serial(2):
            prefetch(x[k * 32 + line * 16 + 96])
    out[k] = x[k * 32]
"""


def test_always_takes_the_tests_of_prefetches_out_of_a_loop() -> None:
    assert_partitioned(
        PREFETCHING.format(policy=", always"),
        """
        for k in 0..5 (always partitioned):
          for line in 0..2:
            prefetch x[k * 32 + line * 16 + 96]
          out{k} = x{k * 32}
        for k in 0..3 (always partitioned):
          out{k + 5} = x{k * 32 + 160}
        """,
    )
    assert_partitioned(PREFETCHING.format(policy=""), PREFETCHED)


PREFETCHED = """
        for k in 0..8:
          if k < 5:
            for line in 0..2:
              prefetch x[k * 32 + line * 16 + 96]
          out{k} = x{k * 32}
        """


def test_always_splits_at_conditions_outside_the_innermost_loop() -> None:
    assert_partitioned(
        OUTER.format(policy=", always"),
        """
        for k in 0..6 (always partitioned):
          for j in 0..4:
            out{k * 4 + j} = 1.0
        """,
    )


def test_auto_does_not() -> None:
    assert_partitioned(
        OUTER.format(policy=""),
        """
        for k in 0..8:
          if k < 6:
            for j in 0..4:
              out{k * 4 + j} = 1.0
        """,
    )


def test_never_and_always_of_a_parallel_loop() -> None:
    outer = OUTER.replace("serial(8", "parallel(8")
    assert_partitioned(
        outer.format(policy=", never"),
        """
        parallel k in 0..8 (never partitioned):
          if k < 6:
            for j in 0..4:
              out{k * 4 + j} = 1.0
        """,
    )
    assert_partitioned(
        outer.format(policy=", always"),
        """
        parallel k in 0..8 (always partitioned):
          if -k + 5 >= 0:
            for j in 0..4:
              out{k * 4 + j} = 1.0
          else:
            if k < 6:
              for j in 0..4:
                out{k * 4 + j} = 1.0
        """,
    )


def bordered() -> tl.Func:
    x, i = tl.Input("x", (64,), tl.float32), tl.Var("i")
    f = tl.Func("f")
    f[i] = tl.constant_exterior(x, 0.0, (1,), vars="i", name="edge")[i] + 1.0
    return f


@pytest.mark.parametrize("policy, selects", [("auto", 0), ("always", 0), ("never", 1)])
def test_what_is_left_of_a_border(policy: str, selects: int) -> None:
    f = bordered()
    s = tl.Schedule(f)
    s[f].partition("i", policy)
    text = tl.lowered_passes(f, s, shape=(66,))
    partitioned = text[text.index("\npartition_loops (main") : text.index("\ntrim_remainders (main")]
    unchanged = text[text.index("predicate_accesses (main") : text.index("\nsimplify (main")]
    assert (unchanged if "unchanged" in partitioned else partitioned).count("select(") == selects


def test_both_halves_of_a_split_have_the_policy_of_the_loop() -> None:
    f, i = tl.Func("f"), tl.Var("i")
    f[i] = i * 2
    s = tl.Schedule(f)
    s[f].partition("i", "never").split("i", "io", "ii", 8).vectorize("ii")
    assert tl.loop_nest(f, s, shape=(64,)) == (
        "for io in 0..8 (never partitioned):\n  vectorized ii in 0..8 (never partitioned):\n    f[io * 8 + ii] = ..."
    )
