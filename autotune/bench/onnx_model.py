"""One-layer ONNX models of workloads, and their arrays in ONNX's layouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from autotune.bench.case import Array
from autotune.bench.onnx_plain_nodes import plain_node
from tensorlang.errors import TuningError
from tensorlang.nn import Conv2d, DepthwiseConv2d, FusedWorkload, Gemm, Workload

_OPSET, _IR_VERSION = 17, 8
_GELU_OPSET, _GELU_IR_VERSION = 20, 9  # the first that have it; for all else, what older peers read too


@dataclass(frozen=True)
class OnnxLayer:
    """A model of one layer, its weights constants inside it.

    Attributes
    ----------
    model : bytes
        Serialised ModelProto; input ``x``, output ``y``.
    x : ndarray of float32
        The input, in ONNX's layout (NCHW), C-contiguous.
    output_shape : tuple of int
        Shape of ``y``.
    is_image : bool
        True if ``y`` is NCHW and our own output NHWC.
    """

    model: bytes
    x: Array
    output_shape: tuple[int, ...]
    is_image: bool

    def to_our_layout(self, y: Array) -> Array:
        """``y`` as our own kernels give it."""
        return np.ascontiguousarray(y.transpose(0, 2, 3, 1)) if self.is_image else y


def build_onnx_layer(workload: Workload, arrays: Mapping[str, Array]) -> OnnxLayer:
    """Return the ONNX model that computes `workload` on `arrays` (as `make_arrays` gives them).

    Raises
    ------
    TuningError
        If the workload is not of float32: the kernels of other types compute something else (requantisation). If it
        has a residual: these models have one input.
    """
    if workload.dtype != "float32":
        raise TuningError(f"{workload} is of {workload.dtype}; only float32 layers are compared.")
    if not isinstance(workload, FusedWorkload):
        node, weights, x, shape = plain_node(workload, arrays)
        return OnnxLayer(_model([node], weights, x, shape), x, shape, is_image=len(shape) == 4)
    if workload.residual:
        raise TuningError(f"{workload} adds a residual; only layers of one input are compared.")
    if isinstance(workload, Gemm):
        node, weights, x = _gemm_node(workload, arrays)
        shape = (workload.m, workload.n)
    else:
        node, weights, x = _conv_node(workload, arrays)
        shape = (workload.n, workload.k, workload.p, workload.q)
    nodes, bounds = _activate(node, workload)
    model = _model(nodes, weights | bounds, x, shape)
    return OnnxLayer(model, x, shape, is_image=not isinstance(workload, Gemm))


def _gemm_node(workload: Gemm, arrays: Mapping[str, Array]) -> tuple[onnx.NodeProto, dict[str, Array], Array]:
    weights = {"w": arrays["b"]} | ({"bias": arrays["bias"]} if workload.bias else {})
    return helper.make_node("Gemm", ["x", *weights], ["reduced"]), weights, arrays["a"]


def _conv_node(
    workload: Conv2d | DepthwiseConv2d, arrays: Mapping[str, Array]
) -> tuple[onnx.NodeProto, dict[str, Array], Array]:
    if isinstance(workload, DepthwiseConv2d):
        groups, rsck = workload.c, arrays["w"][:, :, np.newaxis, :]
    else:
        groups, rsck = workload.groups, arrays["w"]
    weights = {"w": np.ascontiguousarray(rsck.transpose(3, 2, 0, 1))}
    if workload.bias:
        weights["bias"] = arrays["bias"]
    node = helper.make_node(
        "Conv",
        ["x", *weights],
        ["reduced"],
        kernel_shape=[workload.r, workload.s],
        strides=list(workload.stride),
        pads=[*workload.padding, *workload.padding],
        dilations=list(workload.dilation),
        group=groups,
    )
    return node, weights, np.ascontiguousarray(arrays["x"].transpose(0, 3, 1, 2))


def _activate(node: onnx.NodeProto, workload: FusedWorkload) -> tuple[list[onnx.NodeProto], dict[str, Array]]:
    """`node` with the node of its activation if there is one, and the constants that this one takes."""
    if workload.relu:
        return [node, helper.make_node("Relu", ["reduced"], ["y"])], {}
    if workload.activation == "sigmoid":
        return [node, helper.make_node("Sigmoid", ["reduced"], ["y"])], {}
    if workload.activation:
        approximate = "tanh" if workload.activation == "gelu_tanh" else "none"
        return [node, helper.make_node("Gelu", ["reduced"], ["y"], approximate=approximate)], {}
    if workload.clip:
        bounds = {name: np.array(bound, np.float32) for name, bound in zip(("low", "high"), workload.clip, strict=True)}
        return [node, helper.make_node("Clip", ["reduced", *bounds], ["y"])], bounds
    node.output[0] = "y"
    return [node], {}


def _model(
    nodes: Sequence[onnx.NodeProto], weights: Mapping[str, Array], x: Array, output_shape: tuple[int, ...]
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, output_shape)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    has_gelu = any(node.op_type == "Gelu" for node in nodes)
    opset, ir_version = (_GELU_OPSET, _GELU_IR_VERSION) if has_gelu else (_OPSET, _IR_VERSION)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
    onnx.checker.check_model(model)
    serialised: bytes = model.SerializeToString()
    return serialised
