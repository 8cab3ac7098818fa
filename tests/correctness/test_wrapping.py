"""Integers of 64 bits wrap where coordinates are used as values, too: nothing is proven from their value on paper."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tensorlang as tl
from tensorlang.lang.expr import Expr
from tensorlang.validation import check_kernel

LARGE = 3074457345618258602
"""Four times this is more than 64 bits hold."""


def compared(i: tl.Var) -> Expr:
    return tl.cast(tl.int32, i * LARGE < 100)


def divided(i: tl.Var) -> Expr:
    return (i * LARGE) // 4 + (i * LARGE) % 7


def larger(i: tl.Var) -> Expr:
    return tl.max(i * LARGE, i) + tl.min(i * LARGE, 3)


def data(i: tl.Var) -> Expr:
    x = tl.Input("x", (9,), tl.int64)
    is_less = tl.cast(tl.int64, x[i] < x[i] + (2**63 - 1))
    return is_less + (x[i] * 2**62) // 2 + (x[i] // 2 + 2**62) // 2


def narrow(i: tl.Var) -> Expr:
    return tl.cast(tl.int64, tl.cast(tl.int16, i) * tl.cast(tl.int16, 9000)) < 5


@pytest.mark.parametrize("value", [compared, divided, larger, data, narrow])
@pytest.mark.parametrize("lanes", [1, 4])
def test_values_wrap(value: Callable[[tl.Var], Expr], lanes: int) -> None:
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = value(i)
    s = tl.Schedule()
    if lanes > 1:
        s["f"].vectorize("i", lanes)
    result = check_kernel(tl.compile(f, s, shape={"f": (9,)}, cache=False))
    assert result.ok, result.reason


def test_what_wraps_is_read_where_it_is() -> None:
    """On paper ``i * LARGE`` is never below 0, so that -3 would not be computed."""
    i, f, g = tl.Var("i"), tl.Func("f"), tl.Func("g")
    f[i] = i * 10
    g[i] = f[tl.clamp(i * LARGE, -3, 3)]
    s = tl.Schedule()
    s["f"].compute_root()
    result = check_kernel(tl.compile(g, s, shape={"g": (7,)}, cache=False))
    assert result.ok, result.reason


def test_a_choice_by_what_wraps() -> None:
    i, j, k = tl.Var("i"), tl.Var("j"), tl.Var("k")
    f, g = tl.Func("f"), tl.Func("g")
    f[i, j, k] = tl.cast(tl.bool_, -(((k * LARGE) < i) - j))
    n = tl.Param("n", tl.int64, min=0, max=2)
    g[i, j, k] = ((f[i + n, j, k // 2] & f[4 - i, j, k]) | f[i, j, k]) ^ True
    s = tl.Schedule()
    s["f"].compute_root().vectorize("k", 5, tail="predicate_stores")
    result = check_kernel(tl.compile(g, s, shape={"g": (5, 7, 7)}, cache=False))
    assert result.ok, result.reason
