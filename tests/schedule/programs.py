"""Small algorithms to schedule, and the text of the error that a call ends in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tensorlang.dtypes import float32, int64
from tensorlang.errors import ScheduleError, TensorlangError
from tensorlang.lang.func import Func
from tensorlang.lang.input import Input
from tensorlang.lang.var import RDom, vars

_WHERE = re.compile(r"    \S*tests/schedule/test_\w+\.py:\d+$", re.MULTILINE)


@dataclass(frozen=True)
class Gemm:
    """``C[i, j] += A[i, k] * B[k, j]``, with constant B."""

    a: Input
    b: Input
    c: Func


@dataclass(frozen=True)
class Conv:
    """A convolution with padding and ReLU, NHWC: x, w -> padded -> conv -> out."""

    x: Input
    w: Input
    padded: Func
    conv: Func
    out: Func


@dataclass(frozen=True)
class Blur:
    """``f[i, j] = g[i, j] + g[i, j + 1]``, with ``g[i, j] = x[i, j] * 2``."""

    x: Input
    g: Func
    f: Func


def gemm() -> Gemm:
    a, b = Input("A", (64, 32), float32), Input("B", (32, 48), float32, constant=True)
    i, j = vars("i j")
    k = RDom("k", 32)
    c = Func("C")
    c[i, j] += a[i, k] * b[k, j]
    return Gemm(a, b, c)


def conv() -> Conv:
    x, w = Input("x", (1, 16, 16, 8), float32), Input("w", (3, 3, 8, 32), float32, constant=True)
    n, p, q, k, c = vars("n p q k c")
    r, s, t = RDom("r s t", 3, 3, 8)
    padded, conv, out = Func("padded"), Func("conv"), Func("out")
    padded[n, p, q, c] = x[n, p, q, c] * 1.0
    conv[n, p, q, k] += padded[n, p + r, q + s, t] * w[r, s, t, k]
    out[n, p, q, k] = conv[n, p, q, k] + 1.0
    return Conv(x, w, padded, conv, out)


def blur() -> Blur:
    x = Input("x", (16, 17), float32)
    i, j = vars("i j")
    g, f = Func("g"), Func("f")
    g[i, j] = x[i, j] * 2.0
    f[i, j] = g[i, j] + g[i, j + 1]
    return Blur(x, g, f)


def histogram() -> Func:
    """``count[0] = count[0] * 2 + x[r, s]``: neither associative nor free of races."""
    x = Input("x", (8, 4), int64)
    (i,) = vars("i")
    r, s = RDom("r s", 8, 4)
    count = Func("count")
    count[i] = 0
    count[0] = count[0] * 2 + x[r, s]
    return count


def refusal(call: Callable[[], object]) -> str:
    """The text of the ScheduleError that `call` ends in, with ``HERE`` for the line of the test."""
    with pytest.raises(ScheduleError) as caught:
        call()
    return without_line(caught.value)


def without_line(error: TensorlangError) -> str:
    """The text of an error, with ``HERE`` for the line of the test."""
    text = str(error)
    assert _WHERE.search(text) or not error.asked, f"the error does not point at the test:\n{text}"
    return _WHERE.sub("    HERE", text)
