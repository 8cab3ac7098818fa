"""ONNX nodes of the operations that nothing is fused to: pooling, softmax, layer normalisation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import helper

from autotune.bench.case import Array
from tensorlang.nn import LayerNorm, Pool2d, Softmax


def plain_node(
    workload: Pool2d | Softmax | LayerNorm, arrays: Mapping[str, Array]
) -> tuple[onnx.NodeProto, dict[str, Array], Array, tuple[int, ...]]:
    """The node from ``x`` to ``y``, its constants, and input and output shape in ONNX's layouts."""
    match workload:
        case Pool2d():
            x = np.ascontiguousarray(arrays["x"].transpose(0, 3, 1, 2))
            return _pool_node(workload), {}, x, (workload.n, workload.c, workload.p, workload.q)
        case Softmax():
            return helper.make_node("Softmax", ["x"], ["y"], axis=-1), {}, arrays["x"], arrays["x"].shape
        case LayerNorm():
            weights = {name: arrays[name] for name in ("scale", "shift")}
            node = helper.make_node("LayerNormalization", ["x", *weights], ["y"], axis=-1, epsilon=workload.epsilon)
            return node, weights, arrays["x"], arrays["x"].shape


def _pool_node(workload: Pool2d) -> onnx.NodeProto:
    is_whole = (workload.r, workload.s, *workload.padding) == (workload.h, workload.w, 0, 0)
    if workload.kind == "average" and is_whole:
        return helper.make_node("GlobalAveragePool", ["x"], ["y"])
    counted = {"count_include_pad": int(workload.count_padding)} if workload.kind == "average" else {}
    return helper.make_node(
        "AveragePool" if workload.kind == "average" else "MaxPool",
        ["x"],
        ["y"],
        kernel_shape=[workload.r, workload.s],
        strides=list(workload.stride),
        pads=[*workload.padding, *workload.padding],
        **counted,
    )
