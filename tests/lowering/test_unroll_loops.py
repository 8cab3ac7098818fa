"""Unrolled loops become copies; a copy that may be past the end is guarded."""

from __future__ import annotations

import pytest

from tensorlang.errors import ScheduleError
from tensorlang.ir.stmt import Block
from tensorlang.legality.loops import MAX_COPIES
from tensorlang.lowering.unroll_loops import unroll_loops
from tests.ir.parse import assert_printed, parse_stmt


def test_copies_in_order() -> None:
    assert_printed(
        unroll_loops(parse_stmt("for i in unrolled(3):\n out[i * 4] = x[i + 1]")),
        """
        out{0 * 4} = x{0 + 1}
        out{1 * 4} = x{1 + 1}
        out{2 * 4} = x{2 + 1}
        """,
    )


def test_nested_loops_keep_their_order() -> None:
    assert_printed(
        unroll_loops(
            parse_stmt("for i in unrolled(2):\n for k in serial(9):\n  for j in unrolled(2):\n   out[i * 2 + j] = x[k]")
        ),
        """
        for k in 0..9:
          out{0 * 2 + 0} = x{k}
          out{0 * 2 + 1} = x{k}
        for k in 0..9:
          out{1 * 2 + 0} = x{k}
          out{1 * 2 + 1} = x{k}
        """,
    )


def test_a_copy_past_a_varying_extent_is_guarded() -> None:
    assert_printed(
        unroll_loops(
            parse_stmt("for o in serial(4):\n for i in unrolled(min(o + 1, 3)):\n  out[i] = 1.0"),
        ),
        """
        for o in 0..4:
          out{0} = 1.0
          if 1 < min(o + 1, 3):
            out{1} = 1.0
          if 2 < min(o + 1, 3):
            out{2} = 1.0
        """,
    )


def test_an_extent_that_may_be_zero_guards_every_copy() -> None:
    assert_printed(
        unroll_loops(parse_stmt("for o in serial(3):\n for i in unrolled(o):\n  out[i] = 1.0")),
        """
        for o in 0..3:
          if 0 < o:
            out{0} = 1.0
          if 1 < o:
            out{1} = 1.0
        """,
    )


@pytest.mark.parametrize(
    ("extent", "problem"),
    [(str(MAX_COPIES + 1), str(MAX_COPIES + 1)), ("o + 1", "not bounded")],
    ids=["long", "unbounded"],
)
def test_refused(extent: str, problem: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        unroll_loops(parse_stmt(f"for i in unrolled({extent}):\n out[i] = 1.0"))
    assert str(caught.value) == (
        f"loop i cannot be unrolled: its extent is {problem}.\n"
        "  rule        unroll needs a constant extent of at most 4096\n"
        '  legal here  unroll("i", factor)\n'
        "  hint        split the loop and unroll the inner one"
    )


def test_the_longest_loop_is_unrolled() -> None:
    unrolled = unroll_loops(parse_stmt(f"for i in unrolled({MAX_COPIES}):\n out[0] = 1.0"))
    assert unrolled == Block((parse_stmt("out[0] = 1.0"),) * MAX_COPIES)
