"""VGG-16 (Simonyan and Zisserman 2014, configuration D, as in torchvision): its distinct layers as tables."""

from __future__ import annotations

from autotune.networks.layers import convolution
from autotune.networks.network import Network, NetworkLayer
from tensorlang.nn.workload import Gemm

# name, input height and width, channels in, channels out, times it occurs; filters are 3x3.
_CONVOLUTIONS = (
    ("conv1_1", 224, 3, 64, 1),
    ("conv1_2", 224, 64, 64, 1),
    ("conv2_1", 112, 64, 128, 1),
    ("conv2_2", 112, 128, 128, 1),
    ("conv3_1", 56, 128, 256, 1),
    ("conv3_2", 56, 256, 256, 2),
    ("conv4_1", 28, 256, 512, 1),
    ("conv4_2", 28, 512, 512, 2),
    ("conv5_1", 14, 512, 512, 3),
)

# name, outputs, inputs, ReLU.
_FULLY_CONNECTED = (
    ("fc6", 4096, 25088, True),  # 512 channels of 7x7
    ("fc7", 4096, 4096, True),
    ("fc8", 1000, 4096, False),
)


def vgg16(batch: int = 1) -> Network:
    """Return VGG-16's 9 distinct convolutions, 13 in all, and 3 fully connected layers, for `batch` images of 224x224.

    One pass over one image is 15.47 GMAC; 138,357,544 trained parameters.
    """
    convolutions = [
        NetworkLayer(name, convolution(batch, size, c, k, 3), count) for name, size, c, k, count in _CONVOLUTIONS
    ]
    ends = [NetworkLayer(name, Gemm(m=batch, n=n, k=k, relu=relu), 1) for name, n, k, relu in _FULLY_CONNECTED]
    return Network("vgg16", (*convolutions, *ends), is_normalised=False)
