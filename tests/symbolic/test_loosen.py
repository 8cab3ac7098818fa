"""Ends that are too long, replaced by shorter ones further out; and the largest of few values."""

from __future__ import annotations

import pytest

from tensorlang.ir.expr import Binary, BinaryOp, Expr, Variable, index
from tensorlang.ir.printer import format_expr
from tensorlang.ir.visitor import walk
from tensorlang.symbolic.enumeration import find_largest
from tensorlang.symbolic.facts import Facts, Limits
from tensorlang.symbolic.loosen import loosen
from tests.ir.parse import parse_expr

FACTS = Facts({"i": Limits(0, 12), "j": Limits(0, 7), "n": Limits(0, None)})
SIDES = [BinaryOp.MIN, BinaryOp.MAX]


def deep(depth: int) -> Expr:
    """An end that a chain of selects and clamps would give, which doubles at each step."""
    end: Expr = Variable("i")
    for level in range(depth):
        near = Binary(BinaryOp.MAX, Binary(BinaryOp.SUB, end, index(level + 1)), Variable("j"))
        half = Binary(BinaryOp.FLOOR_DIV, end, index(2))
        end = Binary(BinaryOp.MIN, near, half) if level % 2 else Binary(BinaryOp.MAX, near, half)
    return end


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("text", ["i", "min(i * 8 + 7, 17) - j", "max(min(i, j) // 2, 3) + n"])
def test_what_is_short_is_kept(text: str, side: BinaryOp) -> None:
    assert format_expr(loosen(parse_expr(text), side, FACTS)) == text


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("depth", range(3, 9))
def test_what_is_long_is_replaced_by_a_bound(depth: int, side: BinaryOp) -> None:
    end = deep(depth)
    found = loosen(end, side, FACTS)
    assert sum(1 for _ in walk(found)) <= 32
    above = Binary(BinaryOp.SUB, end, found) if side is BinaryOp.MAX else Binary(BinaryOp.SUB, found, end)
    largest = find_largest(above, FACTS)
    assert largest is not None and largest <= 0


@pytest.mark.parametrize(
    ("text", "largest"),
    [
        ("i", 12),
        ("7", 7),
        ("min(i * 3 - 2, 6) - max(i * 2, 1)", 0),
        ("i - i // 2", 6),
        ("i % 5 - j", 4),
        ("select(i < 4, i, j - i)", 3),
        ("-i", 0),
        ("i // j", None),  # j may be 0
        ("n", None),
    ],
)
def test_the_largest_of_few_values(text: str, largest: int | None) -> None:
    assert find_largest(parse_expr(text), FACTS) == largest


def test_too_many_values_are_not_tried() -> None:
    assert find_largest(parse_expr("i + j"), Facts({"i": Limits(0, 99), "j": Limits(0, 99)})) is None
