"""Which updates are proven associative, and which RVars free of races."""

from __future__ import annotations

import pytest

from tensorlang.dtypes import float16, float32, int64
from tensorlang.lang.expr import Expr
from tensorlang.lang.func import Func
from tensorlang.lang.functions import cast, max, min, select
from tensorlang.lang.input import Input
from tensorlang.lang.var import RDom, Var
from tensorlang.schedule.associativity import is_associative_update
from tensorlang.schedule.races import is_race_free

i = Var("i")
r = RDom("r", 8)
a, b = RDom("a b", 8, 8)
x = Input("x", (64,), float32)
n = Input("n", (64,), int64)


def func(value: Expr | float = 0.0) -> Func:
    f = Func("f", float32)
    f[i] = value
    return f


def associative(f: Func) -> bool:
    return is_associative_update(f.definition.updates[0], "f")


def free(f: Func, rvar: str = "r") -> bool:
    return is_race_free(f.definition.updates[0], "f", rvar)


def test_sums_products_and_extrema_are_associative() -> None:
    for update in (
        lambda f: f[i] + x[r],
        lambda f: x[r] + f[i],
        lambda f: f[i] - x[r],
        lambda f: f[i] * x[r],
        lambda f: min(f[i], x[r]),
        lambda f: max(x[r], f[i]),
    ):
        f = func()
        f[i] = update(f)
        assert associative(f)


def test_scatter_is_associative() -> None:
    f = func()
    f[n[r]] += x[r]
    assert associative(f)


def test_narrow_floats_are_associative_around_their_casts() -> None:
    f = Func("f", float16)
    f[i] = cast(float16, 0.0)
    f[i] = cast(float16, cast(float32, f[i]) + x[r])
    assert associative(f)


def test_others_are_not_associative() -> None:
    for update in (
        lambda f: x[r] - f[0],
        lambda f: f[0] / x[r],
        lambda f: f[0] + f[0],
        lambda f: f[0] + x[r] * f[1],
        lambda f: f[1] + x[r],
        lambda f: f[0] * 2.0 + x[r],
        lambda f: select(x[r] > 0.0, f[0], x[r]),
        lambda f: x[r],
    ):
        f = func()
        f[0] = update(f)
        assert not associative(f)


@pytest.mark.parametrize("index", [r + 0, 2 * r, r * -3 + 1, 7 - r, r - (2 - r)])
def test_affine_indices_are_free_of_races(index: Expr) -> None:
    f = func()
    f[index] += 1.0
    assert free(f)


@pytest.mark.parametrize("index", [n[r], r // 2, r % 4, r - r, 0 * r, r * r, min(r, 4)])
def test_other_indices_are_not(index: Expr) -> None:
    f = func()
    f[index] += 1.0
    assert not free(f)


def test_reads_of_other_places_race() -> None:
    f = func()
    f[r] = f[r] + f[r + 1]
    assert not free(f)
    g = func()
    g[r] = g[r] + x[r + 1]
    assert free(g)


def test_each_rvar_is_judged_alone() -> None:
    f = func()
    f[a] += x[b]
    assert free(f, "a") and not free(f, "b")
    g = func()
    g[8 * a + b] += 1.0
    assert not free(g, "a") and not free(g, "b")


def test_pure_vars_in_the_index_do_not_hide_the_rvar() -> None:
    j = Var("j")
    f = Func("f", float32)
    f[i, j] = 0.0
    f[i, i + r] = f[i, i + r] + 1.0
    assert is_race_free(f.definition.updates[0], "f", "r")
