"""AlexNet as torchvision has it (Krizhevsky 2014, "One weird trick for parallelizing CNNs"): its layers as tables."""

from __future__ import annotations

from autotune.networks.layers import convolution
from autotune.networks.network import Network, NetworkLayer
from tensorlang.nn.workload import Gemm

# name, input height and width, channels in, channels out, filter, stride, padding.
_CONVOLUTIONS = (
    ("conv1", 224, 3, 64, 11, 4, 2),
    ("conv2", 27, 64, 192, 5, 1, 2),
    ("conv3", 13, 192, 384, 3, 1, 1),
    ("conv4", 13, 384, 256, 3, 1, 1),
    ("conv5", 13, 256, 256, 3, 1, 1),
)

# name, outputs, inputs, ReLU.
_FULLY_CONNECTED = (
    ("fc6", 4096, 9216, True),  # 256 channels of 6x6
    ("fc7", 4096, 4096, True),
    ("fc8", 1000, 4096, False),
)


def alexnet(batch: int = 1) -> Network:
    """Return AlexNet's 5 convolutions and 3 fully connected layers, for `batch` images of 224x224.

    One pass over one image is 0.714 GMAC; 61,100,840 trained parameters.
    """
    convolutions = [
        NetworkLayer(name, convolution(batch, size, c, k, taps, stride, padding=padding), 1)
        for name, size, c, k, taps, stride, padding in _CONVOLUTIONS
    ]
    ends = [NetworkLayer(name, Gemm(m=batch, n=n, k=k, relu=relu), 1) for name, n, k, relu in _FULLY_CONNECTED]
    return Network("alexnet", (*convolutions, *ends), is_normalised=False)
