"""Workloads: shapes, counts, JSON, and what is refused."""

from __future__ import annotations

import json
from math import inf
from typing import Any

import pytest

from tensorlang.errors import LanguageError
from tensorlang.nn import Conv2d, DepthwiseConv2d, Gemm, LayerNorm, Pool2d, Softmax, Workload, workload_from_json

EXAMPLES: list[Workload] = [
    Gemm(3, 5, 7),
    Gemm(1, 1000, 2048, bias=False, relu=True, dtype="float64"),
    Conv2d(1, 224, 224, 3, 64, 7, 7, stride=(2, 2), padding=(3, 3)),
    Conv2d(2, 9, 11, 8, 12, 3, 1, stride=(2, 1), padding=(0, 2), dilation=(1, 3), groups=4, relu=False),
    DepthwiseConv2d(1, 56, 56, 32, 3, 3, padding=(1, 1), multiplier=2),
    DepthwiseConv2d(1, 56, 56, 32, 3, 3, relu=False, clip=(0, 6)),
    Gemm(3, 5, 7, residual=True, activation="gelu"),
    Conv2d(1, 8, 8, 3, 4, 3, 3, residual=True),
    Pool2d(1, 112, 112, 64, 3, 3, stride=(2, 2), padding=(1, 1)),
    Pool2d.global_average(2, 7, 7, 2048),
    Softmax(128, 1000),
    LayerNorm(128, 768, epsilon=1e-6),
]


@pytest.mark.parametrize("workload", EXAMPLES, ids=str)
def test_json_round_trip(workload: Workload) -> None:
    assert workload_from_json(workload.to_json()) == workload


def test_output_extents_follow_stride_padding_and_dilation() -> None:
    conv = Conv2d(1, 224, 112, 3, 64, 7, 7, stride=(2, 1), padding=(3, 0), dilation=(1, 2))
    assert (conv.p, conv.q) == (112, 100)


def test_macs() -> None:
    assert Gemm(2, 3, 5).macs == 30
    assert Conv2d(1, 56, 56, 64, 64, 3, 3, padding=(1, 1)).macs == 56 * 56 * 64 * 64 * 9
    assert Conv2d(1, 8, 8, 8, 12, 1, 1, groups=4).macs == 8 * 8 * 12 * 2
    assert DepthwiseConv2d(1, 8, 8, 8, 3, 3, padding=(1, 1), multiplier=2).macs == 8 * 8 * 16 * 9
    assert Pool2d(1, 8, 8, 8, 2, 2, stride=(2, 2)).macs == 4 * 4 * 8 * 4 // 2
    assert Pool2d(1, 1, 1, 1, 1, 1).macs == 1
    assert Softmax(3, 7).macs == 53
    assert LayerNorm(3, 7).macs == 84


def test_epilogue_names() -> None:
    assert [Gemm(1, 1, 1, bias=b, relu=r).epilogue for b in (False, True) for r in (False, True)] == [
        "none",
        "relu",
        "bias",
        "bias+relu",
    ]
    assert Gemm(1, 1, 1, clip=(0, 0)).epilogue == "bias+clip"
    assert Conv2d(1, 4, 4, 2, 2, 1, 1, residual=True).epilogue == "bias+residual+relu"
    assert Gemm(1, 1, 1, bias=False, activation="gelu_tanh").epilogue == "gelu_tanh"


def test_text_of_a_workload_names_no_younger_field_that_holds_its_default() -> None:
    assert Gemm(1, 2, 3).to_data() == {
        "op": "gemm", "m": 1, "n": 2, "k": 3, "bias": True, "relu": False, "dtype": "float32"
    }  # fmt: skip
    assert Gemm(1, 2, 3, clip=(0.0, 6.0)).to_data()["clip"] == [0.0, 6.0]
    younger = list(Gemm(1, 2, 3, residual=True, activation="sigmoid").to_data().items())[-2:]
    assert younger == [("residual", True), ("activation", "sigmoid")]


def test_text_names_an_argument_that_is_no_weight() -> None:
    assert "constant_b" not in Gemm(1, 2, 3).to_data()
    two = Gemm(1, 2, 3, constant_b=False)
    assert two.to_data()["constant_b"] is False
    assert workload_from_json(two.to_json()) == two
    assert str(two) == "gemm 1x2x3 of two arguments"


