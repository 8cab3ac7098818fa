"""Test data: reproducible, in range, of the right type."""

from __future__ import annotations

import numpy as np
import pytest

from tensorlang import nn
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.func import Func
from tensorlang.lang.functions import cast
from tensorlang.lang.input import Input
from tensorlang.lang.param import Param
from tensorlang.lang.var import Var
from tensorlang.validation import Values, make_inputs


@pytest.mark.parametrize("values", Values)
def test_same_seed_same_data_and_other_seed_other_data(values: Values) -> None:
    algorithm = nn.build(nn.Gemm(4, 5, 6)).algorithm()
    first, again, other = (make_inputs(algorithm, values, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["a"], other["a"])
    assert not np.array_equal(first["a"], make_inputs(algorithm, Values.INTEGERS, 2)["a"])


def test_small_integers_are_small_integers() -> None:
    arrays = make_inputs(nn.build(nn.Gemm(40, 50, 60)).algorithm(), Values.INTEGERS, 0)
    assert set(np.unique(arrays["a"])) == set(range(-4, 5))
    assert arrays["a"].dtype == np.float32 and arrays["bias"].shape == (50,)


@pytest.mark.parametrize(
    ("dtype", "least", "greatest"), [("bool", 0, 1), ("uint8", 0, 4), ("int16", -4, 4), ("bfloat16", None, None)]
)
def test_every_element_type_has_data(dtype: str, least: int | None, greatest: int | None) -> None:
    i, f = Var("i"), Func("f")
    f[i] = cast("float32", Input("x", (500,), dtype)[i])
    x = make_inputs(build_algorithm(f, None), Values.FLOATS, 0)["x"]
    assert x.dtype == (np.uint16 if dtype == "bfloat16" else np.dtype(dtype))
    if least is not None:
        assert (int(x.min()), int(x.max())) == (least, greatest)


def _params() -> list[Param]:
    return [
        Param("n", "int32", min=3, max=5),
        Param("low", "float32", min=0.25, max=0.75),
        Param("wide", "float64", min=-2.5),
        Param("far", "int64", min=100),
        Param("flag", "bool"),
        Param("set", "bool", min=True),
    ]


@pytest.mark.parametrize("values", Values)
def test_params_are_within_their_limits(values: Values) -> None:
    seen: dict[str, set[float]] = {}
    for seed in range(30):
        i, f = Var("i"), Func("f")
        value = sum((cast("float64", param) for param in _params()), start=cast("float64", i))
        f[i] = value
        for name, array in make_inputs(build_algorithm(f), values, seed).items():
            assert array.shape == ()
            seen.setdefault(name, set()).add(float(array.item()))
    assert seen["n"] == {3, 4, 5} and seen["far"] == {100} and seen["flag"] == {0, 1} and seen["set"] == {1}
    assert all(0.25 <= value <= 0.75 for value in seen["low"]) and len(seen["low"]) == 30
    whole = {value.is_integer() for value in seen["wide"]}
    assert whole == {values is Values.INTEGERS} and min(seen["wide"]) >= -2.5 and max(seen["wide"]) <= 4
