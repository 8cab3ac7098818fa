"""One-layer ONNX models of workloads, and their arrays in ONNX's layouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from autotune.bench.case import Array, copy_aligned
from autotune.bench.peers.onnx_plain_nodes import plain_node
from tensorlang.errors import TuningError
from tensorlang.nn import Conv2d, DepthwiseConv2d, FusedWorkload, Gemm, Workload

_OPSET, _IR_VERSION = 17, 8
_GELU_OPSET, _GELU_IR_VERSION = 20, 9  # the first that have it; for all else, what older peers read too

# A node, the constants that it takes, and its inputs, by name.
_Node: TypeAlias = tuple[onnx.NodeProto, dict[str, Array], dict[str, Array]]


@dataclass(frozen=True)
class OnnxLayer:
    """A model of one layer, its weights constants inside it.

    Attributes
    ----------
    model : bytes
        Serialised ModelProto; its output is ``y``.
    inputs : mapping of str to ndarray of float32
        ``x``, in ONNX's layout (NCHW), and ``w`` where it is not constant; C-contiguous.
    output_shape : tuple of int
        Shape of ``y``.
    is_image : bool
        True if ``y`` is NCHW and our own output NHWC.
    """

    model: bytes
    inputs: Mapping[str, Array]
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
        If the workload is not of float32: the kernels of other types compute something else (requantisation).
    """
    if workload.dtype != "float32":
        raise TuningError(f"{workload} is of {workload.dtype}; only float32 layers are compared.")
    if not isinstance(workload, FusedWorkload):
        node, weights, x, shape = plain_node(workload, arrays)
        return OnnxLayer(_model([node], weights, {"x": x}, shape), {"x": x}, shape, is_image=len(shape) == 4)
    if isinstance(workload, Gemm):
        node, weights, inputs = _gemm_node(workload, arrays)
        shape = (workload.m, workload.n)
    else:
        node, weights, inputs = _conv_node(workload, arrays)
        shape = (workload.n, workload.k, workload.p, workload.q)
    is_image = not isinstance(workload, Gemm)
    if workload.residual:
        residual = arrays["residual"].transpose(0, 3, 1, 2) if is_image else arrays["residual"]
        inputs["residual"] = copy_aligned(residual)
    epilogue, bounds = _epilogue(workload)
    model = _model([node, *epilogue], weights | bounds, inputs, shape)
    return OnnxLayer(model, inputs, shape, is_image)


def _gemm_node(workload: Gemm, arrays: Mapping[str, Array]) -> _Node:
    inputs, weights = {"x": arrays["a"]}, {"bias": arrays["bias"]} if workload.bias else {}
    (weights if workload.constant_b else inputs)["w"] = arrays["b"]
    return helper.make_node("Gemm", ["x", "w", *(["bias"] if workload.bias else [])], ["reduced"]), weights, inputs


def _conv_node(workload: Conv2d | DepthwiseConv2d, arrays: Mapping[str, Array]) -> _Node:
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
    return node, weights, {"x": copy_aligned(arrays["x"].transpose(0, 3, 1, 2))}


def _epilogue(workload: FusedWorkload) -> tuple[list[onnx.NodeProto], dict[str, Array]]:
    """The nodes from ``reduced`` to ``y``, and the constants that they take."""
    bounds: dict[str, Array] = {}
    nodes = [helper.make_node("Add", ["reduced", "residual"], ["added"])] if workload.residual else []
    source = "added" if workload.residual else "reduced"
    if workload.clip:
        bounds = {name: np.array(bound, np.float32) for name, bound in zip(("low", "high"), workload.clip, strict=True)}
        nodes.append(helper.make_node("Clip", [source, *bounds], ["y"]))
    elif workload.relu:
        nodes.append(helper.make_node("Relu", [source], ["y"]))
    elif workload.activation == "sigmoid":
        nodes.append(helper.make_node("Sigmoid", [source], ["y"]))
    elif workload.activation:
        approximate = "tanh" if workload.activation == "gelu_tanh" else "none"
        nodes.append(helper.make_node("Gelu", [source], ["y"], approximate=approximate))
    return nodes, bounds


def _model(
    nodes: Sequence[onnx.NodeProto],
    weights: Mapping[str, Array],
    inputs: Mapping[str, Array],
    output_shape: tuple[int, ...],
) -> bytes:
    nodes[-1].output[0] = "y"
    graph = helper.make_graph(
        nodes,
        "layer",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape) for name, value in inputs.items()],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, output_shape)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    has_gelu = any(node.op_type == "Gelu" for node in nodes)
    opset, ir_version = (_GELU_OPSET, _GELU_IR_VERSION) if has_gelu else (_OPSET, _IR_VERSION)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir_version)
    onnx.checker.check_model(model)
    serialised: bytes = model.SerializeToString()
    return serialised
