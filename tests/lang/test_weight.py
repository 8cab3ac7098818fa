"""Expressions that are too large to compile are refused where they grow; smaller ones compile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tensorlang as tl
from tensorlang.errors import LanguageError
from tensorlang.lang.expr import Expr
from tensorlang.lang.weight import MAX_DEPTH
from tensorlang.validation import check_kernel

from .refusals import refusal

i = tl.Var("i")
X = tl.Input("x", (8,), tl.float32)
N = tl.Input("n", (8,), tl.int64)


def _repeat(step: Callable[[Expr], Expr], times: int, start: Expr) -> Expr:
    for _ in range(times):
        start = step(start)
    return start


DEEP = """\
an expression nests 201 operations deep.
  asked       HERE
  rule        operations nest at most 200 deep
  hint        sum over a tl.RDom, add in pairs, or give a part a Func of its own"""


@pytest.mark.parametrize(
    "grow",
    [
        lambda: _repeat(lambda e: e + X[i], 5000, X[i]),
        lambda: _repeat(lambda e: tl.max(X[i], e), 5000, X[i]),
        lambda: _repeat(lambda e: N[e], 5000, i),
    ],
    ids=["sum", "maximum", "indices"],
)
def test_too_deep(grow: Callable[[], object]) -> None:
    assert refusal(grow, LanguageError) == DEEP


def test_too_many_operations() -> None:
    text = """\
an expression grew to 65535 operations.
  asked       HERE
  rule        an expression has at most 50000 operations; a part that is used twice counts twice
  hint        give a part that is used more than once a Func of its own, and compute_root() or compute_at() it"""
    assert refusal(lambda: _repeat(lambda e: e * e, 60, X[i] + 1.0), LanguageError) == text


def test_the_deepest_sum_compiles() -> None:
    f = tl.Func("f")
    f[i] = _repeat(lambda e: e + X[i], MAX_DEPTH - X[i].weight.depth, X[i])
    assert check_kernel(tl.compile(f, cache=False)).ok