def test_bounds_of_one_value_are_one_workload_with_one_text() -> None:
    whole, real = Gemm(1, 2, 3, clip=(0, 6)), Gemm(1, 2, 3, clip=(0.0, 6.0))
    assert (whole, whole.to_json()) == (real, real.to_json())


@pytest.mark.parametrize(
    ("clip", "dtype", "message"),
    [
        ((0,), "float32", "Gemm: clip must be a pair of finite numbers or None, but got (0,)."),
        (6.0, "float32", "Gemm: clip must be a pair of finite numbers or None, but got 6.0."),
        ((False, 6), "float32", "Gemm: clip must be a pair of finite numbers or None, but got (False, 6)."),
        ((0.0, inf), "float32", "Gemm: clip must be a pair of finite numbers or None, but got (0.0, inf)."),
        ((0, 1 << 53), "int64", f"Gemm: clip must be a pair of integers or None, but got (0, {1 << 53})."),
        ((0, 1.5), "int32", "Gemm: clip must be a pair of integers or None, but got (0, 1.5)."),
        ((6.0, 0.0), "float32", "Gemm: low <= high must hold for clip=(low, high), but got (6.0, 0.0)."),
    ],
    ids=str,
)
def test_clip_is_a_pair_of_numbers_in_order(clip: object, dtype: str, message: str) -> None:
    with pytest.raises(LanguageError) as caught:
        Gemm(1, 2, 3, dtype=dtype, clip=clip)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_relu_and_clip_are_one_activation() -> None:
    with pytest.raises(LanguageError) as caught:
        Conv2d(1, 8, 8, 6, 8, 3, 3, clip=(-1, 6))
    assert (
        str(caught.value)
        == """\
Conv2d: a layer has one activation, but got relu=True and clip=(-1, 6).
  hint        relu=False, clip=(0, 6)"""
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"activation": "swish"},
            "Gemm: there is no activation 'swish'.\n"
            "  legal here  sigmoid | gelu | gelu_tanh\n"
            "  hint        relu=True or clip=(low, high)",
        ),
        ({"activation": "gelu", "dtype": "int32"}, "Gemm: gelu is for floats, but got dtype int32."),
        (
            {"activation": "gelu", "relu": True},
            "Gemm: a layer has one activation, but got relu=True and activation='gelu'.",
        ),
        (
            {"activation": "gelu", "clip": (0, 6)},
            "Gemm: a layer has one activation, but got clip=(0.0, 6.0) and activation='gelu'.",
        ),
    ],
)
def test_named_activations(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(LanguageError) as caught:
        Gemm(1, 2, 3, **fields)
    assert str(caught.value) == message


def test_text_names_what_differs_from_plain() -> None:
    assert str(EXAMPLES[3]) == "conv2d 2x9x11x8 -> 12, 3x1 stride 2x1 padding 0x2 dilation 1x3 groups 4"
    assert str(EXAMPLES[4]) == "depthwise_conv2d 1x56x56x32 x2, 3x3 padding 1"
    assert list(map(str, EXAMPLES[-4:])) == [
        "max_pool2d 1x112x112x64, 3x3 stride 2 padding 1",
        "average_pool2d 2x7x7x2048, 7x7",
        "softmax 128x1000",
        "layer_norm 128x768",
    ]
    counted = Pool2d(1, 8, 8, 4, 3, 3, padding=(1, 1), kind="average", count_padding=True)
    assert str(counted) == "average_pool2d 1x8x8x4, 3x3 padding 1 counted"


def test_size_must_be_positive() -> None:
    with pytest.raises(LanguageError) as caught:
        Gemm(3, 0, 7)
    assert str(caught.value) == "Gemm: n must be an integer >= 1, but got 0."


def test_groups_must_divide() -> None:
    with pytest.raises(LanguageError) as caught:
        Conv2d(1, 8, 8, 6, 8, 3, 3, groups=4)
    assert str(caught.value) == "conv2d 1x8x8x6 -> 8, 3x3 groups 4: groups=4 must divide c=6 and k=8."


def test_filter_must_fit() -> None:
    with pytest.raises(LanguageError) as caught:
        DepthwiseConv2d(1, 4, 9, 6, 5, 5)
    assert (
        str(caught.value)
        == """\
depthwise_conv2d 1x4x9x6, 5x5: the filter does not fit the padded image (its output would be 0x5).
  rule        (extent + 2 * padding - dilation * (filter - 1) - 1) // stride + 1 >= 1"""
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "median"}, "Pool2d: there is no kind 'median'.\n  legal here  max | average"),
        ({"kind": "average", "dtype": "int32"}, "Pool2d: means are for floats, but got dtype int32."),
        ({"count_padding": True}, "Pool2d: count_padding is for kind='average', but got kind='max'."),
        (
            {"padding": (0, 3)},
            "max_pool2d 1x8x8x4, 3x3 padding 0x3: windows may not lie in the padding alone.\n"
            "  rule        padding < window, in both directions",
        ),
    ],
)
def test_what_pooling_refuses(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(LanguageError) as caught:
        Pool2d(1, 8, 8, 4, 3, 3, **fields)
    assert str(caught.value) == message


def test_operations_on_rows_are_for_floats() -> None:
    with pytest.raises(LanguageError) as caught:
        Softmax(3, 5, dtype="int32")
    assert str(caught.value) == "Softmax: dtype must be float32 or float64, but got int32."


def test_epsilon_is_a_number() -> None:
    with pytest.raises(LanguageError) as caught:
        LayerNorm(3, 5, epsilon=-1e-5)
    assert str(caught.value) == "LayerNorm: epsilon must be a finite number >= 0, but got -1e-05."
    assert LayerNorm(3, 5, epsilon=0).to_json() == LayerNorm(3, 5, epsilon=0.0).to_json()


def test_pairs_are_pairs() -> None:
    with pytest.raises(LanguageError) as caught:
        Conv2d(1, 8, 8, 6, 8, 3, 3, stride=(0, 1))
    assert str(caught.value) == "Conv2d: stride must be a pair of integers >= 1, but got (0, 1)."


def test_storage_types_are_refused() -> None:
    with pytest.raises(LanguageError) as caught:
        Gemm(1, 1, 1, dtype="float16")
    assert (
        str(caught.value)
        == """\
Gemm: sums cannot be accumulated in float16.
  hint        use float32, float64 or an integer type"""
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"op": "conv3d"}, "there is no workload 'conv3d'."),
        ({"colour": 1}, "gemm has no field 'colour'."),
        ({"n": None}, "gemm.n must be an integer, but got null."),
        ({"n": True}, "gemm.n must be an integer, but got true."),
        ({"n": 2.0}, "gemm.n must be an integer, but got 2.0."),
        ({"bias": 1}, "gemm.bias must be true or false, but got 1."),
        ({"clip": [0, "6"]}, 'gemm.clip[1] must be a number, but got "6".'),
        ({"clip": [0, 10**400]}, f"gemm.clip[1] must be a number, but got 1{'0' * 36}...."),
    ],
)
def test_json_is_closed(change: dict[str, object], message: str) -> None:
    data = json.loads(Gemm(1, 2, 3).to_json()) | change
    with pytest.raises(LanguageError) as caught:
        workload_from_json(json.dumps(data))
    assert caught.value.message == message


def test_json_lists_have_the_right_length() -> None:
    data = json.loads(EXAMPLES[2].to_json()) | {"stride": [1]}
    with pytest.raises(LanguageError) as caught:
        workload_from_json(json.dumps(data))
    assert str(caught.value) == "conv2d.stride must be a list of 2, but got [1]."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"op": "gemm", "m": 1, "m": 2}', "the workload is not well-formed JSON: duplicate key 'm'."),
        ('{"op": "gemm", "m": NaN}', "the workload is not well-formed JSON: NaN is not JSON."),
        ("[" * 100_000, "the workload is not well-formed JSON: "),
        ("[1]", "a workload must be an object with an 'op'."),
        ('{"op": "gemm", "m": 1, "n": 2}', "gemm lacks the field 'k'."),
    ],
)
def test_malformed_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(LanguageError) as caught:
        workload_from_json(text)
    assert caught.value.message.startswith(message)
