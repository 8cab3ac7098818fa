"""Simplified statements: decided conditions taken, empty and single-iteration loops gone, nothing else lost."""

from __future__ import annotations

import pytest

from tensorlang.lowering.simplify_stmts import simplify_stmts
from tensorlang.lowering.substitute_lets import substitute_lets
from tests.ir.parse import assert_printed, parse_stmt


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("for i in serial(4):\n if i < 4: out[i] = 1.0", "for i in 0..4:\n  out{i} = 1.0"),
        ("for i in serial(4):\n if i < 0: out[i] = 1.0", "pass"),
        ("for i in serial(4):\n if i < 0: out[i] = 1.0\n else: out[i] = 2.0", "for i in 0..4:\n  out{i} = 2.0"),
        ("for i in serial(4):\n if i < 3: out[i] = 1.0", "for i in 0..4:\n  if i < 3:\n    out{i} = 1.0"),
        ("for i in parallel(1):\n out[i + 2] = x[i * 8]", "out{2} = x{0}"),
        ("for i in serial(0):\n out[i] = 1.0\nout[9] = 2.0", "out{9} = 2.0"),
        ("with heap('t', 4):\n for i in serial(-1):\n  t[i] = 1.0", "pass"),
        ("for i in serial(8):\n out[(i * 4 + 3) // 4] = 1.0", "for i in 0..8:\n  out{i} = 1.0"),
        (
            "for o in serial(3):\n for i in serial(min(o * 8 + 8, 24) - o * 8):\n  out[i] = 1.0",
            "for o in 0..3:\n  for i in 0..8:\n    out{i} = 1.0",
        ),
        ("for i in serial(4):\n out[i, i < 4] = x[i, i < 9]", "for i in 0..4:\n  out{i} = x{i}"),
        ("for i in serial(4):\n out[i] = x[i, i > 4]\n y[i, i > 4] = 1.0", "for i in 0..4:\n  out{i} = 0.0"),
        (
            "for i in serial(4):\n if i < 2:\n  pass\n else: out[i] = 2.0",
            "for i in 0..4:\n  if i < 2:\n    pass\n  else:\n    out{i} = 2.0",
        ),
    ],
)
def test_simplified(before: str, after: str) -> None:
    assert_printed(simplify_stmts(parse_stmt(before)), after)


def test_float_arithmetic_is_left_as_it_is() -> None:
    stmt = parse_stmt("out[0] = x[0] * 1.0 + 0.0 + (x[1] - x[1])")
    assert simplify_stmts(stmt) == stmt


def test_lets_are_substituted_into_all_that_they_enclose() -> None:
    before = parse_stmt(
        """
        for i in serial(4):
            a = i * 2
            b = a + 1
            if b < 7:
                for j in serial(b):
                    out[a] = x[b + j]
        """
    )
    assert_printed(
        substitute_lets(before),
        """
        for i in 0..4:
          if i * 2 + 1 < 7:
            for j in 0..(i * 2 + 1):
              out{i * 2} = x{i * 2 + 1 + j}
        """,
    )
