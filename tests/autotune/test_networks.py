"""The table of ResNet-50 against its architecture and its published totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from autotune.networks import Network, NetworkLayer, find_network, network_names, parameter_count
from tensorlang.errors import TuningError
from tensorlang.nn.workload import Conv2d, DepthwiseConv2d, Gemm

RESNET50 = find_network("resnet50")


def conv(size: int, c: int, k: int, taps: int, stride: int, relu: bool) -> Conv2d:
    return Conv2d(1, size, size, c, k, taps, taps, (stride, stride), (taps // 2, taps // 2), relu=relu)


def convolutions_by_architecture() -> Iterator[Conv2d]:
    """The 53 convolutions as the architecture has them: bottleneck blocks, the stride in their 3x3."""
    yield conv(224, 3, 64, 7, 2, True)
    size, channels = 56, 64
    for width, blocks, first_stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for block in range(blocks):
            stride = first_stride if block == 0 else 1
            yield conv(size, channels, width, 1, 1, True)
            yield conv(size, width, width, 3, stride, True)
            if block == 0:
                yield conv(size, channels, 4 * width, 1, stride, False)
            size //= stride
            yield conv(size, width, 4 * width, 1, 1, False)
            channels = 4 * width


def test_resnet50_has_the_layers_of_its_architecture() -> None:
    table = {layer.workload: layer.count for layer in RESNET50.convolutions}
    assert table == Counter(convolutions_by_architecture())
    assert (len(table), sum(table.values())) == (23, 53)
    assert RESNET50.layers[-1] == NetworkLayer("fc", Gemm(m=1, n=1000, k=2048, bias=True, relu=False), 1)


def test_resnet50_has_the_published_totals() -> None:
    assert sum(layer.count * layer.workload.macs for layer in RESNET50.convolutions) == 4_087_136_256
    assert RESNET50.macs == 4_089_184_256
    assert sum(parameter_count(layer) for layer in RESNET50.layers) == 25_557_032


def test_batch_multiplies_the_work_and_not_the_parameters() -> None:
    batch = find_network("resnet50", batch=4)
    assert batch.macs == 4 * RESNET50.macs
    assert sum(parameter_count(layer) for layer in batch.layers) == 25_557_032


def test_outputs_of_a_layer_fit_the_next_stage() -> None:
    by_name = {layer.name: layer.workload for layer in RESNET50.convolutions}
    for name, size in (("conv1", 112), ("conv3_3x3s2", 28), ("conv4_project", 14), ("conv5_3x3s2", 7)):
        work = by_name[name]
        assert isinstance(work, Conv2d)
        assert (work.p, work.q) == (size, size)


def test_unknown_network_lists_the_known_ones() -> None:
    with pytest.raises(TuningError) as caught:
        find_network("resnet51")
    assert str(caught.value) == "There is no network 'resnet51'.\n  legal here  resnet50"
    assert network_names() == ("resnet50",)


def test_unknown_layer_lists_the_known_ones() -> None:
    small = Network("small", RESNET50.layers[:2])
    with pytest.raises(TuningError) as caught:
        small.select(("conv1", "conv9"))
    assert str(caught.value) == "small has no layer 'conv9'.\n  legal here  conv1 | conv2_reduce1"


def test_select_keeps_the_order_asked_for_and_each_layer_once() -> None:
    assert [layer.name for layer in RESNET50.select(("fc", "conv1", "fc")).layers] == ["fc", "conv1"]
    assert RESNET50.select(()) is RESNET50


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (
            NetworkLayer("conv1", RESNET50.layers[1].workload, 1),
            "Network twice: the name conv1 appears more than once.",
        ),
        (
            replace(RESNET50.layers[0], name="other"),
            "Network twice: the workload conv2d 1x224x224x3 -> 64, 7x7 stride 2 padding 3 appears more than once.",
        ),
        (
            replace(RESNET50.layers[1], count=0),
            "Network twice: layer conv2_reduce1 must occur at least once, not 0 times.",
        ),
    ],
)
def test_network_refuses_what_is_no_table_of_distinct_layers(second: NetworkLayer, message: str) -> None:
    with pytest.raises(TuningError) as caught:
        Network("twice", (RESNET50.layers[0], second))
    assert str(caught.value) == message


def test_parameters_of_other_layers_are_not_made_up() -> None:
    layer = NetworkLayer("dw", DepthwiseConv2d(1, 8, 8, 4, 3, 3), 1)
    with pytest.raises(TuningError) as caught:
        parameter_count(layer)
    assert str(caught.value) == "Layer dw: parameters of depthwise_conv2d are not counted."
