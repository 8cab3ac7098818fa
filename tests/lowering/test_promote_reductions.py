"""What a loop accumulates gathers in registers, only where nothing could see the memory behind them."""

from __future__ import annotations

import pytest

from tensorlang.lowering.promote_reductions import promote_reductions
from tests.ir.parse import assert_printed, parse_stmt


def test_lanes_are_reduced_after_the_loop() -> None:
    assert_printed(
        promote_reductions(
            parse_stmt(
                """
                for i in serial(4):
                    for k in serial(9):
                        out[i] += total(x[ramp(k * 8, 1, 8)] * y[ramp(k * 8, 1, 8)])
                """
            )
        ),
        """
        for i in 0..4:
          allocate out.sum0_0: float32[8] in register
          out.sum0_0{ramp(0, 1, 8)} = -0.0
          for k in 0..9:
            out.sum0_0{ramp(0, 1, 8)} = out.sum0_0{ramp(0, 1, 8)} + x{ramp(k * 8, 1, 8)} * y{ramp(k * 8, 1, 8)}
          out{i} += reduce(+, out.sum0_0{ramp(0, 1, 8)})
        """,
    )


def test_copies_of_a_statement_have_registers_of_their_own() -> None:
    assert_printed(
        promote_reductions(
            parse_stmt(
                """
                for k in serial(9):
                    out[0] += total(x[ramp(k * 24, 1, 8)])
                    out[0] += total(x[ramp(k * 24 + 8, 1, 8)])
                    out[0] += total(x[ramp(k * 24 + 16, 1, 8)])
                """
            )
        ),
        """
        allocate out.sum0_2: float32[8] in register
        allocate out.sum0_1: float32[8] in register
        allocate out.sum0_0: float32[8] in register
        out.sum0_0{ramp(0, 1, 8)} = -0.0
        out.sum0_1{ramp(0, 1, 8)} = -0.0
        out.sum0_2{ramp(0, 1, 8)} = -0.0
        for k in 0..9:
          out.sum0_0{ramp(0, 1, 8)} = out.sum0_0{ramp(0, 1, 8)} + x{ramp(k * 24, 1, 8)}
          out.sum0_1{ramp(0, 1, 8)} = out.sum0_1{ramp(0, 1, 8)} + x{ramp(k * 24 + 8, 1, 8)}
          out.sum0_2{ramp(0, 1, 8)} = out.sum0_2{ramp(0, 1, 8)} + x{ramp(k * 24 + 16, 1, 8)}
        out{0} += reduce(+, out.sum0_0{ramp(0, 1, 8)} + out.sum0_1{ramp(0, 1, 8)} + out.sum0_2{ramp(0, 1, 8)})
        """,
    )


def test_registers_are_shared_where_there_are_not_enough() -> None:
    lines = "\n".join(f" out[0] += total(x[ramp(k * 640 + {n * 64}, 1, 64)])" for n in range(10))
    text = str(promote_reductions(parse_stmt(f"for k in serial(9):\n{lines}")))
    assert "out.sum0_1" in text and "out.sum0_2" not in text


def test_an_atomic_element_is_touched_once_and_stays_atomic() -> None:
    assert_printed(
        promote_reductions(parse_stmt("for t in parallel(4):\n for k in serial(9):\n  atomic(out)[0] += x[t * 9 + k]")),
        """
        parallel t in 0..4:
          allocate out.sum0_0: float32[1] in register
          out.sum0_0{0} = -0.0
          for k in 0..9:
            out.sum0_0{0} = out.sum0_0{0} + x{t * 9 + k}
          atomic out{0} += out.sum0_0{0}
        """,
    )


def test_elements_under_a_guard_are_touched_under_it() -> None:
    assert_printed(
        promote_reductions(
            parse_stmt("for k in serial(9):\n if i < 5:\n  out[i] += x[k]\n else:\n  out[j, j < 3] += x[k]")
        ),
        """
        allocate out.sum1_0: float32[1] in register
        allocate out.sum0_0: float32[1] in register
        out.sum0_0{0} = -0.0
        out.sum1_0{0} = -0.0
        for k in 0..9:
          if i < 5:
            out.sum0_0{0} = out.sum0_0{0} + x{k}
          else:
            out.sum1_0{0} = out.sum1_0{0} + x{k}
        if i < 5:
          out{i} += out.sum0_0{0}
        if not(i < 5):
          out{j if j < 3} += out.sum1_0{0}
        """,
    )


@pytest.mark.parametrize(
    "body",
    [
        "out[k] += 1.0",
        "out[n[0]] += 1.0",
        "out[0] += out[1]",
        "out[0] += 1.0\n out[1] = 2.0",
        "out[0] += 1.0\n out[0] *= 2.0",
        "out[0, k < 3] += 1.0",
        "if k < 3:\n  out[0] += 1.0",
        "for t in parallel(2):\n  atomic(out)[0] += 1.0",
        "with heap('out', 4):\n  out[0] += 1.0",
    ],
)
def test_left_in_memory(body: str) -> None:
    stmt = parse_stmt(f"for k in serial(9):\n {body}")
    assert promote_reductions(stmt) == stmt


def test_a_loop_that_may_have_no_iterations_accumulates_only_if_it_has() -> None:
    before = parse_stmt("for i in serial(9):\n  for k in serial(max(i - 3, 0)):\n    out[i - 4] += x[k]")
    assert_printed(
        promote_reductions(before),
        """
        for i in 0..9:
          allocate out.sum0_0: float32[1] in register
          out.sum0_0{0} = -0.0
          for k in 0..max(i - 3, 0):
            out.sum0_0{0} = out.sum0_0{0} + x{k}
          if max(i - 3, 0) > 0:
            out{i - 4} += out.sum0_0{0}
        """,
    )
