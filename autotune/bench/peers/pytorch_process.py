"""PyTorch as an implementation: its operators in NCHW and NHWC, and oneDNN's with weights reordered beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from autotune.bench.case import Array, make_arrays
from autotune.bench.peers.coverage import require_simple_layer
from autotune.bench.peers.variants import Variant, keep_fastest
from autotune.bench.serve import Facts, OpenLayer, serve
from tensorlang.nn import Conv2d, DepthwiseConv2d, FusedWorkload, Gemm, Workload, workload_from_data

_Compute = Callable[[], Any]

_HAS_ONEDNN = torch.backends.mkldnn.is_available()


class PyTorch:
    """PyTorch's CPU kernels with `threads` threads."""

    def __init__(self, threads: int) -> None:
        torch.set_num_threads(threads)

    def open(self, workload: Workload, schedule: str | None) -> OpenLayer:
        """Prepare the layer in every way that PyTorch has for it, and keep the fastest one."""
        work, arrays = require_simple_layer(workload, "pytorch"), make_arrays(workload)
        if isinstance(work, Gemm):
            ways, to_ours = _product(work, arrays), _rows
        else:
            ways, to_ours = _convolution(work, arrays), _images
        variants = [_Way(compute, to_ours).variant(name) for name, compute in ways.items()]
        return keep_fastest(variants, f"PyTorch {torch.__version__}")

    def facts(self) -> Facts:
        """Nothing that belongs to no layer."""
        return {}


class _Way:
    """A computation whose last output is kept: most operators allocate theirs."""

    def __init__(self, compute: _Compute, to_ours: Callable[[Any], Array]) -> None:
        self._compute, self._to_ours, self._y = compute, to_ours, None

    def variant(self, name: str) -> Variant:
        return Variant(name, self._call, lambda: self._to_ours(self._y))

    def _call(self) -> None:
        self._y = self._compute()


def _product(work: Gemm, arrays: Mapping[str, Array]) -> dict[str, _Compute]:
    a, b = torch.from_numpy(arrays["a"]), torch.from_numpy(arrays["b"])
    bias = torch.from_numpy(arrays["bias"]) if work.bias else None
    out, activate = torch.empty(work.m, work.n), _activation(work)
    ways: dict[str, _Compute] = {
        "mm": lambda: activate(torch.mm(a, b, out=out) if bias is None else torch.addmm(bias, a, b, out=out))
    }
    if work.constant_b and _HAS_ONEDNN:
        packed = torch.ops.mkldnn._reorder_linear_weight(b.T.contiguous(), work.m)
        fused = _fused_activation(work)
        ways["oneDNN, b packed"] = lambda: torch.ops.mkldnn._linear_pointwise(a, packed, bias, *fused)
    return ways


def _convolution(work: Conv2d | DepthwiseConv2d, arrays: Mapping[str, Array]) -> dict[str, _Compute]:
    x_nhwc = torch.from_numpy(arrays["x"]).permute(0, 3, 1, 2)  # the same memory, seen as an NCHW tensor
    rsck = arrays["w"][:, :, np.newaxis, :] if isinstance(work, DepthwiseConv2d) else arrays["w"]
    w_nhwc = torch.from_numpy(rsck).permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    x, w = x_nhwc.contiguous(), w_nhwc.contiguous()
    bias = torch.from_numpy(arrays["bias"]) if work.bias else None
    groups = work.c if isinstance(work, DepthwiseConv2d) else work.groups
    activate, usual = _activation(work), (work.stride, work.padding, work.dilation, groups)
    ways: dict[str, _Compute] = {
        "NCHW": lambda: activate(functional.conv2d(x, w, bias, *usual)),
        "NHWC": lambda: activate(functional.conv2d(x_nhwc, w_nhwc, bias, *usual)),
    }
    return ways | (_convolution_by_onednn(work, x_nhwc, w_nhwc, bias, groups) if _HAS_ONEDNN else {})


def _convolution_by_onednn(
    work: Conv2d | DepthwiseConv2d, x: Any, w: Any, bias: Any, groups: int
) -> dict[str, _Compute]:
    """The operators of oneDNN that PyTorch's compiler and its MkldnnConv2d use, their weights reordered here."""
    where = (list(work.padding), list(work.stride), list(work.dilation), groups)
    shape, activate, fused = list(x.shape), _activation(work), _fused_activation(work)
    packed = torch.ops.mkldnn._reorder_convolution_weight(w, *where, shape)
    ways: dict[str, _Compute] = {
        "oneDNN in NHWC": lambda: torch.ops.mkldnn._convolution_pointwise(x, packed, bias, *where, *fused)
    }
    if not work.clip:  # which is not there for tensors of oneDNN's own
        own_x, plain = x.contiguous().to_mkldnn(), w.contiguous().to_mkldnn()
        own = torch._C._nn.mkldnn_reorder_conv2d_weight(plain, *where, shape)
        own_bias = None if bias is None else bias.to_mkldnn()
        ways["oneDNN in its own layout"] = lambda: activate(torch.mkldnn_convolution(own_x, own, own_bias, *where))
    return ways


def _activation(work: FusedWorkload) -> Callable[[Any], Any]:
    """The activation as an operator that works in place."""
    if work.clip:
        low, high = work.clip
        return lambda y: y.clamp_(low, high)
    return torch.relu_ if work.relu else lambda y: y


def _fused_activation(work: FusedWorkload) -> tuple[str, list[float], str]:
    """The activation as oneDNN's operators take it: name, numbers, algorithm."""
    if work.clip:
        return "hardtanh", list(work.clip), ""
    return ("relu" if work.relu else "none"), [], ""


def _rows(y: Any) -> Array:
    return np.asarray(y.numpy())


def _images(y: Any) -> Array:
    dense = y.to_dense() if y.is_mkldnn else y
    return np.ascontiguousarray(dense.permute(0, 2, 3, 1).numpy())


if __name__ == "__main__":
    with torch.inference_mode():
        serve(PyTorch, workload_from_data)
