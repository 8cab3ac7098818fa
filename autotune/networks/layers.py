"""What networks are made of: square layers, as tables of them say what differs."""

from __future__ import annotations

from tensorlang.nn.workload import Conv2d, DepthwiseConv2d

RELU6 = (0.0, 6.0)
"""Bounds of the activation that networks for mobile devices have."""


def convolution(
    batch: int,
    size: int,
    c: int,
    k: int,
    taps: int,
    stride: int = 1,
    *,
    padding: int | None = None,
    relu: bool = True,
    clip: tuple[float, float] | None = None,
) -> Conv2d:
    """Return a convolution of square images by square filters, with bias.

    Parameters
    ----------
    batch : int
        Images at a time.
    size : int
        Height and width of the input.
    c, k : int
        Channels in and out.
    taps : int
        Height and width of the filter.
    stride : int
    padding : int, optional
        By default ``taps // 2``, which keeps the size of the image where the stride is 1.
    relu, clip
        The activation, as in `Conv2d`.
    """
    border = taps // 2 if padding is None else padding
    steps, borders = (stride, stride), (border, border)
    return Conv2d(batch, size, size, c, k, taps, taps, stride=steps, padding=borders, relu=relu, clip=clip)


def depthwise(
    batch: int,
    size: int,
    c: int,
    taps: int,
    stride: int = 1,
    *,
    relu: bool = True,
    clip: tuple[float, float] | None = None,
) -> DepthwiseConv2d:
    """Return a convolution of each channel by its own filter; parameters are those of `convolution`."""
    steps, borders = (stride, stride), (taps // 2, taps // 2)
    return DepthwiseConv2d(batch, size, size, c, taps, taps, stride=steps, padding=borders, relu=relu, clip=clip)
