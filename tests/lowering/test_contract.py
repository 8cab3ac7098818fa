"""Multiply-adds contract by their definition alone: never across Funcs, never under strict numerics."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tensorlang as tl
from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.ir.module import Module
from tensorlang.ir.printer import format_expr, format_module
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.expr import Expr
from tensorlang.lowering import lower
from tensorlang.lowering.contract import contract_multiply_add
from tensorlang.schedule.resolve import resolve

i = tl.Var("i")
x, y, z = (tl.Input(name, (8,), tl.float32) for name in "xyz")
n = tl.Input("n", (8,), tl.int32)


def define(name: str, value: Expr) -> tl.Func:
    f = tl.Func(name)
    f[i] = value
    return f


def lowered(output: tl.Func, schedule: tl.Schedule | None = None, numerics: str = "fast") -> Module:
    algorithm = build_algorithm(output)
    resolved = resolve(algorithm, schedule or tl.Schedule(output))
    return lower(resolved, infer_output_shapes(algorithm), numerics=numerics)


@pytest.mark.parametrize(
    ("value", "contracted"),
    [
        (lambda: x[i] * y[i] + z[i], "fma(x[i], y[i], z[i])"),
        (lambda: z[i] + x[i] * y[i], "fma(x[i], y[i], z[i])"),
        (lambda: x[i] * y[i] - z[i], "fma(x[i], y[i], -z[i])"),
        (lambda: z[i] - x[i] * y[i], "fma(-x[i], y[i], z[i])"),
        (lambda: x[i] * y[i] + y[i] * z[i], "fma(x[i], y[i], y[i] * z[i])"),
        (lambda: (x[i] * y[i] + z[i]) * x[i] + y[i], "fma(fma(x[i], y[i], z[i]), x[i], y[i])"),
        (lambda: tl.exp(x[i] * y[i] + z[i]), "exp(fma(x[i], y[i], z[i]))"),
        (lambda: (x[i] + y[i]) * z[i], "(x[i] + y[i]) * z[i]"),
        (lambda: n[i] * n[i] + n[i], "n[i] * n[i] + n[i]"),
        (lambda: x[i] / y[i] + z[i], "x[i] / y[i] + z[i]"),
    ],
)
def test_contracted(value: Callable[[], Expr], contracted: str) -> None:
    algorithm = contract_multiply_add(build_algorithm(define("f", value())))
    assert format_expr(algorithm.func("f").pure.values[0]) == contracted


def test_updates_are_contracted() -> None:
    k = tl.RDom("k", 8)
    f = define("f", x[i] * 1.0)
    f[i] += x[k] * y[i]
    algorithm = contract_multiply_add(build_algorithm(f))
    assert format_expr(algorithm.func("f").updates[0].values[0]) == "fma(x[k], y[i], f[i])"


def test_indices_are_not_contracted() -> None:
    """An update reads the element that it writes: both indices round alike."""
    k = tl.RDom("k", 8)
    f = define("f", x[i] * 1.0)
    place = tl.clamp(tl.cast(tl.int64, x[k] * y[k] + z[k]), 0, 7)
    f[place] += x[k] * y[k]
    update = contract_multiply_add(build_algorithm(f)).func("f").updates[0]
    (at,) = (format_expr(arg) for arg in update.args)
    assert at == "min(max(int64(x[k] * y[k] + z[k]), 0), 7)"
    assert format_expr(update.values[0]) == f"fma(x[k], y[k], f[{at}])"


def test_an_inlined_product_is_rounded_before_the_sum() -> None:
    product = define("product", x[i] * y[i])
    inlined = lowered(define("f", product[i] + z[i]))
    assert "f{f.0.i} = x{f.0.i} * y{f.0.i} + z{f.0.i}" in format_module(inlined)


def test_inlining_does_not_change_what_is_contracted() -> None:
    product = define("product", x[i] * y[i] + z[i])
    f = define("f", product[i] * x[i] + 1.0)
    schedule = tl.Schedule(f)
    schedule[product].compute_root()
    inlined, stored = (format_module(lowered(f, s)) for s in (None, schedule))
    assert "f{f.0.i} = fma(fma(x{f.0.i}, y{f.0.i}, z{f.0.i}), x{f.0.i}, 1.0)" in inlined
    assert "product{product.0.i} = fma(x{product.0.i}, y{product.0.i}, z{product.0.i})" in stored
    assert "f{f.0.i} = fma(product{f.0.i}, x{f.0.i}, 1.0)" in stored


def test_strict_numerics_keep_the_product_and_the_sum_apart() -> None:
    module = lowered(define("f", x[i] * y[i] + z[i]), numerics="strict")
    assert "f{f.0.i} = x{f.0.i} * y{f.0.i} + z{f.0.i}" in format_module(module)
