"""ResNet-18 (He et al. 2015, as in torchvision): its distinct layers as a table."""

from __future__ import annotations

from autotune.networks.layers import convolution
from autotune.networks.network import Network, NetworkLayer
from tensorlang.nn.workload import Gemm

# name, input height and width, channels in, channels out, filter, stride, ReLU, times it occurs.
# The last convolution of a block and its projection have no ReLU: the residual addition comes between.
_CONVOLUTIONS = (
    ("conv1", 224, 3, 64, 7, 2, True, 1),
    ("conv2_3x3", 56, 64, 64, 3, 1, True, 2),
    ("conv2_3x3add", 56, 64, 64, 3, 1, False, 2),
    ("conv3_3x3s2", 56, 64, 128, 3, 2, True, 1),
    ("conv3_project", 56, 64, 128, 1, 2, False, 1),
    ("conv3_3x3add", 28, 128, 128, 3, 1, False, 2),
    ("conv3_3x3", 28, 128, 128, 3, 1, True, 1),
    ("conv4_3x3s2", 28, 128, 256, 3, 2, True, 1),
    ("conv4_project", 28, 128, 256, 1, 2, False, 1),
    ("conv4_3x3add", 14, 256, 256, 3, 1, False, 2),
    ("conv4_3x3", 14, 256, 256, 3, 1, True, 1),
    ("conv5_3x3s2", 14, 256, 512, 3, 2, True, 1),
    ("conv5_project", 14, 256, 512, 1, 2, False, 1),
    ("conv5_3x3add", 7, 512, 512, 3, 1, False, 2),
    ("conv5_3x3", 7, 512, 512, 3, 1, True, 1),
)


def resnet18(batch: int = 1) -> Network:
    """Return ResNet-18's 15 distinct convolutions, 20 in all, and its last layer, for `batch` images of 224x224.

    One pass over one image is 1.814 GMAC; 11,689,512 trained parameters.
    """
    layers = [
        NetworkLayer(name, convolution(batch, size, c, k, taps, stride, relu=relu), count)
        for name, size, c, k, taps, stride, relu, count in _CONVOLUTIONS
    ]
    return Network("resnet18", (*layers, NetworkLayer("fc", Gemm(m=batch, n=1000, k=512), 1)))
