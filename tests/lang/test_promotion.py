"""Types of operators against NumPy's own, and the nodes that carry out what NumPy does differently per type."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.dtypes import ALL, DType
from tensorlang.errors import LanguageError
from tensorlang.ir.algorithm import Algorithm
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.expr import Expr
from tensorlang.reference import evaluate

COMPUTABLE = [t for t in ALL if not t.is_storage_only]
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
SCALARS = [True, 3, 2.5, np.int16(3), np.float32(2.5), np.float64(2.5)]


def values(dtype: DType) -> np.ndarray[Any, np.dtype[Any]]:
    """Edge values and small ones, eight of them; floats are whole, so that every operator is exact."""
    if dtype.is_bool:
        return np.array([True, False] * 4)
    if dtype.is_float:
        return np.array([-7, -2, -1, 0, 1, 2, 5, 64], dtype.numpy)
    low, high = int(dtype.minimum), int(dtype.maximum)
    return np.array([low, high, low + 1, high - 1, 0, 1, 3, high // 2 + 1], dtype.numpy)


def run(make: Callable[..., Expr], *arrays: np.ndarray[Any, np.dtype[Any]]) -> np.ndarray[Any, np.dtype[Any]]:
    """The value of ``out[i, j] = make(a[i], b[j])`` over whole arrays."""
    i, j = tl.vars("i j")
    inputs = [tl.Input(n, a.shape, a.dtype) for n, a in zip("ab", arrays, strict=False)]  # type: ignore[arg-type]
    out = tl.Func("out")
    out[i, j] = make(*(x[v] for x, v in zip(inputs, (i, j), strict=False)))
    algorithm: Algorithm = build_algorithm(out)
    result = evaluate(algorithm, {"out": (8, 8)}, dict(zip("ab", arrays, strict=False)))["out"]
    return result


def numpy_answer(op: str, a: Any, b: Any) -> Any:
    """NumPy's result, or None if it has none; division by zero gives 0, and shift counts are masked."""
    try:
        with np.errstate(all="ignore"):
            result = OPERATORS[op](a, b)
    except (TypeError, OverflowError):
        return None
    return None if result.dtype == np.float16 else result


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("left", COMPUTABLE, ids=str)
def test_operators_are_numpys(op: str, left: DType) -> None:
    for right in COMPUTABLE:
        a, b = values(left), values(right)
        if op in ("<<", ">>"):
            b = np.array([0, 1, 2, 3, 0, 1, 2, 3]).astype(right.numpy)
        if op in ("//", "%") and np.result_type(left.numpy, right.numpy).kind == "f":
            a, b = np.abs(values(left).astype(np.int8)).astype(left.numpy), np.arange(1, 9).astype(right.numpy)
        wanted = numpy_answer(op, a[:, None], b[None, :])
        if wanted is None:
            with pytest.raises(LanguageError):
                run(lambda x, y: OPERATORS[op](x, y), a, b)
            continue
        got = run(lambda x, y: OPERATORS[op](x, y), a, b)
        assert got.dtype == wanted.dtype, f"{left} {op} {right}"
        np.testing.assert_array_equal(got, wanted, err_msg=f"{left} {op} {right}")


@pytest.mark.parametrize("scalar", SCALARS, ids=lambda s: f"{type(s).__name__}")
@pytest.mark.parametrize("dtype", COMPUTABLE, ids=str)
def test_scalars_are_as_weak_as_numpys(scalar: Any, dtype: DType) -> None:
    a = np.ones(8, dtype.numpy)
    for op in OPERATORS:
        for is_left in (False, True):
            wanted = numpy_answer(op, *((scalar, a) if is_left else (a, scalar)))
            if wanted is None:
                continue
            expr = tl.Input("a", (8,), dtype)[tl.Var("i")]
            got: Expr = OPERATORS[op](scalar, expr) if is_left else OPERATORS[op](expr, scalar)
            assert got.type.numpy == wanted.dtype, f"{scalar!r} {op} {dtype}"


@pytest.mark.parametrize("dtype", COMPUTABLE, ids=str)
@pytest.mark.parametrize("function", ["exp", "log", "sqrt", "tanh", "sin", "cos", "floor", "abs"])
def test_functions_are_numpys_but_for_float16(function: str, dtype: DType) -> None:
    wanted = getattr(np, function)(np.ones(1, dtype.numpy)).dtype
    expr: Expr = getattr(tl, function)(tl.Input("a", (8,), dtype)[0])
    assert expr.type.numpy == (np.dtype(np.float32) if wanted == np.float16 else wanted)


def test_pow_of_integers_is_a_float_and_of_floats_their_common_type() -> None:
    i = tl.Var("i")
    short, long_, single = (tl.Input(str(dtype), (8,), dtype)[i] for dtype in (tl.int8, tl.int32, tl.float32))
    assert (tl.pow(short, 2).type, tl.pow(long_, 2).type, tl.pow(2, short).type) == (tl.float32, tl.float64, tl.float32)
    assert (tl.pow(single, 2).type, tl.pow(single, long_).type) == (tl.float32, tl.float64)
    assert repr(single**3 + 2**single) == "pow(float32[i], 3.0) + pow(2.0, float32[i])"
    assert (single ** np.float64(2)).type == tl.float64


@pytest.mark.parametrize("far", [300, -300])
@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">="])
def test_comparison_with_a_number_that_the_type_cannot_hold(op: str, far: int) -> None:
    a = values(tl.int8)
    for swapped in (False, True):
        wanted = OPERATORS[op](far, a) if swapped else OPERATORS[op](a, far)

        def make(x: Expr, swapped: bool = swapped) -> Expr:
            result: Expr = OPERATORS[op](far, x) if swapped else OPERATORS[op](x, far)
            return result

        np.testing.assert_array_equal(run(make, a), np.broadcast_to(wanted[:, None], (8, 8)))


def test_storage_types_promote_with_wider_floats() -> None:
    half, brain = (tl.Input("a", (8,), t)[0] for t in (tl.float16, tl.bfloat16))
    wide = tl.Input("w", (8,), tl.float32)[0]
    assert (half * wide).type == tl.float32
    assert (brain * wide).type == tl.float32
    assert tl.cast(tl.float32, half).type == tl.float32


def test_literals_round_to_their_type_and_print_short() -> None:
    x = tl.Input("x", (8,), tl.float32)[tl.Var("i")]
    assert repr(x * 0.1) == "x[i] * 0.1"
    assert repr(x * np.float64(0.1).item()) == repr(x * float(np.float32(0.1)))
    assert repr(x * 1e300) == "x[i] * inf"


def test_select_takes_the_common_type() -> None:
    i = tl.Var("i")
    x, n = tl.Input("x", (8,), tl.float32)[i], tl.Input("n", (8,), tl.int32)[i]
    assert tl.select(x > 0, x, 0).type == tl.float32
    assert tl.select(x > 0, x, n).type == tl.float64
    assert tl.select(True, 1, 0.5).type == tl.float64
    assert tl.clamp(x, 0, 6).type == tl.float32
    assert tl.min(1, 2, x).type == tl.float64
    assert repr(tl.max(x, 0, n)) == "max(float64(max(x[i], 0.0)), float64(n[i]))"
