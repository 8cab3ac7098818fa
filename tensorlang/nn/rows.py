"""Softmax and layer normalisation of the rows of a matrix, as algorithms."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlang.dtypes import parse_dtype
from tensorlang.lang.func import Func
from tensorlang.lang.functions import cast, exp, sqrt
from tensorlang.lang.functions import max as elementwise_max
from tensorlang.lang.input import Input
from tensorlang.lang.var import RDom, Var
from tensorlang.nn.layer import Layer
from tensorlang.nn.workload import LayerNorm, Softmax


def softmax(workload: Softmax) -> Layer:
    """Return ``out[i, j] = power[i, j] / total[i]``, ``power[i, j] = exp(x[i, j] - largest[i])``.

    The only input is ``x`` (rows, n). Stages are ``largest``, ``power``, ``total``, ``share`` (one over the total),
    ``out``. As the largest power is 1, nothing overflows, and the total is at least 1.
    """
    dtype = parse_dtype(workload.dtype)
    x = Input("x", (workload.rows, workload.n), dtype)
    i, j, k = Var("i"), Var("j"), RDom("k", workload.n)
    largest, power, total, share, out = map(Func, ("largest", "power", "total", "share", "out"))
    largest[i] = cast(dtype, dtype.minimum)
    largest[i] = elementwise_max(largest[i], x[i, k])
    power[i, j] = exp(x[i, j] - largest[i])
    total[i] += power[i, k]
    share[i] = 1 / total[i]
    out[i, j] = power[i, j] * share[i]
    return _layer(workload, (x,), (largest, power, total, share, out))


def layer_norm(workload: LayerNorm) -> Layer:
    """Return ``out[i, j] = (x[i, j] - mean[i]) * factor[i] * scale[j] + shift[j]``.

    Inputs are ``x`` (rows, n), ``scale`` (n) and ``shift`` (n); the last two are constant. Stages are ``total`` (of
    the row), ``mean``, ``squares`` (the sum of those of ``x - mean``), ``factor`` (one over the standard deviation),
    ``out``. The squares are of differences from the mean, so that nothing cancels where the mean is large.
    """
    dtype = parse_dtype(workload.dtype)
    x = Input("x", (workload.rows, workload.n), dtype)
    scale = Input("scale", (workload.n,), dtype, constant=True)
    shift = Input("shift", (workload.n,), dtype, constant=True)
    i, j, k = Var("i"), Var("j"), RDom("k", workload.n)
    total, mean, squares, factor, out = map(Func, ("total", "mean", "squares", "factor", "out"))
    total[i] += x[i, k]
    mean[i] = total[i] / workload.n
    difference = x[i, k] - mean[i]
    squares[i] += difference * difference
    factor[i] = 1 / sqrt(squares[i] / workload.n + workload.epsilon)
    out[i, j] = (x[i, j] - mean[i]) * factor[i] * scale[j] + shift[j]
    return _layer(workload, (x, scale, shift), (total, mean, squares, factor, out))


def _layer(workload: Softmax | LayerNorm, inputs: Sequence[Input], stages: Sequence[Func]) -> Layer:
    shape = (workload.rows, workload.n)
    return Layer(workload, stages[-1], tuple(inputs), shape, {stage.name: stage for stage in stages})
