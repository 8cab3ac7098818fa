"""The ONNX models compute what the workloads mean, whatever the geometry."""

from __future__ import annotations

from collections.abc import Mapping

import onnxruntime
import pytest

from autotune.bench.case import Array, describe_difference, make_arrays
from autotune.bench.peers.onnx_model import build_onnx_layer
from tensorlang import reference
from tensorlang.errors import TuningError
from tensorlang.nn import Conv2d, DepthwiseConv2d, FusedWorkload, Gemm, LayerNorm, Pool2d, Softmax, Workload, build
from tests.bench.definition import compute


@pytest.mark.parametrize(
    "work",
    [
        Gemm(m=3, n=5, k=7),
        Gemm(m=4, n=2, k=3, bias=False, relu=True),
        Gemm(m=4, n=3, k=3, clip=(-0.5, 0.25)),
        Gemm(m=4, n=3, k=3, activation="gelu"),
        Gemm(m=4, n=3, k=3, activation="gelu_tanh"),
        Conv2d(n=1, h=6, w=7, c=3, k=4, r=1, s=1, relu=False, activation="sigmoid"),
        Gemm(m=3, n=5, k=4, constant_b=False),
        Gemm(m=3, n=5, k=4, residual=True),
        Conv2d(n=2, h=6, w=7, c=3, k=4, r=3, s=3, residual=True),
        Conv2d(n=2, h=6, w=7, c=3, k=4, r=3, s=3),
        Conv2d(n=1, h=6, w=7, c=3, k=4, r=1, s=1, relu=False, clip=(0, 0.5)),
        Conv2d(n=1, h=9, w=8, c=4, k=6, r=3, s=2, stride=(2, 1), padding=(1, 2), relu=False),
        Conv2d(n=1, h=9, w=9, c=4, k=6, r=2, s=3, dilation=(2, 3), groups=2, bias=False),
        DepthwiseConv2d(n=1, h=7, w=6, c=4, r=3, s=3, stride=(2, 2), padding=(1, 1)),
        DepthwiseConv2d(n=2, h=5, w=6, c=3, r=2, s=3, multiplier=2, relu=False),
        DepthwiseConv2d(n=1, h=5, w=6, c=8, r=3, s=3, padding=(1, 1), relu=False, clip=(0, 0.5)),
    ],
    ids=str,
)
def test_a_model_computes_its_workload(work: FusedWorkload) -> None:
    arrays = make_arrays(work)
    assert describe_difference(_run(work, arrays), compute(work, arrays), work) == ""


@pytest.mark.parametrize(
    "work",
    [
        Pool2d(2, 9, 8, 3, 3, 2, stride=(2, 1), padding=(1, 1)),
        Pool2d(1, 9, 8, 3, 3, 2, stride=(2, 1), padding=(1, 1), kind="average"),
        Pool2d(1, 9, 8, 3, 3, 3, stride=(2, 2), padding=(1, 0), kind="average", count_padding=True),
        Pool2d.global_average(2, 7, 5, 6),
        Softmax(5, 9),
        LayerNorm(5, 9, epsilon=0.1),
    ],
    ids=str,
)
def test_a_model_computes_what_the_layer_does(work: Workload) -> None:
    arrays, layer = make_arrays(work), build(work)
    expected = reference.evaluate(layer.algorithm(), {"out": layer.shape}, arrays)["out"]
    assert describe_difference(_run(work, arrays), expected, work) == ""


def _run(work: Workload, arrays: Mapping[str, Array]) -> Array:
    """What the model computes, in our layout."""
    layer = build_onnx_layer(work, arrays)
    session = onnxruntime.InferenceSession(layer.model, providers=["CPUExecutionProvider"])
    (y,) = session.run(None, dict(layer.inputs))
    assert y.shape == layer.output_shape
    return layer.to_our_layout(y)


def test_only_float32_is_compared() -> None:
    work = Gemm(m=1, n=2, k=3, dtype="float64")
    with pytest.raises(TuningError) as caught:
        build_onnx_layer(work, make_arrays(work))
    assert str(caught.value) == "gemm 1x2x3 is of float64; only float32 layers are compared."
