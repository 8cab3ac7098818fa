"""Which algorithms are exact on small integers, and how far rounding may carry the others."""

from __future__ import annotations

from tensorlang import nn
from tensorlang.ir.algorithm import Algorithm
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.expr import Expr
from tensorlang.lang.func import Func
from tensorlang.lang.functions import cast, exp, select
from tensorlang.lang.input import Input
from tensorlang.lang.param import Param
from tensorlang.lang.reductions import argmin, maximum
from tensorlang.lang.var import RDom, Var
from tensorlang.validation import error_bound, exact_magnitude

i = Var("i")


def _pointwise(value: Expr) -> Algorithm:
    f = Func("f")
    f[i] = value
    return build_algorithm(f, None)


def _input(dtype: str = "float32") -> Expr:
    return Input("x", (8,), dtype)[i]


def _gemm(k: int, dtype: str = "float32") -> Algorithm:
    return nn.build(nn.Gemm(2, 2, k, bias=False, dtype=dtype)).algorithm()


def test_short_sums_are_exact_and_long_ones_on_smaller_integers() -> None:
    assert exact_magnitude(_gemm(1000)) == 4
    assert exact_magnitude(_gemm(2**20)) == 4
    assert exact_magnitude(_gemm(2**22)) == 2
    assert exact_magnitude(_gemm(2**24 + 1)) is None
    assert exact_magnitude(_gemm(2**24 + 1, "float64")) == 4


def test_integers_wrap_and_are_always_exact() -> None:
    assert exact_magnitude(_gemm(2**24, "int8")) == 4


def test_fractions_and_transcendental_functions_are_not_exact() -> None:
    assert exact_magnitude(_pointwise(_input() + 1.0)) == 4
    assert exact_magnitude(_pointwise(_input() * 0.5)) is None
    assert exact_magnitude(_pointwise(_input() / 3.0)) is None
    assert exact_magnitude(_pointwise(exp(_input()))) is None


def test_storage_in_a_short_type_limits_exactness() -> None:
    x = _input()
    product = x * x
    assert exact_magnitude(_pointwise(cast("float16", product))) == 4
    assert exact_magnitude(_pointwise(cast("bfloat16", product * product))) == 4
    assert exact_magnitude(_pointwise(cast("bfloat16", product * product * product))) == 2


def test_products_over_a_domain_are_exact_of_ones_only() -> None:
    x, k = Input("x", (8, 8), "float32"), RDom("k", 8)
    f = Func("f")
    f[i] *= x[i, k]
    assert exact_magnitude(build_algorithm(f, None)) == 1


def test_running_choices_are_exact_and_sums_that_feed_each_other_are_not() -> None:
    x, k = Input("x", (8, 100), "float32"), RDom("k", 100)
    assert exact_magnitude(_pointwise(maximum(x[i, k]))) == 4
    f, g = Func("f"), Func("g")
    f[i] = argmin(x[i, k])
    assert exact_magnitude(build_algorithm(f, None)) == 4
    g[i] = (x[i, 0], x[i, 1])
    g[i] = select(x[i, k] > 0, (g[i][1], g[i][0]), g[i])
    assert exact_magnitude(build_algorithm(g, None)) == 4
    fibonacci = Func("fibonacci")
    fibonacci[i] = (x[i, 0], x[i, 1])
    fibonacci[i] = (fibonacci[i][1], fibonacci[i][0] + fibonacci[i][1] + 0 * x[i, k])
    assert exact_magnitude(build_algorithm(fibonacci, None)) is None


def test_bound_grows_with_the_root_of_the_reduction_and_the_coarsest_type() -> None:
    eps = 2.0**-23
    assert error_bound(_gemm(100)) < error_bound(_gemm(10_000)) < 1000 * eps
    assert error_bound(_gemm(100, "float64")) < 1e-12
    assert error_bound(_gemm(100, "int32")) == 0.0


def test_what_is_computed_in_a_coarser_type_than_it_is_stored_in_rounds_as_that() -> None:
    x = _input()
    narrow = x * x + 1.0
    assert error_bound(_pointwise(cast("float64", narrow))) == error_bound(_pointwise(narrow))
    assert error_bound(_pointwise(cast("float64", x) * 3.0)) < 1e-13


def test_params_count_by_their_limits() -> None:
    def of(param: Param) -> int | None:
        return exact_magnitude(_pointwise(_input() * param))

    assert of(Param("p", "float32")) == 4
    assert of(Param("p", "float32", min=1e6, max=2e6)) == 4
    assert of(Param("p", "float32", min=0, max=2.0**24)) == 1
    assert of(Param("p", "float32", min=0.25, max=0.75)) is None
