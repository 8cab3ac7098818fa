"""Conditions leave the steady state of serial loops; parallel loops test once for all."""

from __future__ import annotations

import pytest

from tensorlang.lowering.partition_loops import partition_loops
from tests.ir.parse import assert_printed, parse_stmt


def assert_partitioned(before: str, after: str) -> None:
    assert_printed(partition_loops(parse_stmt(before)), after)


@pytest.mark.parametrize("condition", ["k * 4 + j < 10", "k * 4 + j <= 9", "10 > k * 4 + j", "9 >= k * 4 + j"])
def test_a_guard_at_the_end_is_kept_only_in_the_last_iteration(condition: str) -> None:
    assert_partitioned(
        f"""
        for k in serial(3):
            for j in unrolled(4):
                if {condition}:
                    out[k * 4 + j] = 1.0
        """,
        f"""
        for k in 0..2:
          unrolled j in 0..4:
            out{{k * 4 + j}} = 1.0
        unrolled j in 0..4:
          if {condition.replace("k * 4 + j", "j + 8")}:
            out{{j + 8}} = 1.0
        """,
    )


def test_predicates_are_kept_only_in_the_last_iteration() -> None:
    assert_partitioned(
        """
        for k in serial(3):
            for j in vectorized(4):
                out[k * 4 + j, k * 4 + j < 10] = x[k * 4 + j, k * 4 + j < 10]
        """,
        """
        for k in 0..2:
          vectorized j in 0..4:
            out{k * 4 + j} = x{k * 4 + j}
        vectorized j in 0..4:
          out{j + 8 if j + 8 < 10} = x{j + 8 if j + 8 < 10}
        """,
    )


def test_a_condition_at_the_start_and_one_at_the_end_leave_three_loops() -> None:
    assert_partitioned(
        """
        for i in serial(10):
            out[i] = select(2 <= i and i < 7, x[i], 0.0)
        """,
        """
        for i in 0..2:
          out{i} = 0.0
        for i in 0..5:
          out{i + 2} = x{i + 2}
        for i in 0..3:
          out{i + 7} = 0.0
        """,
    )


def test_a_condition_on_vector_lanes_holds_where_it_holds_in_every_lane() -> None:
    assert_partitioned(
        """
        for i in serial(4):
            for j in vectorized(8):
                if i * 8 + j < 30:
                    out[i * 8 + j] = 1.0
        """,
        """
        for i in 0..3:
          vectorized j in 0..8:
            out{i * 8 + j} = 1.0
        vectorized j in 0..8:
          if j + 24 < 30:
            out{j + 24} = 1.0
        """,
    )


def test_the_steady_state_of_an_outer_loop_is_partitioned_over_the_inner_one() -> None:
    assert_partitioned(
        """
        for i in serial(6):
            for j in serial(8):
                if 1 <= i and j < 7:
                    out[i * 8 + j] = 1.0
        """,
        """
        for i in 0..5:
          for j in 0..7:
            out{i * 8 + j + 8} = 1.0
        """,
    )


@pytest.mark.parametrize(
    "condition",
    [
        "n[i] < 0.5",  # not on indices
        "i == 3",  # neither a lower nor an upper bound
        "i * i < 9",  # not linear
        "i + j < m[0]",  # compares no index
        "10 <= i",  # holds nowhere
    ],
)
def test_conditions_that_no_range_satisfies_stay(condition: str) -> None:
    text = f"for i in serial(8):\n  for j in vectorized(4):\n    if {condition}:\n      out[i * 4 + j] = 1.0"
    stmt = parse_stmt(text)
    assert partition_loops(stmt) == stmt


def test_a_loop_whose_extent_varies_is_parted_where_that_varies_too() -> None:
    assert_partitioned(
        """
        for o in serial(4):
            for k in serial(o * 4 + 4):
                for i in unrolled(4):
                    if k <= o * 4 + i:
                        out[i] = out[i] + x[k]
        """,
        """
        for o in 0..4:
          for k in 0..(o * 4 + 1):
            unrolled i in 0..4:
              out{i} = out{i} + x{k}
          for k in 0..3:
            unrolled i in 0..4:
              if k + o * 4 + 1 <= o * 4 + i:
                out{i} = out{i} + x{k + o * 4 + 1}
        """,
    )


