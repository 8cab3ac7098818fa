"""The case sets: what is in them, and how layers are chosen by name."""

from __future__ import annotations

import pytest

from autotune.bench.case_sets import choose_layers, find_case_set, make_cases
from autotune.names import CASE_SETS, NETWORKS
from tensorlang.errors import TuningError
from tensorlang.nn import Conv2d, DepthwiseConv2d, Gemm


def test_every_name_has_its_layers() -> None:
    sizes = {name: len(find_case_set(name).layers) for name in CASE_SETS}
    assert sizes == {
        "gemm": 12,
        "gemv": 2,
        "conv": 23 + 9,
        "depthwise": 9 + 10 - 1,  # one is in both networks
        "pointwise": 9 + 19,
        "halide-conv": 1,
        "resnet50-batch8": 24,
    }
    assert not set(CASE_SETS) & set(NETWORKS)


def test_matrices_of_gemm_are_arguments_and_the_weights_of_gemv_are_prepared() -> None:
    gemm = {layer.name: layer.workload for layer in find_case_set("gemm").layers}
    assert gemm["128x3072x768"] == Gemm(m=128, n=3072, k=768, bias=False, constant_b=False)
    gemv = {layer.name: layer.workload for layer in find_case_set("gemv").layers}
    assert gemv["4096x25088"] == Gemm(m=1, n=4096, k=25088, bias=False)


def test_each_kind_of_convolution_is_in_its_set() -> None:
    for name, kind in (("conv", Conv2d), ("depthwise", DepthwiseConv2d), ("pointwise", Conv2d)):
        assert all(isinstance(layer.workload, kind) for layer in find_case_set(name).layers)
    points = [layer.workload for layer in find_case_set("pointwise").layers]
    assert {(w.r, w.s, w.groups) for w in points if isinstance(w, Conv2d)} == {(1, 1, 1)}


def test_the_convolution_of_halide_has_an_output_of_80_by_100() -> None:
    (layer,) = find_case_set("halide-conv").layers
    work = layer.workload
    assert isinstance(work, Conv2d)
    assert (work.n, work.p, work.q, work.c, work.k, work.padding) == (5, 80, 100, 128, 128, (0, 0))
    assert work.epilogue == "bias+relu"


def test_layers_for_several_images() -> None:
    eight = find_case_set("resnet50-batch8").layers
    assert eight == find_case_set("resnet50", 8).layers
    assert all(
        layer.workload == other.workload
        for layer, other in zip(find_case_set("conv", 8).layers, eight, strict=False)
        if layer.name == f"resnet50:{other.name}"
    )
    with pytest.raises(TuningError) as caught:
        find_case_set("gemm", 8)
    assert caught.value.message == "the sizes of gemm are given: it cannot be for 8 images."


def test_an_unknown_set_is_answered_with_the_known_ones() -> None:
    with pytest.raises(TuningError) as caught:
        find_case_set("fft")
    assert str(caught.value) == ("there is no case set 'fft'.\n  legal here  " + " | ".join((*CASE_SETS, *NETWORKS)))


def test_without_names_a_network_is_its_convolutions_and_a_set_is_whole() -> None:
    sets = [find_case_set("resnet50"), find_case_set("resnet50-batch8"), find_case_set("gemm")]
    assert [len(chosen.layers) for chosen in choose_layers(sets, ())] == [23, 24, 12]
    assert [len(chosen.layers) for chosen in choose_layers(sets, ("all",))] == [24, 24, 12]


def test_a_name_is_looked_for_in_every_set() -> None:
    sets = [find_case_set(name) for name in ("gemm", "resnet50", "vgg16", "resnet18")]
    chosen = choose_layers(sets, ("conv1", "128x128x128"))
    assert [(one.name, [layer.name for layer in one.layers]) for one in chosen] == [
        ("gemm", ["128x128x128"]),
        ("resnet50", ["conv1"]),
        ("resnet18", ["conv1"]),
    ]


def test_a_name_that_no_set_has_is_an_error() -> None:
    with pytest.raises(TuningError) as caught:
        choose_layers([find_case_set("gemv"), find_case_set("halide-conv")], ("1000x2048", "conv9"))
    assert str(caught.value) == (
        "gemv and halide-conv have no layer 'conv9'.\n  legal here  4096x25088 | 1000x2048 | conv_layer"
    )


def test_a_case_says_how_it_is_measured_alone() -> None:
    case = make_cases(find_case_set("conv"), "--rounds 7")[0]
    assert (case.case_set, case.name) == ("conv", "resnet50:conv1")
    assert case.reproduce == "autotune bench conv --rounds 7 --layers resnet50:conv1"
