"""GoogLeNet as torchvision has it (Szegedy et al. 2014, batch-normalised): its distinct layers as a table."""

from __future__ import annotations

from autotune.networks.layers import convolution
from autotune.networks.network import Network, NetworkLayer
from tensorlang.nn.workload import Gemm

# name, input height and width, channels in, channels out, filter, stride, times it occurs.
# Layers of one shape go by the name of the first; the auxiliary classifiers take part in training only.
# The branches that are called 5x5 have filters of 3x3, as the published weights do.
_CONVOLUTIONS = (
    ("conv1", 224, 3, 64, 7, 2, 1),
    ("conv2", 56, 64, 64, 1, 1, 1),
    ("conv3", 56, 64, 192, 3, 1, 1),
    ("3a_1x1", 28, 192, 64, 1, 1, 1),
    ("3a_3x3reduce", 28, 192, 96, 1, 1, 1),
    ("3a_3x3", 28, 96, 128, 3, 1, 1),
    ("3a_5x5reduce", 28, 192, 16, 1, 1, 1),
    ("3a_5x5", 28, 16, 32, 3, 1, 1),
    ("3a_pool", 28, 192, 32, 1, 1, 1),
    ("3b_1x1", 28, 256, 128, 1, 1, 2),
    ("3b_3x3", 28, 128, 192, 3, 1, 1),
    ("3b_5x5reduce", 28, 256, 32, 1, 1, 1),
    ("3b_5x5", 28, 32, 96, 3, 1, 1),
    ("3b_pool", 28, 256, 64, 1, 1, 1),
    ("4a_1x1", 14, 480, 192, 1, 1, 1),
    ("4a_3x3reduce", 14, 480, 96, 1, 1, 1),
    ("4a_3x3", 14, 96, 208, 3, 1, 1),
    ("4a_5x5reduce", 14, 480, 16, 1, 1, 1),
    ("4a_5x5", 14, 16, 48, 3, 1, 1),
    ("4a_pool", 14, 480, 64, 1, 1, 1),
    ("4b_1x1", 14, 512, 160, 1, 1, 1),
    ("4b_3x3reduce", 14, 512, 112, 1, 1, 2),
    ("4b_3x3", 14, 112, 224, 3, 1, 1),
    ("4b_5x5reduce", 14, 512, 24, 1, 1, 2),
    ("4b_5x5", 14, 24, 64, 3, 1, 2),
    ("4b_pool", 14, 512, 64, 1, 1, 3),
    ("4c_1x1", 14, 512, 128, 1, 1, 2),
    ("4c_3x3", 14, 128, 256, 3, 1, 1),
    ("4d_3x3reduce", 14, 512, 144, 1, 1, 1),
    ("4d_3x3", 14, 144, 288, 3, 1, 1),
    ("4d_5x5reduce", 14, 512, 32, 1, 1, 1),
    ("4d_5x5", 14, 32, 64, 3, 1, 1),
    ("4e_1x1", 14, 528, 256, 1, 1, 1),
    ("4e_3x3reduce", 14, 528, 160, 1, 1, 1),
    ("4e_3x3", 14, 160, 320, 3, 1, 1),
    ("4e_5x5reduce", 14, 528, 32, 1, 1, 1),
    ("4e_5x5", 14, 32, 128, 3, 1, 1),
    ("4e_pool", 14, 528, 128, 1, 1, 1),
    ("5a_1x1", 7, 832, 256, 1, 1, 1),
    ("5a_3x3reduce", 7, 832, 160, 1, 1, 1),
    ("5a_3x3", 7, 160, 320, 3, 1, 1),
    ("5a_5x5reduce", 7, 832, 32, 1, 1, 1),
    ("5a_5x5", 7, 32, 128, 3, 1, 1),
    ("5a_pool", 7, 832, 128, 1, 1, 2),
    ("5b_1x1", 7, 832, 384, 1, 1, 1),
    ("5b_3x3reduce", 7, 832, 192, 1, 1, 1),
    ("5b_3x3", 7, 192, 384, 3, 1, 1),
    ("5b_5x5reduce", 7, 832, 48, 1, 1, 1),
    ("5b_5x5", 7, 48, 128, 3, 1, 1),
)


def googlenet(batch: int = 1) -> Network:
    """Return GoogLeNet's 49 distinct convolutions, 57 in all, and its last layer, for `batch` images of 224x224.

    One pass over one image is 1.498 GMAC; 6,624,904 trained parameters.
    """
    layers = [
        NetworkLayer(name, convolution(batch, size, c, k, taps, stride), count)
        for name, size, c, k, taps, stride, count in _CONVOLUTIONS
    ]
    return Network("googlenet", (*layers, NetworkLayer("fc", Gemm(m=batch, n=1000, k=1024), 1)))
