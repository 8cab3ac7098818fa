"""Layers: their algorithms, evaluated by the oracle, compute what NumPy computes in its own way."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from tensorlang import nn, reference

Array = npt.NDArray[np.float64]


def _random(layer: nn.Layer) -> dict[str, Array]:
    generator = np.random.default_rng(1)
    return {item.name: generator.integers(-3, 4, item.shape).astype(np.float64) for item in layer.inputs}


def _evaluate(layer: nn.Layer, arrays: dict[str, Array]) -> npt.NDArray[np.generic]:
    return reference.evaluate(layer.algorithm(), {"out": layer.shape}, arrays)["out"]


def _finish(workload: nn.Workload, total: Array, arrays: dict[str, Array]) -> Array:
    total = total + arrays["bias"] if workload.bias else total
    total = total + arrays["residual"] if workload.residual else total
    total = np.maximum(total, 0) if workload.relu else total
    return np.clip(total, *workload.clip) if workload.clip else total


_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "gelu": lambda x: x / 2 * np.vectorize(math.erfc)(-x / math.sqrt(2)),
    "gelu_tanh": lambda x: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}


def _taps(workload: nn.Conv2d | nn.DepthwiseConv2d, x: Array) -> npt.NDArray[np.float64]:
    """The input under every tap: (r, s, n, p, q, c)."""
    (pad_h, pad_w), (step_h, step_w), (gap_h, gap_w) = workload.padding, workload.stride, workload.dilation
    image = np.pad(x, ((0, 0), (pad_h, pad_h), (pad_w, pad_w), (0, 0)))
    rows = [r * gap_h + np.arange(workload.p) * step_h for r in range(workload.r)]
    columns = [s * gap_w + np.arange(workload.q) * step_w for s in range(workload.s)]
    return np.array([[image[:, row][:, :, column] for column in columns] for row in rows])


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("relu", [False, True])
def test_gemm(bias: bool, relu: bool) -> None:
    workload = nn.Gemm(5, 6, 7, bias=bias, relu=relu, dtype="float64")
    layer = nn.build(workload)
    arrays = _random(layer)
    expected = _finish(workload, arrays["a"] @ arrays["b"], arrays)
    np.testing.assert_array_equal(_evaluate(layer, arrays), expected)


@pytest.mark.parametrize("clip", [(0, 6), (-3.5, 4.25)])
@pytest.mark.parametrize("bias", [False, True])
def test_clip(bias: bool, clip: tuple[float, float]) -> None:
    workload = nn.Gemm(5, 6, 7, bias=bias, clip=clip, dtype="float64")
    layer = nn.build(workload)
    arrays = _random(layer)
    found = _evaluate(layer, arrays)
    np.testing.assert_array_equal(found, _finish(workload, arrays["a"] @ arrays["b"], arrays))
    assert (found.min(), found.max()) == clip


def test_integers_are_clipped_as_integers() -> None:
    layer = nn.build(nn.Gemm(5, 6, 7, clip=(-2, 6), dtype="int32"))
    arrays = {name: array.astype(np.int32) for name, array in _random(layer).items()}
    found = reference.evaluate(layer.algorithm(), {"out": layer.shape}, arrays)["out"]
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, np.clip(arrays["a"] @ arrays["b"] + arrays["bias"], -2, 6))


@pytest.mark.parametrize(
    "workload",
    [
        nn.Conv2d(2, 6, 7, 4, 5, 3, 3, padding=(1, 1), dtype="float64"),
        nn.Conv2d(1, 9, 8, 3, 4, 3, 2, stride=(2, 1), padding=(0, 1), dilation=(1, 2), relu=False, dtype="float64"),
        nn.Conv2d(1, 5, 5, 6, 9, 3, 3, groups=3, bias=False, dtype="float64"),
        nn.Conv2d(1, 4, 4, 6, 3, 1, 1, bias=False, relu=False, dtype="float64"),
        nn.Conv2d(1, 4, 4, 6, 3, 1, 1, relu=False, clip=(0, 6), dtype="float64"),
    ],
    ids=str,
)
def test_conv2d(workload: nn.Conv2d) -> None:
    layer = nn.build(workload)
    arrays = _random(layer)
    taps = _taps(workload, arrays["x"])
    grouped = taps.reshape(*taps.shape[:-1], workload.groups, -1)
    w = arrays["w"].reshape(*arrays["w"].shape[:3], workload.groups, -1)
    total = np.einsum("rsnpqgc,rscgk->npqgk", grouped, w).reshape(layer.shape)
    np.testing.assert_array_equal(_evaluate(layer, arrays), _finish(workload, total, arrays))


@pytest.mark.parametrize(
    "workload",
    [
        nn.DepthwiseConv2d(2, 6, 7, 4, 3, 3, padding=(1, 1), dtype="float64"),
        nn.DepthwiseConv2d(1, 9, 9, 3, 3, 3, stride=(2, 2), multiplier=2, bias=False, dtype="float64"),
        nn.DepthwiseConv2d(1, 6, 7, 4, 3, 3, padding=(1, 1), relu=False, clip=(0, 6), dtype="float64"),
    ],
    ids=str,
)
def test_depthwise_conv2d(workload: nn.DepthwiseConv2d) -> None:
    layer = nn.build(workload)
    arrays = _random(layer)
    spread = np.repeat(_taps(workload, arrays["x"]), workload.multiplier, axis=-1)
    total = np.einsum("rsnpqk,rsk->npqk", spread, arrays["w"])
    np.testing.assert_array_equal(_evaluate(layer, arrays), _finish(workload, total, arrays))


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("activation", sorted(_ACTIVATIONS))
def test_named_activations(activation: str, bias: bool, residual: bool) -> None:
    workload = nn.Gemm(5, 6, 3, bias=bias, residual=residual, activation=activation, dtype="float64")
    layer = nn.build(workload)
    arrays = _random(layer)
    expected = _ACTIVATIONS[activation](_finish(workload, arrays["a"] @ arrays["b"], arrays))
    np.testing.assert_allclose(_evaluate(layer, arrays).astype(np.float64), expected, rtol=1e-13, atol=1e-14)


def test_the_activation_follows_the_residual() -> None:
    layer = nn.build(nn.Conv2d(2, 5, 6, 4, 3, 1, 1, residual=True, dtype="float64"))
    arrays = _random(layer)
    expected = _finish(layer.workload, np.einsum("npqc,rsck->npqk", arrays["x"], arrays["w"]), arrays)
    np.testing.assert_array_equal(_evaluate(layer, arrays), expected)
    assert expected.min() == 0


def test_stages_are_named_for_schedules() -> None:
    full = nn.build(nn.Conv2d(1, 8, 8, 4, 4, 3, 3, padding=(1, 1)))
    assert list(full.stages) == ["padded", "conv", "biased", "out"]
    bare = nn.build(nn.Conv2d(1, 8, 8, 4, 4, 3, 3, bias=False, relu=False))
    assert list(bare.stages) == ["conv", "out"]
    clipped = nn.build(nn.Conv2d(1, 8, 8, 4, 4, 1, 1, relu=False, clip=(0, 6)))
    assert list(clipped.stages) == ["conv", "biased", "out"]
    assert [item.name for item in full.inputs if item.constant] == ["w", "bias"]
    added = nn.build(nn.Conv2d(1, 8, 8, 4, 4, 1, 1, residual=True))
    assert list(added.stages) == ["conv", "biased", "added", "out"]
    assert [item.name for item in added.inputs if not item.constant] == ["x", "residual"]
