"""MobileNet v1, width 1.0 at 224x224 (Howard et al. 2017, as TensorFlow has it): its distinct layers as a table."""

from __future__ import annotations

from autotune.networks.layers import RELU6, convolution, depthwise
from autotune.networks.network import Network, NetworkLayer
from tensorlang.nn.workload import Gemm

# Separable convolutions, a depthwise one of 3x3 and then a pointwise one: number of the first of its shape, input
# height and width, channels in, channels out, stride of the depthwise one, times it occurs.
_SEPARABLE = (
    (1, 112, 32, 64, 1, 1),
    (2, 112, 64, 128, 2, 1),
    (3, 56, 128, 128, 1, 1),
    (4, 56, 128, 256, 2, 1),
    (5, 28, 256, 256, 1, 1),
    (6, 28, 256, 512, 2, 1),
    (7, 14, 512, 512, 1, 5),
    (12, 14, 512, 1024, 2, 1),
    (13, 7, 1024, 1024, 1, 1),
)


def mobilenet_v1(batch: int = 1) -> Network:
    """Return MobileNet v1's 19 distinct convolutions, 27 in all, and its last layer, for `batch` images of 224x224.

    9 of them are depthwise, 13 in all. One pass over one image is 0.569 GMAC; 4,231,976 trained parameters.

    Notes
    -----
    Images have a border of one row and column on every side. TensorFlow leaves out the upper and left one where the
    stride is 2, which shifts the taps by one and changes neither shapes nor work.
    """
    layers = [NetworkLayer("conv1", convolution(batch, 224, 3, 32, 3, 2, relu=False, clip=RELU6), 1)]
    for number, size, c, k, stride, count in _SEPARABLE:
        by_channel = depthwise(batch, size, c, 3, stride, relu=False, clip=RELU6)
        across = convolution(batch, size // stride, c, k, 1, relu=False, clip=RELU6)
        layers += [NetworkLayer(f"dw{number}", by_channel, count), NetworkLayer(f"pw{number}", across, count)]
    return Network("mobilenet_v1", (*layers, NetworkLayer("fc", Gemm(m=batch, n=1000, k=1024), 1)))
