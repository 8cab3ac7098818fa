"""Networks as tables of distinct layers: what they add up to, how layers are picked, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autotune.networks import Network, NetworkLayer, describe_layers, find_network, network_names
from tensorlang.errors import TuningError
from tensorlang.nn.workload import Conv2d, DepthwiseConv2d, Gemm

RESNET50 = find_network("resnet50")


def test_unknown_network_lists_the_known_ones() -> None:
    with pytest.raises(TuningError) as caught:
        find_network("resnet51")
    known = "alexnet | googlenet | mobilenet_v1 | mobilenet_v2 | resnet18 | resnet50 | squeezenet1_1 | vgg16"
    assert str(caught.value) == f"There is no network 'resnet51'.\n  legal here  {known}"
    assert " | ".join(network_names()) == known


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


def test_parameters_are_weights_and_what_a_channel_has() -> None:
    depthwise = NetworkLayer("dw", DepthwiseConv2d(1, 8, 8, 4, 3, 3, multiplier=2), 2)
    grouped = NetworkLayer("grouped", Conv2d(1, 8, 8, 6, 4, 3, 3, groups=2, bias=False), 1)
    last = NetworkLayer("fc", Gemm(1, 10, 7), 1)
    normalised = Network("n", (depthwise, grouped, last))
    assert normalised.parameters == 2 * (9 + 2) * 8 + (27 + 2) * 4 + 8 * 10
    assert replace(normalised, is_normalised=False).parameters == 2 * (9 + 1) * 8 + 27 * 4 + 8 * 10


def test_depthwise_layers_are_convolutions() -> None:
    layers = (NetworkLayer("dw", DepthwiseConv2d(1, 8, 8, 4, 3, 3), 2), NetworkLayer("fc", Gemm(1, 10, 7), 1))
    assert [layer.name for layer in Network("n", layers).convolutions] == ["dw"]
    assert describe_layers(layers) == "2 distinct layers, 3 in all: 1 distinct convolution, 2 in all, and fc"
