"""Tiles of reductions move to registers, and only where no other access could see the memory behind them."""

from __future__ import annotations

from textwrap import indent

import pytest

from tensorlang.ir.printer import format_stmt
from tensorlang.lowering.promote_accumulators import promote_accumulators
from tests.ir.parse import assert_printed, parse_stmt


def test_a_tile_is_loaded_before_the_reduction_and_stored_after_it() -> None:
    before = parse_stmt(
        """
        for i in serial(4):
            for k in serial(9):
                out[ramp(i * 16, 1, 8)] = fma(x8(a[k]), b[ramp(k * 8, 1, 8)], out[ramp(i * 16, 1, 8)])
                out[ramp(i * 16 + 8, 1, 8)] = fma(x8(a[k]), b[ramp(k * 8, 1, 8)], out[ramp(i * 16 + 8, 1, 8)])
        """
    )
    assert_printed(
        promote_accumulators(before),
        """
        for i in 0..4:
          allocate out.held0: float32[8] in register
          allocate out.held1: float32[8] in register
          out.held0{ramp(0, 1, 8)} = out{ramp(i * 16, 1, 8)}
          out.held1{ramp(0, 1, 8)} = out{ramp(i * 16 + 8, 1, 8)}
          for k in 0..9:
            out.held0{ramp(0, 1, 8)} = fma(x8(a{k}), b{ramp(k * 8, 1, 8)}, out.held0{ramp(0, 1, 8)})
            out.held1{ramp(0, 1, 8)} = fma(x8(a{k}), b{ramp(k * 8, 1, 8)}, out.held1{ramp(0, 1, 8)})
          out{ramp(i * 16, 1, 8)} = out.held0{ramp(0, 1, 8)}
          out{ramp(i * 16 + 8, 1, 8)} = out.held1{ramp(0, 1, 8)}
        """,
    )


def test_a_scalar_is_held_over_the_outermost_loop_that_leaves_it_in_place() -> None:
    assert_printed(
        promote_accumulators(
            parse_stmt(
                "for i in serial(4):\n for r in serial(3):\n  for c in serial(5):\n   out[i] = out[i] + x[r * 5 + c]"
            )
        ),
        """
        for i in 0..4:
          allocate out.held0: float32[1] in register
          out.held0{0} = out{i}
          for r in 0..3:
            for c in 0..5:
              out.held0{0} = out.held0{0} + x{r * 5 + c}
          out{i} = out.held0{0}
        """,
    )


def test_what_is_only_read_is_not_stored_back() -> None:
    assert_printed(
        promote_accumulators(parse_stmt("for k in serial(9):\n out[0] = out[0] + out[1]")),
        """
        allocate out.held0: float32[1] in register
        allocate out.held1: float32[1] in register
        out.held0{0} = out{0}
        out.held1{0} = out{1}
        for k in 0..9:
          out.held0{0} = out.held0{0} + out.held1{0}
        out{0} = out.held0{0}
        """,
    )


def test_a_mask_and_a_guard_stand_around_the_transfers() -> None:
    assert_printed(
        promote_accumulators(
            parse_stmt(
                """
                for i in serial(4):
                    for k in serial(9):
                        if i < 3:
                            out[ramp(i, 1, 4), ramp(i, 1, 4) < 6] = out[ramp(i, 1, 4), ramp(i, 1, 4) < 6] * x4(x[k])
                """
            )
        ),
        """
        for i in 0..4:
          allocate out.held0: float32[4] in register
          if i < 3:
            out.held0{ramp(0, 1, 4)} = out{ramp(i, 1, 4) if ramp(i, 1, 4) < 6}
          for k in 0..9:
            if i < 3:
              out.held0{ramp(0, 1, 4)} = out.held0{ramp(0, 1, 4)} * x4(x{k})
          if i < 3:
            out{ramp(i, 1, 4) if ramp(i, 1, 4) < 6} = out.held0{ramp(0, 1, 4)}
        """,
    )


def test_two_accumulators_of_one_loop_are_both_held() -> None:
    assert_printed(
        promote_accumulators(parse_stmt("for k in serial(9):\n f[0] = f[0] + x[k]\n g[0] = g[0] + x[k]")),
        """
        allocate f.held0: float32[1] in register
        f.held0{0} = f{0}
        allocate g.held0: float32[1] in register
        g.held0{0} = g{0}
        for k in 0..9:
          f.held0{0} = f.held0{0} + x{k}
          g.held0{0} = g.held0{0} + x{k}
        g{0} = g.held0{0}
        f{0} = f.held0{0}
        """,
    )


