"""The tables of the networks against their architectures, written out layer by layer, and their published totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from autotune.networks import find_network, network_names
from tensorlang.nn.workload import Conv2d, DepthwiseConv2d, Gemm, Workload

RELU6 = (0.0, 6.0)


def conv(
    size: int, c: int, k: int, taps: int, stride: int = 1, padding: int | None = None, relu: bool = True
) -> Conv2d:
    border = taps // 2 if padding is None else padding
    return Conv2d(1, size, size, c, k, taps, taps, (stride, stride), (border, border), relu=relu)


def fully_connected(*features: int) -> Iterator[Gemm]:
    """Layers between so many features, all but the last with ReLU."""
    last = len(features) - 2
    for at, (k, n) in enumerate(zip(features, features[1:], strict=False)):
        yield Gemm(1, n, k, relu=at < last)


def alexnet() -> Iterator[Workload]:
    yield conv(224, 3, 64, 11, 4, 2)
    yield conv(27, 64, 192, 5)
    yield from (conv(13, c, k, 3) for c, k in ((192, 384), (384, 256), (256, 256)))
    yield from fully_connected(256 * 6 * 6, 4096, 4096, 1000)


def vgg16() -> Iterator[Workload]:
    size, c = 224, 3
    for k, times in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(times):
            yield conv(size, c, k, 3)
            c = k
        size //= 2
    yield from fully_connected(512 * 7 * 7, 4096, 4096, 1000)


def googlenet() -> Iterator[Workload]:
    yield from (conv(224, 3, 64, 7, 2), conv(56, 64, 64, 1), conv(56, 64, 192, 3))
    c = 192
    for size, one, three_reduce, three, five_reduce, five, pool in (
        (28, 64, 96, 128, 16, 32, 32),
        (28, 128, 128, 192, 32, 96, 64),
        (14, 192, 96, 208, 16, 48, 64),
        (14, 160, 112, 224, 24, 64, 64),
        (14, 128, 128, 256, 24, 64, 64),
        (14, 112, 144, 288, 32, 64, 64),
        (14, 256, 160, 320, 32, 128, 128),
        (7, 256, 160, 320, 32, 128, 128),
        (7, 384, 192, 384, 48, 128, 128),
    ):
        yield from (conv(size, c, k, 1) for k in (one, three_reduce, five_reduce, pool))
        yield from (conv(size, three_reduce, three, 3), conv(size, five_reduce, five, 3))
        c = one + three + five + pool
    yield from fully_connected(c, 1000)


def resnet18() -> Iterator[Workload]:
    yield conv(224, 3, 64, 7, 2)
    size, c = 56, 64
    for k, first_stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        for stride in (first_stride, 1):
            yield conv(size, c, k, 3, stride)
            if c != k:
                yield conv(size, c, k, 1, stride, relu=False)
            size, c = size // stride, k
            yield conv(size, k, k, 3, relu=False)
    yield from fully_connected(512, 1000)


def resnet50() -> Iterator[Workload]:
    """Bottleneck blocks, the stride in their 3x3."""
    yield conv(224, 3, 64, 7, 2)
    size, c = 56, 64
    for width, blocks, first_stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for block in range(blocks):
            stride = first_stride if block == 0 else 1
            yield conv(size, c, width, 1)
            yield conv(size, width, width, 3, stride)
            if block == 0:
                yield conv(size, c, 4 * width, 1, stride, relu=False)
            size //= stride
            yield conv(size, width, 4 * width, 1, relu=False)
            c = 4 * width
    yield from fully_connected(2048, 1000)


def squeezenet1_1() -> Iterator[Workload]:
    yield conv(224, 3, 64, 3, 2, padding=0)
    c = 64
    for size, squeezed, expanded in (
        *((55, 16, 64), (55, 16, 64), (27, 32, 128), (27, 32, 128)),
        *((13, 48, 192), (13, 48, 192), (13, 64, 256), (13, 64, 256)),
    ):
        yield conv(size, c, squeezed, 1)
        yield from (conv(size, squeezed, expanded, taps) for taps in (1, 3))
        c = 2 * expanded
    yield conv(13, c, 1000, 1)


def mobile(size: int, c: int, k: int, stride: int = 1, clip: tuple[float, float] | None = RELU6) -> Conv2d:
    """A dense 3x3 convolution of the first layer's three channels, else a pointwise one."""
    taps, border = (3, (1, 1)) if c == 3 else (1, (0, 0))
    return Conv2d(1, size, size, c, k, taps, taps, (stride, stride), border, relu=False, clip=clip)


def depthwise(size: int, c: int, stride: int) -> DepthwiseConv2d:
    return DepthwiseConv2d(1, size, size, c, 3, 3, (stride, stride), (1, 1), relu=False, clip=RELU6)


def mobilenet_v1() -> Iterator[Workload]:
    yield mobile(224, 3, 32, 2)
    size, c = 112, 32
    for k, stride in (
        *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
        *[(512, 1)] * 5,
        *((1024, 2), (1024, 1)),
    ):
        yield depthwise(size, c, stride)
        size //= stride
        yield mobile(size, c, k)
        c = k
    yield from fully_connected(1024, 1000)


