"""Neural-network layers as algorithms: Funcs and the workloads they compute, with no schedules."""

from __future__ import annotations

from tensorlang.nn.convolution import conv2d, depthwise_conv2d
from tensorlang.nn.dense import gemm
from tensorlang.nn.layer import Layer
from tensorlang.nn.pooling import pool2d
from tensorlang.nn.rows import layer_norm, softmax
from tensorlang.nn.workload import (
    WORKLOADS,
    Conv2d,
    DepthwiseConv2d,
    FusedWorkload,
    Gemm,
    LayerNorm,
    Pool2d,
    Softmax,
    Workload,
    workload_from_data,
    workload_from_json,
)


def build(workload: Workload) -> Layer:
    """Return the layer that computes `workload`, made of fresh Funcs."""
    match workload:
        case Gemm():
            return gemm(workload)
        case Conv2d():
            return conv2d(workload)
        case DepthwiseConv2d():
            return depthwise_conv2d(workload)
        case Pool2d():
            return pool2d(workload)
        case Softmax():
            return softmax(workload)
        case LayerNorm():
            return layer_norm(workload)


__all__ = [
    "WORKLOADS",
    "Conv2d",
    "DepthwiseConv2d",
    "FusedWorkload",
    "Gemm",
    "Layer",
    "LayerNorm",
    "Pool2d",
    "Softmax",
    "Workload",
    "build",
    "conv2d",
    "depthwise_conv2d",
    "gemm",
    "layer_norm",
    "pool2d",
    "softmax",
    "workload_from_data",
    "workload_from_json",
]
