"""Predicates of reduction domains: what a definition makes of them, their values against NumPy, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.errors import BoundsError, LanguageError
from tensorlang.ir.printer import format_expr
from tensorlang.ir.visitor import conjuncts
from tensorlang.lang.build import build_algorithm
from tensorlang.reference import evaluate
from tensorlang.validation import algorithm_hash

from .refusals import refusal

i, j = tl.vars("i j")
RNG = np.random.default_rng(0)
Array = np.ndarray[Any, np.dtype[Any]]


def run(output: tl.Func, shape: tuple[int, ...], **arrays: Array) -> Array:
    return evaluate(build_algorithm(output), {output.name: shape}, arrays)[output.name]


def predicate_text(func: tl.Func) -> list[str]:
    return [format_expr(c) for c in conjuncts(func.definition.updates[-1].predicate)]


def test_calls_add_up_in_order() -> None:
    k, f = tl.RDom("k", 8), tl.Func("f")
    assert k.where(k > 1).where((k < 6) & (k != 3)) is k
    f[i] += k
    assert predicate_text(f) == ["k > 1", "k < 6", "k != 3"]
    assert run(f, (2,)).tolist() == [2 + 4 + 5] * 2


def test_a_definition_takes_the_predicates_of_all_its_domains() -> None:
    r, c, f = tl.RDom("r", 4), tl.RDom("c", 5), tl.Func("f")
    r.where(r % 2 == 1)
    c.where(c <= r)
    f[()] += r * 10 + c
    assert predicate_text(f) == ["r % 2 == 1", "c <= r"]
    assert run(f, ()) == sum(r * 10 + c for r in (1, 3) for c in range(r + 1))


def test_one_domain_serves_several_definitions() -> None:
    k, f, g = tl.RDom("k", 8), tl.Func("f"), tl.Func("g")
    k.where(k > 5)
    f[()] += k
    g[()] += k * k
    assert [int(run(f, ())), int(run(g, ()))] == [13, 85]


def test_points_left_out_may_index_outside() -> None:
    x, k, f = tl.Input("x", (10,), tl.int64), tl.RDom("k", 10), tl.Func("f")
    k.where(i + k < 10)
    f[i] += x[i + k]
    data = RNG.integers(0, 9, 10)
    assert run(f, (12,), x=data).tolist() == [data[n:].sum() for n in range(12)]


def test_points_left_out_may_write_outside() -> None:
    x, k, f = tl.Input("x", (10,), tl.int64), tl.RDom("k", (-3, 20)), tl.Func("f")
    k.where((k >= 0) & (2 * k < 10))
    f[i] = -1
    f[2 * k] = x[k]
    data = RNG.integers(0, 9, 10)
    wanted = np.full(10, -1)
    wanted[::2] = data[:5]
    assert run(f, (10,), x=data).tolist() == wanted.tolist()


def test_a_later_predicate_is_evaluated_only_where_those_before_it_hold() -> None:
    x, k, f = tl.Input("x", (6,), tl.int64), tl.RDom("k", 9), tl.Func("f")
    k.where(k + 1 < 6).where(x[k + 1] > 2)
    f[i] += x[k] * (i + 1)
    data = np.array([4, 1, 5, 3, 0, 9])
    wanted = sum(data[k] for k in range(5) if data[k + 1] > 2)
    assert run(f, (2,), x=data).tolist() == [wanted, 2 * wanted]


def test_a_read_that_no_predicate_keeps_inside_is_an_error() -> None:
    x, k, f = tl.Input("x", (6,), tl.int64), tl.RDom("k", 9), tl.Func("f")
    k.where(x[k + 1] > 2).where(k + 1 < 6)
    f[()] += x[k]
    with pytest.raises(BoundsError, match=r"dimension 0 of x is read over \[1, 10\), outside \[0, 6\)"):
        run(f, (), x=np.arange(6))


def test_a_predicate_that_picks_points_of_the_pure_vars() -> None:
    x, k, f = tl.Input("x", (7, 7), tl.int64), tl.RDom("k", 7), tl.Func("f")
    k.where((i + j) % 3 == k % 3).where(x[i, k] > x[k, j])
    f[i, j] += x[i, k] * x[k, j]
    data = RNG.integers(-9, 9, (7, 7))
    wanted = np.zeros((7, 7), np.int64)
    for row, col, n in np.ndindex(7, 7, 7):
        if (row + col) % 3 == n % 3 and data[row, n] > data[n, col]:
            wanted[row, col] += data[row, n] * data[n, col]
    np.testing.assert_array_equal(run(f, (7, 7), x=data), wanted)


def test_producers_are_computed_where_a_predicate_reads_them() -> None:
    x, k = tl.Input("x", (12,), tl.int64), tl.RDom("k", 6)
    flag, f = tl.Func("flag"), tl.Func("f")
    flag[i] = x[i] % 2 == 0
    k.where(flag[k + i])
    f[i] += x[k]
    data = RNG.integers(0, 9, 12)
    wanted = [sum(data[n] for n in range(6) if data[n + row] % 2 == 0) for row in range(7)]
    assert run(f, (7,), x=data).tolist() == wanted


def test_an_inline_reduction_runs_under_the_predicate_and_over_its_vars() -> None:
    x, k, f = tl.Input("x", (9,), tl.int64), tl.RDom("k", 9), tl.Func("f")
    k.where(k <= i)
    f[i] = tl.sum(x[k])
    algorithm = build_algorithm(f)
    assert algorithm.func("f_sum").vars == ("i",)
    data = RNG.integers(0, 9, 9)
    np.testing.assert_array_equal(run(f, (9,), x=data), np.cumsum(data))


def test_an_inline_reduction_whose_predicate_is_over_another_domain() -> None:
    x, r, k, f = tl.Input("x", (9,), tl.int64), tl.RDom("r", 9), tl.RDom("k", 9), tl.Func("f")
    r.where(r > 0)
    k.where(k < r)
    f[()] += x[r] * tl.maximum(x[k], over=k)
    assert build_algorithm(f).func("f_maximum").vars == ("r",)
    data = RNG.integers(0, 9, 9)
    wanted = sum(data[n] * data[:n].max() for n in range(1, 9))
    assert run(f, (), x=data) == wanted


def test_a_domain_without_points_does_nothing() -> None:
    x, k, f = tl.Input("x", (4,), tl.int64), tl.RDom("k", 0), tl.Func("f")
    f[i] = 7
    f[i] += x[k + 9]
    assert run(f, (3,), x=np.arange(4)).tolist() == [7, 7, 7]
    never, g = tl.RDom("never", 5), tl.Func("g")
    never.where(never > 9)
    g[i] += x[never + 9]
    assert run(g, (3,), x=np.arange(4)).tolist() == [0, 0, 0]


def test_a_predicate_takes_part_in_the_hash() -> None:
    def total(limit: int | None) -> str:
        k, f = tl.RDom("k", 8), tl.Func("f")
        if limit is not None:
            k.where(k < limit)
        f[()] += k
        return algorithm_hash(build_algorithm(f))

    assert len({total(None), total(3), total(4)}) == 3


X = tl.Input("x", (8, 8), tl.float32)


def test_refused_type() -> None:
    k = tl.RDom("k", 8)
    assert refusal(lambda: k.where(k % 2), LanguageError) == (
        "the predicate of RDom(k in [0, 8)) is int64.\n"
        "  asked       where(k % 2)    HERE\n"
        "  rule        a predicate is bool\n"
        "  hint        compare: k % 2 != 0"
    )


def test_refused_after_use() -> None:
    k, f = tl.RDom("k", 8), tl.Func("f")
    f[i] += X[i, k]
    assert refusal(lambda: k.where(k <= i), LanguageError) == (
        "RDom(k in [0, 8)) takes no more predicates: f runs over it.\n"
        "  asked       where(k <= i)    HERE\n"
        "  rule        the predicates of an RDom come before the definitions that run over it\n"
        "  hint        make another tl.RDom"
    )


def test_refused_after_use_in_an_inline_reduction() -> None:
    k = tl.RDom("k", 8)
    tl.sum(X[i, k])
    assert refusal(lambda: k.where(k <= i), LanguageError) == (
        "RDom(k in [0, 8)) takes no more predicates: tl.sum runs over it.\n"
        "  asked       where(k <= i)    HERE\n"
        "  rule        the predicates of an RDom come before the definitions that run over it\n"
        "  hint        make another tl.RDom"
    )


def test_refused_domain() -> None:
    k, r, f = tl.RDom("k", 8), tl.RDom("r", 8), tl.Func("f", tl.float32)
    k.where(k <= r)
    f[i] = 0.0
    assert refusal(lambda: f.__setitem__(i, f[i] + X[i, k]), LanguageError) == (
        "the predicate k <= r uses r of an RDom over which this definition of f does not run.\n"
        "  asked       f[i] = f[i] + x[i, k]    HERE\n"
        "  rule        a predicate is over the RDoms and the Vars of the definition that runs under it\n"
        "  hint        make one tl.RDom of all the dimensions"
    )


def test_refused_var() -> None:
    k, f = tl.RDom("k", 8), tl.Func("f", tl.float32)
    k.where(k <= j)
    f[i, j] = 0.0
    assert refusal(lambda: f.__setitem__((i, k), X[i, k]), LanguageError) == (
        "the predicate k <= j uses Var j, which this definition of f does not keep in place.\n"
        "  asked       f[i, k] = x[i, k]    HERE\n"
        "  rule        a predicate is over the RDoms and the Vars of the definition that runs under it\n"
        "  hint        the Vars here: i"
    )


def test_refused_self() -> None:
    k, f = tl.RDom("k", 8), tl.Func("f", tl.float32)
    f[i] = 0.0
    k.where(f[k] > 0)
    assert refusal(lambda: f.__setitem__(i, f[i] + X[i, k]), LanguageError) == (
        "the predicate f[k] > 0.0 reads f, which this definition changes.\n"
        "  asked       f[i] = f[i] + x[i, k]    HERE\n"
        "  rule        which points are executed does not depend on the Func that is being updated\n"
        "  hint        use tl.select in the value"
    )


def test_a_refused_definition_leaves_the_domain_open() -> None:
    k, f = tl.RDom("k", 8), tl.Func("f")
    f[i, j] = 0.0
    with pytest.raises(LanguageError, match="not in its place"):
        f[i, j] = f[i, j - 1] + X[i, k]
    k.where(k > 3)
    f[i, j] += X[i, k]
    assert predicate_text(f) == ["k > 3"]