def mobilenet_v2() -> Iterator[Workload]:
    """Inverted residual blocks: (expansion, channels, times, first stride) as in table 2 of the paper."""
    yield mobile(224, 3, 32, 2)
    size, c = 112, 32
    for expansion, k, times, first_stride in (
        *((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)),
        *((6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)),
    ):
        for block in range(times):
            stride, hidden = (first_stride if block == 0 else 1), expansion * c
            if expansion > 1:
                yield mobile(size, c, hidden)
            yield depthwise(size, hidden, stride)
            size //= stride
            yield mobile(size, hidden, k, clip=None)
            c = k
    yield mobile(7, 320, 1280)
    yield from fully_connected(1280, 1000)


ARCHITECTURES: tuple[Callable[[], Iterator[Workload]], ...] = (
    *(alexnet, googlenet, mobilenet_v1, mobilenet_v2, resnet18, resnet50, squeezenet1_1, vgg16),
)


def test_every_network_is_compared_with_its_architecture() -> None:
    assert tuple(architecture.__name__ for architecture in ARCHITECTURES) == network_names()


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda architecture: architecture.__name__)
def test_table_has_the_layers_of_the_architecture(architecture: Callable[[], Iterator[Workload]]) -> None:
    network = find_network(architecture.__name__)
    assert {layer.workload: layer.count for layer in network.layers} == Counter(architecture())


# Parameters, and multiply-accumulates in units of 10^9, as torchvision's weights state them ("num_params", "_ops");
# those of MobileNet v1 are 569 million and 4.2 million in its paper, exactly 4,231,976 trained ones in Keras.
@pytest.mark.parametrize(
    ("name", "gmacs", "parameters"),
    [
        ("alexnet", 0.714, 61_100_840),
        ("googlenet", 1.498, 6_624_904),
        ("mobilenet_v1", 0.569, 4_231_976),
        ("mobilenet_v2", 0.301, 3_504_872),
        ("resnet18", 1.814, 11_689_512),
        ("resnet50", 4.089, 25_557_032),
        ("squeezenet1_1", 0.349, 1_235_496),
        ("vgg16", 15.47, 138_357_544),
    ],
)
def test_totals_are_the_published_ones(name: str, gmacs: float, parameters: int) -> None:
    network = find_network(name)
    assert round(1e-9 * network.macs, 3) == gmacs
    assert network.parameters == parameters


def test_multiply_accumulates_of_resnet50_to_the_last_one() -> None:
    network = find_network("resnet50")
    assert sum(layer.count * layer.workload.macs for layer in network.convolutions) == 4_087_136_256
    assert network.macs == 4_089_184_256


@pytest.mark.parametrize(
    ("name", "distinct", "occurrences"),
    [
        ("alexnet", 5, 5),
        ("googlenet", 49, 57),
        ("mobilenet_v1", 19, 27),
        ("mobilenet_v2", 30, 52),
        ("resnet18", 15, 20),
        ("resnet50", 23, 53),
        ("squeezenet1_1", 18, 26),
        ("vgg16", 9, 13),
    ],
)
def test_so_many_convolutions_are_distinct(name: str, distinct: int, occurrences: int) -> None:
    convolutions = find_network(name).convolutions
    assert (len(convolutions), sum(layer.count for layer in convolutions)) == (distinct, occurrences)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("alexnet", {"conv1": 55, "conv2": 27, "conv5": 13}),
        ("googlenet", {"conv1": 112, "4a_3x3": 14}),
        ("mobilenet_v1", {"conv1": 112, "dw2": 56, "dw12": 7, "pw13": 7}),
        ("mobilenet_v2", {"conv1": 112, "dw4": 28, "dw14": 7, "conv2": 7}),
        ("resnet18", {"conv1": 112, "conv3_project": 28, "conv5_3x3s2": 7}),
        ("resnet50", {"conv1": 112, "conv3_3x3s2": 28, "conv4_project": 14, "conv5_3x3s2": 7}),
        ("squeezenet1_1", {"conv1": 111, "fire2_expand3x3": 55, "conv10": 13}),
        ("vgg16", {"conv1_1": 224, "conv5_1": 14}),
    ],
)
def test_outputs_of_a_layer_fit_the_next_stage(name: str, sizes: dict[str, int]) -> None:
    found = {layer.name: layer.workload for layer in find_network(name).convolutions if layer.name in sizes}
    squares = {at: (work.p, work.q) for at, work in found.items() if isinstance(work, Conv2d | DepthwiseConv2d)}
    assert squares == {at: (size, size) for at, size in sizes.items()}


@pytest.mark.parametrize("name", network_names())
def test_batch_multiplies_the_work_of_every_layer_and_nothing_else(name: str) -> None:
    one, four = find_network(name), find_network(name, batch=4)
    assert [4 * layer.workload.macs for layer in one.layers] == [layer.workload.macs for layer in four.layers]
    assert [(layer.name, layer.count) for layer in one.layers] == [(layer.name, layer.count) for layer in four.layers]
    assert one.parameters == four.parameters
