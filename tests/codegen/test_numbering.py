"""Equal expressions have equal numbers, and numbering looks at each node once."""

from __future__ import annotations

import pytest

from tensorlang.codegen.numbering import Numbering
from tensorlang.dtypes import float32, float64
from tensorlang.ir.expr import Binary, BinaryOp, Const, Expr, Load
from tests.ir.parse import parse_expr

DIFFERENT = (
    "x[i]",
    "x[i + 1]",
    "y[i]",
    "x[ramp(i, 1, 8)]",
    "x[ramp(i, 1, 4)]",
    "x[ramp(i, 2, 8)]",
    "x[i] + x[i]",
    "x[i] - x[i]",
    "x[i] < x[i]",
    "x[i] <= x[i]",
    "1.0",
    "0.0",
    "-0.0",
    "1",
)


def test_numbers_are_equal_where_expressions_are() -> None:
    numbering = Numbering()
    once = [numbering.of(parse_expr(text)) for text in DIFFERENT]
    assert [numbering.of(parse_expr(text)) for text in DIFFERENT] == once
    assert len(set(once)) == len(DIFFERENT)


def test_literals_of_other_types_or_signs_differ() -> None:
    numbering = Numbering()
    literals = [Const(0.0, float32), Const(-0.0, float32), Const(0.0, float64), Const(float("nan"), float32)]
    assert len({numbering.of(literal) for literal in literals}) == 4
    assert numbering.of(Const(float("nan"), float32)) == numbering.of(literals[3])


@pytest.mark.parametrize("masked", [False, True])
def test_a_predicate_makes_another_load(masked: bool) -> None:
    index, mask = parse_expr("i"), parse_expr("i < 3")
    numbering = Numbering()
    plain = numbering.of(Load("x", index, None, float32))
    assert (numbering.of(Load("x", index, mask if masked else None, float32)) == plain) is not masked


def test_a_chain_is_numbered_in_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0
    shape = Numbering._shape

    def count(self: Numbering, expr: Expr) -> tuple[object, ...]:
        nonlocal looked_at
        looked_at += 1
        return shape(self, expr)

    monkeypatch.setattr(Numbering, "_shape", count)
    numbering = Numbering()
    chain: Expr = parse_expr("x[i]")
    for _ in range(100):
        chain = Binary(BinaryOp.ADD, chain, parse_expr("x[i]"))
        numbering.of(chain)
    assert looked_at == 2 + 3 * 100
