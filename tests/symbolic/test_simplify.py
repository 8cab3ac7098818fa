"""Simplification keeps the value of an index expression, and its facts and intervals hold every value."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorlang.ir.expr import (
    Binary,
    BinaryOp,
    Compare,
    CompareOp,
    Const,
    Expr,
    Select,
    Unary,
    UnaryOp,
    Variable,
    index,
)
from tensorlang.ir.printer import format_expr
from tensorlang.symbolic.facts import Facts, Limits
from tensorlang.symbolic.intervals import Interval, infer_interval
from tensorlang.symbolic.simplify import simplify

EXTENTS = {"x": 5, "y": 7, "z": 3}
FACTS = Facts({name: Limits(0, extent - 1) for name, extent in EXTENTS.items()})
_ARITHMETIC = (BinaryOp.ADD, BinaryOp.SUB, BinaryOp.MUL, BinaryOp.MIN, BinaryOp.MAX)

leaves = st.one_of(st.sampled_from([Variable(name) for name in EXTENTS]), st.integers(-40, 40).map(index))


def _grow(children: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    divided = st.builds(
        Binary, st.sampled_from([BinaryOp.FLOOR_DIV, BinaryOp.MOD]), children, st.integers(1, 20).map(index)
    )
    compared = st.builds(Compare, st.sampled_from(list(CompareOp)), children, children)
    return st.one_of(
        st.builds(Binary, st.sampled_from(_ARITHMETIC), children, children),
        divided,
        st.builds(Unary, st.just(UnaryOp.NEG), children),
        st.builds(Select, compared, children, children),
    )


indices = st.recursive(leaves, _grow, max_leaves=10)
points = st.fixed_dictionaries({name: st.integers(0, extent - 1) for name, extent in EXTENTS.items()})


def evaluate(expr: Expr, at: Mapping[str, int]) -> int:
    """The value of an index expression by Python's integers."""
    match expr:
        case Const(value, _):
            return int(value)
        case Variable(name, _):
            return at[name]
        case Unary(UnaryOp.NEG, a):
            return -evaluate(a, at)
        case Unary(UnaryOp.NOT, a):
            return not evaluate(a, at)
        case Select(c, a, b):
            return evaluate(a, at) if evaluate(c, at) else evaluate(b, at)
        case Binary(op, a, b) | Compare(op, a, b):
            x, y = evaluate(a, at), evaluate(b, at)
            if op in (BinaryOp.MIN, BinaryOp.MAX):
                return min(x, y) if op is BinaryOp.MIN else max(x, y)
            return int(eval(f"x {op} y", {"x": x, "y": y}))
    raise AssertionError(expr)


@given(indices, points)
def test_simplify_keeps_the_value(expr: Expr, at: dict[str, int]) -> None:
    assert evaluate(simplify(expr, FACTS), at) == evaluate(expr, at)


@given(indices)
def test_simplify_is_idempotent_in_value_and_size(expr: Expr) -> None:
    once = simplify(expr, FACTS)
    assert len(format_expr(simplify(once, FACTS))) <= len(format_expr(once))


@given(indices, points)
def test_facts_hold_every_value(expr: Expr, at: dict[str, int]) -> None:
    limits = FACTS.of(expr)
    value = evaluate(expr, at)
    assert (limits.lo is None or limits.lo <= value) and (limits.hi is None or value <= limits.hi)


@given(indices, points)
def test_an_interval_holds_every_value_of_its_scope(expr: Expr, at: dict[str, int]) -> None:
    scope = {"x": Interval(index(0), index(4)), "z": Interval(index(0), index(2))}
    interval = infer_interval(expr, scope, FACTS)
    value = evaluate(expr, at)
    assert interval.lo is None or evaluate(interval.lo, at) <= value
    assert interval.hi is None or value <= evaluate(interval.hi, at)


X, Y, N = Variable("x"), Variable("y"), Variable("n")


def _plus(a: Expr, b: Expr) -> Expr:
    return Binary(BinaryOp.ADD, a, b)


def _minus(a: Expr, b: Expr) -> Expr:
    return Binary(BinaryOp.SUB, a, b)


def _min(a: Expr, b: Expr) -> Expr:
    return Binary(BinaryOp.MIN, a, b)


def _max(a: Expr, b: Expr) -> Expr:
    return Binary(BinaryOp.MAX, a, b)


def _quotient(a: Expr, divisor: int) -> Expr:
    return Binary(BinaryOp.FLOOR_DIV, a, index(divisor))


def _remainder(a: Expr, divisor: int) -> Expr:
    return Binary(BinaryOp.MOD, a, index(divisor))


def _times(a: Expr, factor: int) -> Expr:
    return Binary(BinaryOp.MUL, a, index(factor))


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (Binary(BinaryOp.FLOOR_DIV, _plus(_times(Y, 32), X), index(32)), "y"),
        (Binary(BinaryOp.MOD, _plus(_times(Y, 32), X), index(32)), "x"),
        (Binary(BinaryOp.FLOOR_DIV, _plus(_times(Y, 32), _times(X, 16)), index(16)), "y * 2 + x"),
        (Binary(BinaryOp.SUB, _plus(X, index(3)), X), "3"),
        (Binary(BinaryOp.MIN, _times(X, 2), index(8)), "x * 2"),
        (Compare(CompareOp.LT, _plus(Binary(BinaryOp.MIN, _times(Y, 4), index(13)), X), index(18)), "True"),
        # The extent of a tile cut off by the end of its dimension, rounded up to whole tiles.
        (
            Binary(
                BinaryOp.FLOOR_DIV,
                _plus(_minus(Binary(BinaryOp.MIN, _plus(_times(X, 8), index(7)), index(36)), _times(X, 8)), index(8)),
                index(8),
            ),
            "1",
        ),
        (_quotient(_plus(_quotient(_plus(N, index(1)), 2), index(3)), 5), "(n + 7) // 10"),
        (_plus(_times(_quotient(N, 6), 6), _remainder(N, 6)), "n"),
        (_plus(_times(_quotient(N, 0), 0), _remainder(N, 0)), "n % 0"),  # which is 0
        (_remainder(_plus(_times(N, 6), index(5)), 4), "n % 2 * 2 + 1"),
        # Of operands of nested min and max, those that stand for others.
        (_min(_min(_minus(N, index(1)), _plus(N, index(1))), N), "n - 1"),
        (_min(_min(_max(N, index(6)), _plus(N, index(2))), _plus(N, index(1))), "min(max(n, 6), n + 1)"),
        (_max(_plus(_max(N, index(3)), index(1)), index(5)), "max(n + 1, 5)"),
        # The last lane of the last vector is at the end or after it.
        (_min(_plus(_times(_quotient(_min(N, index(34)), 4), 4), index(3)), _min(N, index(34))), "min(n, 34)"),
    ],
)  # fmt: skip
def test_simplify_proves(expr: Expr, expected: str) -> None:
    assert format_expr(simplify(expr, FACTS)) == expected


@pytest.mark.parametrize("expr", [Binary(BinaryOp.FLOOR_DIV, X, Y), Binary(BinaryOp.MUL, X, Y)])
def test_simplify_leaves_what_is_not_linear(expr: Expr) -> None:
    assert simplify(expr, FACTS) == expr