# What happens to the accumulator in `for k in serial(9):`; in each, some access could see a stale element.
KEPT = {
    "slots that overlap": "out[ramp(0, 1, 8)] = out[ramp(4, 1, 8)]",
    "a vector and one of its elements": "out[ramp(0, 1, 8)] = out[ramp(0, 1, 8)] + x8(out[3])",
    "slots a varying distance apart": "out[ramp(n, 1, 8)] = out[ramp(m, 1, 8)]",
    "strided slots": "out[ramp(0, 2, 8)] = out[ramp(0, 2, 8)] + out[ramp(8, 2, 8)]",
    "an address that moves": "out[k] = out[k] + x[k]",
    "a read that moves": "out[0] = out[k]",
    "an address that depends on data": "out[select(x[0] < 0.0, 0, 1)] = x[k]",
    "two scatters": "out[ramp(0, 1, 8) // 2] = out[ramp(1, 1, 8) // 2]",
    "a mask that moves": "out[ramp(0, 1, 4), ramp(k, 1, 4) < 9] = x[ramp(k, 1, 4)]",
    "two masks": "out[ramp(0, 1, 4), ramp(n, 1, 4) < 9] = out[ramp(0, 1, 4), ramp(m, 1, 4) < 9]",
    "a guard that moves": "if k < 3: out[0] = out[0] + x[k]",
    "two guards": "if n < 3: out[0] = out[0] + x[k]\n      if m < 3: out[0] = out[0] * x[k]",
    "guarded and not": "out[0] = out[0] + x[k]\n      if m < 3: out[0] = out[0] * x[k]",
    "both branches": "if n < 3: out[0] = x[k]\n      else: out[0] = y[k]",
    "a buffer made inside": "with heap('out', 1): out[0] = x[k]",
}


@pytest.mark.parametrize("body", list(KEPT.values()), ids=list(KEPT))
def test_stays_in_memory(body: str) -> None:
    stmt = parse_stmt(
        f"for n in serial(2):\n  for m in serial(2):\n    for k in serial(9):\n      {body}\n    z[n, m < 2] = 0.0"
    )
    assert promote_accumulators(stmt) == stmt


def test_the_tile_of_a_loop_that_may_have_no_iterations_is_touched_only_if_it_has() -> None:
    before = parse_stmt(
        """
        for i in serial(9):
            for k in serial(max(i - 3, 0)):
                out[i - 4] = out[i - 4] + x[k]
        """
    )
    assert_printed(
        promote_accumulators(before),
        """
        for i in 0..9:
          allocate out.held0: float32[1] in register
          if max(i - 3, 0) > 0:
            out.held0{0} = out{i - 4}
          for k in 0..max(i - 3, 0):
            out.held0{0} = out.held0{0} + x{k}
          if max(i - 3, 0) > 0:
            out{i - 4} = out.held0{0}
        """,
    )


def test_a_tile_is_held_over_a_loop_that_surely_has_iterations_as_it_is() -> None:
    before = parse_stmt("for i in serial(9):\n  for k in serial(i + 1):\n    out[i] = out[i] + x[k]")
    assert_printed(
        promote_accumulators(before),
        """
        for i in 0..9:
          allocate out.held0: float32[1] in register
          out.held0{0} = out{i}
          for k in 0..(i + 1):
            out.held0{0} = out.held0{0} + x{k}
          out{i} = out.held0{0}
        """,
    )


@pytest.mark.parametrize(
    "body",
    [
        # Whether the inner loop is entered is not known outside.
        "for r in serial(m):\n  for c in serial(r):\n    out[i] = out[i] + x[c]",
        # One of two loops may be entered without the other.
        "for r in serial(4):\n  for c in serial(m):\n    out[i] = out[i] + x[c]\n"
        "  for c in serial(n):\n    out[i] = out[i] + x[c]",
    ],
)
def test_a_tile_is_held_over_the_loops_whose_entry_is_known(body: str) -> None:
    text = "for i in serial(9):\n  m = i - 3\n  n = i - 5\n" + indent(body, "  ")
    held = format_stmt(promote_accumulators(parse_stmt(text)))
    inner = held.index("for c")
    assert held.index("allocate") > held.index("for r")
    assert held.index("allocate") < inner


def test_a_loop_with_a_parallel_one_inside_holds_nothing() -> None:
    stmt = parse_stmt("for k in serial(9):\n for i in parallel(4):\n  y[i] = x[i]\n out[0] = out[0] + x[k]")
    assert promote_accumulators(stmt) == stmt


@pytest.mark.parametrize("kind", ["parallel", "unrolled"])
def test_only_serial_loops_hold(kind: str) -> None:
    stmt = parse_stmt(f"for k in {kind}(9):\n out[0] = out[0] + x[k]")
    assert promote_accumulators(stmt) == stmt


def test_register_storage_stays_as_it_is() -> None:
    stmt = parse_stmt("with register('acc', 1):\n for k in serial(9):\n  acc[0] = acc[0] + x[k]\n out[0] = acc[0]")
    assert promote_accumulators(stmt) == stmt


@pytest.mark.parametrize(("slots", "is_held"), [(64, True), (65, False)])
def test_more_slots_than_registers_stay_in_memory(slots: int, is_held: bool) -> None:
    updates = "\n".join(f" out[{n}] = out[{n}] + x[k]" for n in range(slots))
    stmt = parse_stmt(f"for k in serial(9):\n{updates}")
    assert (promote_accumulators(stmt) != stmt) == is_held
