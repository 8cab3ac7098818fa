"""Layers by their definition, written out in NumPy: what every library's answer is held against."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from autotune.bench.case import Array
from tensorlang.nn import Conv2d, DepthwiseConv2d, FusedWorkload, Gemm


def _convolve(work: Conv2d | DepthwiseConv2d, arrays: Mapping[str, Array]) -> Array:
    """The convolution of `arrays` by its definition, output channel by output channel."""
    (up, left), (down, right) = work.padding, work.stride
    padded = np.pad(arrays["x"].astype(np.float64), ((0, 0), (up, up), (left, left), (0, 0)))
    out = np.zeros((work.n, work.p, work.q, work.k))
    for k in range(work.k):
        if isinstance(work, DepthwiseConv2d):
            weights, first, last = arrays["w"][:, :, np.newaxis, k], k // work.multiplier, k // work.multiplier + 1
        else:
            size = work.c // work.groups
            first = k // (work.k // work.groups) * size
            weights, last = arrays["w"][:, :, :, k], first + size
        for r in range(work.r):
            for s in range(work.s):
                row, column = r * work.dilation[0], s * work.dilation[1]
                taken = padded[
                    :, row : row + work.p * down : down, column : column + work.q * right : right, first:last
                ]
                out[..., k] += (taken[:, : work.p, : work.q] * weights[r, s]).sum(axis=-1)
    return out


def compute(work: FusedWorkload, arrays: Mapping[str, Array]) -> Array:
    """The layer of `arrays` in float64, in our layout."""
    out = arrays["a"].astype(np.float64) @ arrays["b"] if isinstance(work, Gemm) else _convolve(work, arrays)
    out = out + arrays["bias"] if work.bias else out
    out = out + arrays["residual"] if work.residual else out
    out = np.maximum(out, 0) if work.relu else out
    match work.activation:
        case "sigmoid":
            out = 1 / (1 + np.exp(-out))
        case "gelu":
            out = out / 2 * np.vectorize(math.erfc)(-out / math.sqrt(2))
        case "gelu_tanh":
            out = out / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (out + 0.044715 * out**3)))
    return np.clip(out, *work.clip) if work.clip else out
