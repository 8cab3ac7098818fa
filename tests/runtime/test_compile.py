"""tl.compile from end to end, and what it refuses itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tensorlang.dtypes import float32
from tensorlang.errors import LanguageError
from tensorlang.lang.func import Func
from tensorlang.lang.input import Input
from tensorlang.lang.var import RDom, vars
from tensorlang.runtime.compile import compile
from tensorlang.schedule.schedule import Schedule


def product(m: int, n: int, k: int) -> tuple[Func, Any]:
    a, b = Input("A", (m, k), float32), Input("B", (k, n), float32)
    i, j = vars("i j")
    r = RDom("r", k)
    c = Func("C")
    c[i, j] += a[i, r] * b[r, j]
    return c, r


@pytest.mark.parametrize(("m", "n", "k"), [(8, 32, 5), (7, 33, 4), (1, 1, 1)])
def test_matrix_product_with_and_without_a_schedule(m: int, n: int, k: int) -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-4, 5, shape).astype(np.float32) for shape in ((m, k), (k, n)))
    c, r = product(m, n, k)
    schedule = Schedule(c)
    schedule[c.update()].tile("i", "j", "io", "jo", "ii", "ji", 4, 16).reorder("io", "jo", r, "ii", "ji")
    schedule[c.update()].vectorize("ji").unroll("ii").parallel("io")
    for kernel in (compile(c), compile(c, schedule, numerics="strict")):
        np.testing.assert_array_equal(kernel(a, b), a @ b)
        assert kernel.lowering_s > 0 and kernel.algorithm is not None
    assert compile(c, schedule).schedule == schedule


def test_argument_order_and_shape() -> None:
    a, b = Input("A", (8,), float32), Input("B", (8,), float32)
    (i,) = vars("i")
    f = Func("f")
    f[i] = a[i] - b[i]
    kernel = compile(f, shape=(5,), inputs=[b, a])
    got = kernel(np.full(8, 1, np.float32), np.full(8, 3, np.float32))
    np.testing.assert_array_equal(got, np.full(5, 2))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"numerics": "exact"}, "numerics='exact' is unknown."),
        ({"shape": (3,)}, "shape=(3,) does not fit output 'C' of 2 dimensions."),
        ({"shape": (3, -1)}, "shape=(3, -1) does not fit output 'C' of 2 dimensions."),
        ({"shape": {"D": (3, 3)}}, "shape= names 'D', which is not an output."),
    ],
)
def test_refusals(options: dict[str, Any], text: str) -> None:
    c, _ = product(4, 4, 4)
    with pytest.raises(LanguageError) as caught:
        compile(c, **options)
    assert caught.value.message == text
    assert "test_compile.py" in caught.value.where


def test_one_shape_for_several_outputs_is_refused() -> None:
    (i,) = vars("i")
    f, g = Func("f"), Func("g")
    f[i] = i
    g[i] = 2 * i
    with pytest.raises(LanguageError) as caught:
        compile([f, g], shape=(3,))
    assert caught.value.message == "shape= is one shape, but there are several outputs."
    assert caught.value.legal == "shape={'f': (...), 'g': (...)}"
