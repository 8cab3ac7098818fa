"""MobileNet v2, width 1.0 at 224x224 (Sandler et al. 2018, as in torchvision): its distinct layers as a table."""

from __future__ import annotations

from autotune.networks.layers import RELU6, convolution, depthwise
from autotune.networks.network import Network, NetworkLayer
from tensorlang.nn.workload import Conv2d, DepthwiseConv2d, Gemm

_DENSE, _DEPTHWISE, _POINTWISE, _LINEAR = "dense 3x3", "depthwise 3x3", "pointwise", "pointwise without activation"

# name, kind, input height and width, channels in, channels out, stride, times it occurs.
# A number is that of the first block with a layer of this shape: expand, dw and project, the first without expand.
_CONVOLUTIONS = (
    ("conv1", _DENSE, 224, 3, 32, 2, 1),
    ("dw1", _DEPTHWISE, 112, 32, 32, 1, 1),
    ("project1", _LINEAR, 112, 32, 16, 1, 1),
    ("expand2", _POINTWISE, 112, 16, 96, 1, 1),
    ("dw2", _DEPTHWISE, 112, 96, 96, 2, 1),
    ("project2", _LINEAR, 56, 96, 24, 1, 1),
    ("expand3", _POINTWISE, 56, 24, 144, 1, 2),
    ("dw3", _DEPTHWISE, 56, 144, 144, 1, 1),
    ("project3", _LINEAR, 56, 144, 24, 1, 1),
    ("dw4", _DEPTHWISE, 56, 144, 144, 2, 1),
    ("project4", _LINEAR, 28, 144, 32, 1, 1),
    ("expand5", _POINTWISE, 28, 32, 192, 1, 3),
    ("dw5", _DEPTHWISE, 28, 192, 192, 1, 2),
    ("project5", _LINEAR, 28, 192, 32, 1, 2),
    ("dw7", _DEPTHWISE, 28, 192, 192, 2, 1),
    ("project7", _LINEAR, 14, 192, 64, 1, 1),
    ("expand8", _POINTWISE, 14, 64, 384, 1, 4),
    ("dw8", _DEPTHWISE, 14, 384, 384, 1, 4),
    ("project8", _LINEAR, 14, 384, 64, 1, 3),
    ("project11", _LINEAR, 14, 384, 96, 1, 1),
    ("expand12", _POINTWISE, 14, 96, 576, 1, 3),
    ("dw12", _DEPTHWISE, 14, 576, 576, 1, 2),
    ("project12", _LINEAR, 14, 576, 96, 1, 2),
    ("dw14", _DEPTHWISE, 14, 576, 576, 2, 1),
    ("project14", _LINEAR, 7, 576, 160, 1, 1),
    ("expand15", _POINTWISE, 7, 160, 960, 1, 3),
    ("dw15", _DEPTHWISE, 7, 960, 960, 1, 3),
    ("project15", _LINEAR, 7, 960, 160, 1, 2),
    ("project17", _LINEAR, 7, 960, 320, 1, 1),
    ("conv2", _POINTWISE, 7, 320, 1280, 1, 1),
)


def mobilenet_v2(batch: int = 1) -> Network:
    """Return MobileNet v2's 30 distinct convolutions, 52 in all, and its last layer, for `batch` images of 224x224.

    10 of them are depthwise, 17 in all. One pass over one image is 0.301 GMAC; 3,504,872 trained parameters.
    """
    layers = [
        NetworkLayer(name, _workload(kind, batch, size, c, k, stride), count)
        for name, kind, size, c, k, stride, count in _CONVOLUTIONS
    ]
    return Network("mobilenet_v2", (*layers, NetworkLayer("fc", Gemm(m=batch, n=1000, k=1280), 1)))


def _workload(kind: str, batch: int, size: int, c: int, k: int, stride: int) -> Conv2d | DepthwiseConv2d:
    if kind == _DEPTHWISE:
        return depthwise(batch, size, c, 3, stride, relu=False, clip=RELU6)
    taps = 3 if kind == _DENSE else 1
    return convolution(batch, size, c, k, taps, stride, relu=False, clip=None if kind == _LINEAR else RELU6)
