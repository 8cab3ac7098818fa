"""2-D convolutions, dense, grouped and depthwise, as algorithms; images are NHWC, filters RSCK."""

from __future__ import annotations

from tensorlang.dtypes import parse_dtype
from tensorlang.lang.boundary import constant_exterior
from tensorlang.lang.expr import Expr
from tensorlang.lang.func import Func
from tensorlang.lang.input import Input
from tensorlang.lang.var import RDom, Var
from tensorlang.nn.epilogue import finish_layer
from tensorlang.nn.layer import Layer
from tensorlang.nn.workload import Conv2d, DepthwiseConv2d


def conv2d(workload: Conv2d) -> Layer:
    """Return ``conv[n, p, q, k] = sum over r, s, c of padded[n, row, column, c] * w[r, s, c, k]``, with its epilogue.

    There ``row = p * stride + r * dilation``, ``column`` likewise of q and s, and with groups `c` counts within the
    group of `k`. Inputs are ``x`` (n, h, w, c), ``w`` (r, s, c / groups, k), ``bias`` (k) and ``residual`` (n,
    p, q, k); w and bias are constant. Stages are ``padded`` if there is padding, ``conv``, and those of `finish_layer`.
    """
    group_c, group_k = workload.c // workload.groups, workload.k // workload.groups
    x, image = _image(workload)
    w = Input("w", (workload.r, workload.s, group_c, workload.k), parse_dtype(workload.dtype), constant=True)
    n, p, q, k = Var("n"), Var("p"), Var("q"), Var("k")
    r, s, c = RDom("r s c", workload.r, workload.s, group_c)
    channel = c if workload.groups == 1 else (k // group_k) * group_c + c
    row, column = _places(workload, (p, q), (r, s))
    conv = Func("conv")
    conv[n, p, q, k] += image[n, row, column, channel] * w[r, s, c, k]
    return _finish(workload, (n, p, q, k), (x, w), image, conv)


def depthwise_conv2d(workload: DepthwiseConv2d) -> Layer:
    """Return ``conv[n, p, q, k] = sum of padded[n, row, column, k // multiplier] * w[r, s, k]``, and epilogue.

    Inputs are ``x`` (n, h, w, c), ``w`` (r, s, c * multiplier), ``bias`` (c * multiplier) and ``residual`` (n,
    p, q, c * multiplier); w and bias are constant. Rows, columns and stages are those of `conv2d`.
    """
    x, image = _image(workload)
    w = Input("w", (workload.r, workload.s, workload.k), parse_dtype(workload.dtype), constant=True)
    n, p, q, k = Var("n"), Var("p"), Var("q"), Var("k")
    r, s = RDom("r s", workload.r, workload.s)
    channel = k if workload.multiplier == 1 else k // workload.multiplier
    row, column = _places(workload, (p, q), (r, s))
    conv = Func("conv")
    conv[n, p, q, k] += image[n, row, column, channel] * w[r, s, k]
    return _finish(workload, (n, p, q, k), (x, w), image, conv)


def _image(workload: Conv2d | DepthwiseConv2d) -> tuple[Input, Input | Func]:
    """The data input, and what the convolution reads: the input itself, or ``padded``."""
    x = Input("x", (workload.n, workload.h, workload.w, workload.c), parse_dtype(workload.dtype))
    if workload.padding == (0, 0):
        return x, x
    return x, constant_exterior(x, 0, (0, *workload.padding, 0), vars="n h w c", name="padded")


def _places(workload: Conv2d | DepthwiseConv2d, output: tuple[Var, Var], taps: tuple[Expr, Expr]) -> tuple[Expr, Expr]:
    """Row and column of the image under tap (r, s) of output (p, q)."""
    row, column = (
        _scaled(at, stride) + _scaled(tap, dilation)
        for at, stride, tap, dilation in zip(output, workload.stride, taps, workload.dilation, strict=True)
    )
    return row, column


def _scaled(index: Expr, factor: int) -> Expr:
    return index if factor == 1 else index * factor


def _finish(
    workload: Conv2d | DepthwiseConv2d,
    indices: tuple[Var, Var, Var, Var],
    inputs: tuple[Input, Input],
    image: Input | Func,
    conv: Func,
) -> Layer:
    stages = (image, conv) if isinstance(image, Func) else (conv,)
    return finish_layer(workload, (workload.n, workload.p, workload.q, workload.k), indices, inputs, stages)
