"""Inline reductions: names, types, and values against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.dtypes import ALL, DType
from tensorlang.ir.algorithm import ReductionVar
from tensorlang.lang.build import build_algorithm
from tensorlang.reference import evaluate

i = tl.Var("i")
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("reduction", ["sum", "product", "maximum", "minimum"])
@pytest.mark.parametrize("dtype", [t for t in ALL if not t.is_storage_only], ids=str)
def test_values_and_types_are_numpys(reduction: str, dtype: DType) -> None:
    x = RNG.integers(0, 4, (3, 5)).astype(dtype.numpy)
    out = tl.Func("out")
    out[i] = getattr(tl, reduction)(tl.Input("x", (3, 5), dtype)[i, tl.RDom("k", 5)])
    numpy_name = {"sum": "sum", "product": "prod", "maximum": "max", "minimum": "min"}[reduction]
    wanted = getattr(np, numpy_name)(x, axis=1)
    got = evaluate(build_algorithm(out), {"out": (3,)}, {"x": x})["out"]
    assert got.dtype == wanted.dtype
    np.testing.assert_array_equal(got, wanted)


def test_names_follow_the_first_reader() -> None:
    x, k = tl.Input("x", (4, 8), tl.float32), tl.RDom("k", 8)
    largest = tl.maximum(x[i, k])
    out, again = tl.Func("out"), tl.Func("again")
    out[i] = tl.sum(tl.exp(x[i, k] - largest)) + tl.sum(x[i, k]) + largest
    again[i] = largest + tl.sum(x[i, k], name="total")
    names = [f.name for f in build_algorithm([out, again]).funcs]
    assert names == ["out_sum_maximum", "out_sum", "out_sum_1", "out", "total", "again"]


def test_softmax() -> None:
    x, k, j = tl.Input("x", (4, 8), tl.float64), tl.RDom("k", 8), tl.Var("j")
    largest = tl.maximum(x[i, k])
    weights, out = tl.Func("weights"), tl.Func("out")
    weights[i, j] = tl.exp(x[i, j] - largest)
    out[i, j] = weights[i, j] / tl.sum(weights[i, k])
    data = RNG.normal(size=(4, 8))
    got = evaluate(build_algorithm(out), {"out": (4, 8)}, {"x": data})["out"]
    wanted = np.exp(data - data.max(1, keepdims=True))
    np.testing.assert_allclose(got, wanted / wanted.sum(1, keepdims=True), rtol=1e-14)


def test_over_keeps_the_other_domain_free() -> None:
    x, r, k = tl.Input("x", (3, 5), tl.int64), tl.RDom("r", 3), tl.RDom("k", 5)
    out = tl.Func("out")
    out[()] += tl.maximum(x[r, k], over=k)
    algorithm = build_algorithm(out)
    assert algorithm.func("out_maximum").vars == ("r",)
    assert algorithm.func("out").updates[0].rvars == (ReductionVar("r", 0, 3),)
    data = RNG.integers(0, 9, (3, 5))
    assert evaluate(algorithm, {"out": ()}, {"x": data})["out"] == data.max(1).sum()


def test_maximum_of_two_is_elementwise() -> None:
    x = tl.Input("x", (8,), tl.float32)[i]
    assert repr(tl.maximum(x, 0.0)) == "max(x[i], 0.0)"
    assert repr(tl.minimum(x, 6, 7)) == "min(min(x[i], 6.0), 7.0)"


def test_type_of_the_sum_can_be_given() -> None:
    x = tl.Input("x", (8,), tl.int8)
    assert tl.sum(x[tl.RDom("k", 8)], dtype=tl.int32).type == tl.int32
