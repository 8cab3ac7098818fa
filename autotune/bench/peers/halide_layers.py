"""Layers as Halide algorithms, with their shapes fixed as its own applications fix them, and the arrays they take.

Halide writes the innermost dimension first: the axes (n, y, x, c) of an array are ``c, x, y, n`` here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import halide as hl
import numpy as np

from autotune.bench.case import Array, copy_aligned, empty_aligned
from tensorlang.nn import Conv2d, Gemm

_ALIGNMENT_BYTES = 128  # what `empty_aligned` gives


@dataclass(frozen=True)
class HalideLayer:
    """An algorithm without a schedule, to be used for one schedule only.

    Attributes
    ----------
    out : Func
        What the layer gives, the activation applied.
    total : Func
        The sum that it is made of.
    v : mapping of str to Var
        The variables of `out` by name.
    r : RDom
        What `total` sums over.
    params : mapping of str to ImageParam
        The inputs by name.
    arrays : sequence of ndarray
        Values for `params`, in their order.
    y : ndarray
        The output, in our layout.
    """

    out: Any
    total: Any
    v: Mapping[str, Any]
    r: Any
    params: Mapping[str, Any]
    arrays: Sequence[Array]
    y: Array


def make_halide_layer(workload: Gemm | Conv2d, arrays: Mapping[str, Array]) -> HalideLayer:
    """Return the algorithm of `workload`, whose convolution has one group."""
    if isinstance(workload, Gemm):
        return _gemm(workload, arrays)
    return _convolution(workload, arrays)


def _gemm(work: Gemm, arrays: Mapping[str, Array]) -> HalideLayer:
    values = {name: copy_aligned(arrays[name]) for name in ("a", "b", *(["bias"] if work.bias else []))}
    params = {name: _param(name, value) for name, value in values.items()}
    v = {name: hl.Var(name) for name in "xy"}
    x, y = v.values()
    k = hl.RDom([(0, work.k)], "k")
    total, out = hl.Func("matrix_mul"), hl.Func("out")
    total[x, y] += params["a"][k.x, y] * params["b"][x, k.x]
    out[x, y] = _activate(total[x, y] + (params["bias"][x] if work.bias else hl.f32(0)), work)
    result = empty_aligned((work.m, work.n))
    return _fix(HalideLayer(out, total, v, k, params, tuple(values.values()), result))


def _convolution(work: Conv2d, arrays: Mapping[str, Array]) -> HalideLayer:
    (up, left), (down, right), (dilate_y, dilate_x) = work.padding, work.stride, work.dilation
    # As in conv_layer of Halide's applications, the image comes with its padding, and the filter has its input channels
    # outermost. Neither is part of the call.
    values = {
        "image": copy_aligned(np.pad(arrays["x"], ((0, 0), (up, up), (left, left), (0, 0)))),
        "filter": copy_aligned(arrays["w"].transpose(2, 0, 1, 3)),
        **({"bias": copy_aligned(arrays["bias"])} if work.bias else {}),
    }
    params = {name: _param(name, value) for name, value in values.items()}
    v = {name: hl.Var(name) for name in "cxyn"}
    c, x, y, n = v.values()
    r = hl.RDom([(0, work.c), (0, work.s), (0, work.r)], "r")
    total, out = hl.Func("conv"), hl.Func("out")
    total[c, x, y, n] = params["bias"][c] if work.bias else hl.f32(0)
    taken = params["image"][r.x, x * right + r.y * dilate_x, y * down + r.z * dilate_y, n]
    total[c, x, y, n] += params["filter"][c, r.y, r.z, r.x] * taken
    out[c, x, y, n] = _activate(total[c, x, y, n], work)
    result = empty_aligned((work.n, work.p, work.q, work.k))
    return _fix(HalideLayer(out, total, v, r, params, tuple(values.values()), result))


def _activate(value: Any, workload: Gemm | Conv2d) -> Any:
    if workload.clip:
        low, high = (hl.f32(bound) for bound in workload.clip)
        return hl.min(hl.max(value, low), high)
    return hl.max(value, hl.f32(0)) if workload.relu else value


def _param(name: str, array: Array) -> Any:
    param = hl.ImageParam(hl.Float(32), array.ndim, name)
    _fix_shape(param, array)
    return param


def _fix(layer: HalideLayer) -> HalideLayer:
    """Tell Halide the shape of the output, so that it compiles for this one alone."""
    _fix_shape(layer.out.output_buffer(), layer.y)
    for var, extent in zip(layer.v.values(), reversed(layer.y.shape), strict=True):
        layer.out.bound(var, 0, extent)
    return layer


def _fix_shape(buffer: Any, array: Array) -> None:
    stride = 1
    for axis, extent in enumerate(reversed(array.shape)):
        buffer.dim(axis).set_bounds(0, extent).set_stride(stride)
        buffer.dim(axis).set_estimate(0, extent)  # for the autoscheduler
        stride *= extent
    buffer.set_host_alignment(_ALIGNMENT_BYTES)
