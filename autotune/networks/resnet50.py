"""ResNet-50 v1.5 (He et al. 2015; stride in the 3x3, as in torchvision and MLPerf): its distinct layers as a table."""

from __future__ import annotations

from autotune.networks.layers import convolution
from autotune.networks.network import Network, NetworkLayer
from tensorlang.nn.workload import Gemm

# name, input height and width, channels in, channels out, filter, stride, ReLU, times it occurs.
# Expanding and projecting convolutions have no ReLU: the residual addition comes between.
_CONVOLUTIONS = (
    ("conv1", 224, 3, 64, 7, 2, True, 1),
    ("conv2_reduce1", 56, 64, 64, 1, 1, True, 1),
    ("conv2_3x3", 56, 64, 64, 3, 1, True, 3),
    ("conv2_expand", 56, 64, 256, 1, 1, False, 4),  # three, and the projection of the first block
    ("conv2_reduce", 56, 256, 64, 1, 1, True, 2),
    ("conv3_reduce1", 56, 256, 128, 1, 1, True, 1),
    ("conv3_3x3s2", 56, 128, 128, 3, 2, True, 1),
    ("conv3_expand", 28, 128, 512, 1, 1, False, 4),
    ("conv3_project", 56, 256, 512, 1, 2, False, 1),
    ("conv3_reduce", 28, 512, 128, 1, 1, True, 3),
    ("conv3_3x3", 28, 128, 128, 3, 1, True, 3),
    ("conv4_reduce1", 28, 512, 256, 1, 1, True, 1),
    ("conv4_3x3s2", 28, 256, 256, 3, 2, True, 1),
    ("conv4_expand", 14, 256, 1024, 1, 1, False, 6),
    ("conv4_project", 28, 512, 1024, 1, 2, False, 1),
    ("conv4_reduce", 14, 1024, 256, 1, 1, True, 5),
    ("conv4_3x3", 14, 256, 256, 3, 1, True, 5),
    ("conv5_reduce1", 14, 1024, 512, 1, 1, True, 1),
    ("conv5_3x3s2", 14, 512, 512, 3, 2, True, 1),
    ("conv5_expand", 7, 512, 2048, 1, 1, False, 3),
    ("conv5_project", 14, 1024, 2048, 1, 2, False, 1),
    ("conv5_reduce", 7, 2048, 512, 1, 1, True, 2),
    ("conv5_3x3", 7, 512, 512, 3, 1, True, 2),
)


def resnet50(batch: int = 1) -> Network:
    """Return ResNet-50's 23 distinct convolutions, 53 in all, and its last layer, for `batch` images of 224x224.

    One pass over one image is 4.09 GMAC; 25,557,032 trained parameters.
    """
    layers = [
        NetworkLayer(name, convolution(batch, size, c, k, taps, stride, relu=relu), count)
        for name, size, c, k, taps, stride, relu, count in _CONVOLUTIONS
    ]
    return Network("resnet50", (*layers, NetworkLayer("fc", Gemm(m=batch, n=1000, k=2048), 1)))
