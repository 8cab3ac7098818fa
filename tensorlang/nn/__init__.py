"""Neural-network layers as algorithms: Funcs and the workloads they compute, with no schedules."""

from __future__ import annotations

from tensorlang.nn.convolution import conv2d, depthwise_conv2d
from tensorlang.nn.dense import gemm
from tensorlang.nn.layer import Layer
from tensorlang.nn.workload import (
    WORKLOADS,
    Conv2d,
    DepthwiseConv2d,
    Gemm,
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


__all__ = [
    "WORKLOADS",
    "Conv2d",
    "DepthwiseConv2d",
    "Gemm",
    "Layer",
    "Workload",
    "build",
    "conv2d",
    "depthwise_conv2d",
    "gemm",
    "workload_from_data",
    "workload_from_json",
]
