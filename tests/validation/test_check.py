"""The check itself: right kernels pass, and every way to be wrong is found and described."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest

from tensorlang import nn
from tensorlang.errors import LanguageError
from tensorlang.ir.module import BufferParam
from tensorlang.lang.expr import Expr
from tensorlang.lang.func import Func
from tensorlang.lang.functions import exp
from tensorlang.lang.input import Input
from tensorlang.lang.var import Var
from tensorlang.runtime.compile import compile as compile_kernel
from tensorlang.runtime.kernel import Kernel
from tensorlang.validation import check_kernel

Damage = Callable[[npt.NDArray[Any]], None]


class _Damaged:
    """A kernel that spoils its output, before or after computing it."""

    def __init__(self, kernel: Kernel, after: Damage) -> None:
        self.algorithm, self.after, self.kernel = kernel.algorithm, after, kernel
        self.inputs: tuple[BufferParam, ...] = kernel.inputs
        self.outputs: tuple[BufferParam, ...] = kernel.outputs

    def __call__(self, *arrays: npt.NDArray[Any], out: npt.NDArray[Any], threads: int | None) -> None:
        filled = out.copy()
        self.kernel(*arrays, out=out, threads=threads)
        self.after(out)
        untouched = np.isnan(out) if out.dtype.kind == "f" else out == 99
        out[untouched] = filled[untouched]


def _damaged(kernel: Kernel, after: Damage) -> Kernel:
    return cast(Kernel, _Damaged(kernel, after))


def _pointwise(make: Callable[[Expr], Expr], dtype: str = "float32") -> Kernel:
    i, f = Var("i"), Func("f")
    f[i] = make(Input("x", (50,), dtype)[i])
    return compile_kernel(f, shape=(50,))


def _set(value: float) -> Damage:
    def damage(out: npt.NDArray[Any]) -> None:
        out[-1] = value

    return damage


def test_right_kernel_passes_exactly_on_integers_and_within_the_bound_on_floats() -> None:
    layer = nn.build(nn.Gemm(5, 6, 7))
    result = check_kernel(compile_kernel(layer.output, shape=layer.shape, inputs=layer.inputs), seeds=(3, 4))
    assert result.ok and result.reason == "" and result.seeds == (3, 4)
    assert result.max_rel_error < 1e-6


def test_inexact_algorithm_is_compared_within_the_bound() -> None:
    assert check_kernel(_pointwise(exp)).ok


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8"])
def test_element_that_is_not_written_is_found(dtype: str) -> None:
    kernel = _damaged(_pointwise(lambda x: x + x, dtype), _set(np.nan if dtype == "float32" else 99))
    result = check_kernel(kernel)
    assert not result.ok
    text = "f, with small integers of seed 0: 1 of 50 elements are wrong, the first at [49]: got "
    assert result.reason.startswith(text)


def test_integers_must_be_exact() -> None:
    def nudge(out: npt.NDArray[Any]) -> None:
        out[:] = np.nextafter(out, np.float32(np.inf))

    result = check_kernel(_damaged(_pointwise(lambda x: x + x), nudge))
    assert not result.ok and "small integers" in result.reason and result.max_rel_error < 1e-6


def _round(out: npt.NDArray[Any]) -> None:
    out[:] = np.round(out)


def test_wrong_floats_are_found_where_integers_agree() -> None:
    result = check_kernel(_damaged(_pointwise(lambda x: x + x), _round))
    assert not result.ok and "random floats" in result.reason


def test_another_algorithm_is_a_wrong_answer() -> None:
    kernel, other = _pointwise(lambda x: x + x), _pointwise(lambda x: x * 3)
    kernel.algorithm = other.algorithm
    assert not check_kernel(kernel).ok


def test_given_arrays_are_used() -> None:
    kernel = _pointwise(lambda x: x + x)
    x = np.full(50, 1e30, np.float32)
    assert check_kernel(kernel, arrays={"x": x}) == replace(check_kernel(kernel), seeds=())
    assert not check_kernel(_damaged(kernel, _set(0.0)), arrays={"x": x}).ok


def test_kernel_without_algorithm_is_refused() -> None:
    kernel = _pointwise(lambda x: x)
    kernel.algorithm = None
    with pytest.raises(LanguageError) as caught:
        check_kernel(kernel)
    assert (
        str(caught.value)
        == """\
a kernel made from a module by hand cannot be checked.
  hint        make it by tl.compile from an algorithm"""
    )


class _Spoiled(_Damaged):
    """A kernel that spoils one element of its tuple."""

    def __call__(self, *arrays: Any, out: Any, threads: int | None) -> None:
        self.kernel(*arrays, out=out, threads=threads)
        self.after(out[1])


def test_each_element_of_a_tuple_is_checked() -> None:
    i, f = Var("i"), Func("f")
    f[i] = (Input("x", (50,), "float32")[i], i)
    kernel = compile_kernel(f)
    assert check_kernel(kernel).ok
    result = check_kernel(cast(Kernel, _Spoiled(kernel, _set(3))))
    assert result.reason == (
        "f.1, with small integers of seed 0: 1 of 50 elements are wrong, the first at [49]: got 3, expected 49"
    )