def test_both_ends_of_a_loop_whose_extent_varies() -> None:
    assert_partitioned(
        """
        for o in serial(20):
            for k in serial(o):
                for i in vectorized(4):
                    if 3 <= k + i and k * 2 + i < o:
                        out[i] = x[k + i]
        """,
        """
        for o in 0..20:
          for k in 0..min(3, o):
            vectorized i in 0..4:
              if 3 <= k + i and k * 2 + i < o:
                out{i} = x{k + i}
          for k in 0..(max(min(3, o), o // 2 - 1) - min(3, o)):
            vectorized i in 0..4:
              out{i} = x{k + min(3, o) + i}
          for k in 0..(o - max(min(3, o), o // 2 - 1)):
            vectorized i in 0..4:
              if 3 <= k + max(min(3, o), o // 2 - 1) + i and k * 2 + max(min(3, o), o // 2 - 1) * 2 + i < o:
                out{i} = x{k + max(min(3, o), o // 2 - 1) + i}
        """,
    )


def test_a_loop_whose_extent_varies_stays_where_a_condition_holds_nowhere() -> None:
    stmt = parse_stmt("for o in serial(4):\n  for i in serial(o + 1):\n    if i > 7:\n      out[i] = 1.0")
    assert partition_loops(stmt) == stmt


def test_the_loops_inside_a_steady_state_of_one_iteration_are_partitioned_too() -> None:
    assert_partitioned(
        """
        for i in serial(2):
            for k in serial(6):
                if i < 1 and k < 5:
                    out[i * 6 + k] = 1.0
        """,
        """
        for k in 0..5:
          out{k} = 1.0
        """,
    )


def test_a_condition_on_a_loop_whose_extent_varies_does_not_split_the_loop_outside() -> None:
    assert_partitioned(
        """
        for r in serial(9):
            for k in serial(r + 1):
                for i in unrolled(4):
                    if k + i <= r:
                        out[k + i] = x[r]
        """,
        """
        for r in 0..9:
          for k in 0..max(0, r - 2):
            unrolled i in 0..4:
              out{k + i} = x{r}
          for k in 0..(r - max(0, r - 2) + 1):
            unrolled i in 0..4:
              if k + max(0, r - 2) + i <= r:
                out{k + max(0, r - 2) + i} = x{r}
        """,
    )


def test_a_comparison_that_holds_in_one_of_two_places_stays_in_both() -> None:
    stmt = parse_stmt(
        """
        for o in serial(8):
            for k in serial(o + 1):
                for i in unrolled(2):
                    if k + i * 9 <= o:
                        out[k] = 1.0
                for i in unrolled(1):
                    if k + i * 9 <= o:
                        out[k] = 2.0
        """
    )
    assert partition_loops(stmt) == stmt


def test_only_conditions_in_the_deepest_loop_are_worth_copies() -> None:
    stmt = parse_stmt(
        """
        for i in serial(8):
            if i < 7:
                out[i] = 0.0
            for k in serial(16):
                out[i] = out[i] + x[k]
        """
    )
    assert partition_loops(stmt) == stmt


def test_a_parallel_loop_tests_once_whether_all_conditions_hold() -> None:
    assert_partitioned(
        """
        for i in parallel(8):
            for k in serial(3):
                for j in vectorized(4):
                    if 1 <= i + k and i + k <= 8:
                        out[i * 4 + j] = x[(i + k - 1) * 4 + j]
        """,
        """
        parallel i in 0..8:
          if i - 1 >= 0 and -i + 6 >= 0:
            for k in 0..3:
              vectorized j in 0..4:
                out{i * 4 + j} = x{i * 4 + k * 4 + j - 4}
          else:
            for k in 0..3:
              vectorized j in 0..4:
                if 1 <= i + k and i + k <= 8:
                  out{i * 4 + j} = x{(i + k - 1) * 4 + j}
        """,
    )


def test_a_parallel_loop_says_each_test_once() -> None:
    assert_partitioned(
        """
        for i in parallel(8):
            for k in serial(3):
                if i + k < 8:
                    out[i] = select(i + k + 1 < 9, x[k], 0.0)
        """,
        """
        parallel i in 0..8:
          if -i + 5 >= 0:
            for k in 0..3:
              out{i} = x{k}
          else:
            for k in 0..3:
              if i + k < 8:
                out{i} = select(i + k + 1 < 9, x{k}, 0.0)
        """,
    )


def test_a_parallel_loop_inside_a_serial_one() -> None:
    assert_partitioned(
        """
        for o in serial(2):
            for i in parallel(4):
                for k in serial(2):
                    if k < 1:
                        out[i] = x[k]
        """,
        """
        for o in 0..2:
          parallel i in 0..4:
            out{i} = x{0}
        """,
    )


def test_vectorized_and_unrolled_loops_are_not_taken_apart() -> None:
    for kind in ("vectorized", "unrolled"):
        stmt = parse_stmt(f"for i in {kind}(8):\n  if i < 5:\n    out[i] = 1.0")
        assert partition_loops(stmt) == stmt
