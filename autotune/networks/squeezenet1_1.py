"""SqueezeNet 1.1 (Iandola et al. 2016, as in torchvision): its distinct layers as a table."""

from __future__ import annotations

from autotune.networks.layers import convolution
from autotune.networks.network import Network, NetworkLayer

# name, input height and width, channels in, channels out, filter, stride, times it occurs.
_CONVOLUTIONS = (
    ("conv1", 224, 3, 64, 3, 2, 1),
    ("fire2_squeeze", 55, 64, 16, 1, 1, 1),
    ("fire2_expand1x1", 55, 16, 64, 1, 1, 2),
    ("fire2_expand3x3", 55, 16, 64, 3, 1, 2),
    ("fire3_squeeze", 55, 128, 16, 1, 1, 1),
    ("fire4_squeeze", 27, 128, 32, 1, 1, 1),
    ("fire4_expand1x1", 27, 32, 128, 1, 1, 2),
    ("fire4_expand3x3", 27, 32, 128, 3, 1, 2),
    ("fire5_squeeze", 27, 256, 32, 1, 1, 1),
    ("fire6_squeeze", 13, 256, 48, 1, 1, 1),
    ("fire6_expand1x1", 13, 48, 192, 1, 1, 2),
    ("fire6_expand3x3", 13, 48, 192, 3, 1, 2),
    ("fire7_squeeze", 13, 384, 48, 1, 1, 1),
    ("fire8_squeeze", 13, 384, 64, 1, 1, 1),
    ("fire8_expand1x1", 13, 64, 256, 1, 1, 2),
    ("fire8_expand3x3", 13, 64, 256, 3, 1, 2),
    ("fire9_squeeze", 13, 512, 64, 1, 1, 1),
    ("conv10", 13, 512, 1000, 1, 1, 1),
)


def squeezenet1_1(batch: int = 1) -> Network:
    """Return SqueezeNet 1.1's 18 distinct convolutions, 26 in all, for `batch` images of 224x224; it has no others.

    One pass over one image is 0.349 GMAC; 1,235,496 trained parameters.
    """
    layers = [
        # The first layer, with a stride of 2, is the only one of 3x3 without padding.
        NetworkLayer(name, convolution(batch, size, c, k, taps, stride, padding=taps // 2 if stride == 1 else 0), count)
        for name, size, c, k, taps, stride, count in _CONVOLUTIONS
    ]
    return Network("squeezenet1_1", tuple(layers), is_normalised=False)
