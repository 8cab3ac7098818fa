"""Matrix multiplication as an algorithm."""

from __future__ import annotations

from tensorlang.dtypes import parse_dtype
from tensorlang.lang.func import Func
from tensorlang.lang.input import Input
from tensorlang.lang.var import RDom, Var
from tensorlang.nn.epilogue import finish_layer
from tensorlang.nn.layer import Layer
from tensorlang.nn.workload import Gemm


def gemm(workload: Gemm) -> Layer:
    """Return ``out[i, j] = act(sum over k of a[i, k] * b[k, j] + bias[j] + residual[i, j])``.

    Inputs are ``a`` (m, k), ``b`` (k, n), ``bias`` (n) and ``residual`` (m, n); bias is constant, and b unless the
    workload says otherwise. Stages are ``matmul`` and those of `finish_layer`.
    """
    dtype = parse_dtype(workload.dtype)
    a = Input("a", (workload.m, workload.k), dtype)
    b = Input("b", (workload.k, workload.n), dtype, constant=workload.constant_b)
    i, j, k = Var("i"), Var("j"), RDom("k", workload.k)
    matmul = Func("matmul")
    matmul[i, j] += a[i, k] * b[k, j]
    return finish_layer(workload, (workload.m, workload.n), (i, j), (a, b), (matmul,))
