"""Layers: their algorithms, evaluated by the oracle, compute what NumPy computes in its own way."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

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


def _finish(workload: nn.FusedWorkload, total: Array, arrays: dict[str, Array]) -> Array:
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
    workload = nn.Conv2d(2, 5, 6, 4, 3, 1, 1, residual=True, dtype="float64")
    layer = nn.build(workload)
    arrays = _random(layer)
    expected = _finish(workload, np.einsum("npqc,rsck->npqk", arrays["x"], arrays["w"]), arrays)
    np.testing.assert_array_equal(_evaluate(layer, arrays), expected)
    assert expected.min() == 0


def _windows(workload: nn.Pool2d, image: Array) -> Array:
    """The windows of a padded image: (n, p, q, c, r, s)."""
    (down, right), (up, left) = workload.stride, workload.padding
    padded = np.pad(image, ((0, 0), (up, up), (left, left), (0, 0)), constant_values=np.nan)
    return np.lib.stride_tricks.sliding_window_view(padded, (workload.r, workload.s), axis=(1, 2))[:, ::down, ::right]


POOLS = [
    nn.Pool2d(2, 7, 8, 3, 3, 2, dtype="float64"),
    nn.Pool2d(1, 9, 8, 5, 3, 3, stride=(2, 2), padding=(1, 1), dtype="float64"),
    nn.Pool2d(1, 6, 9, 2, 4, 5, stride=(3, 1), padding=(3, 2), dtype="float64"),
    nn.Pool2d(1, 1, 1, 4, 3, 3, padding=(1, 1), dtype="float64"),
]


@pytest.mark.parametrize("workload", POOLS, ids=str)
def test_max_pooling(workload: nn.Pool2d) -> None:
    layer = nn.build(workload)
    arrays = {"x": np.random.default_rng(1).uniform(-9, -1, layer.inputs[0].shape)}
    expected = np.nanmax(_windows(workload, arrays["x"]), axis=(-2, -1))
    assert expected.shape == layer.shape
    np.testing.assert_array_equal(_evaluate(layer, arrays), expected)


def test_max_pooling_of_integers_starts_below_all_of_them() -> None:
    layer = nn.build(nn.Pool2d(1, 4, 4, 1, 2, 2, stride=(2, 2), dtype="int32"))
    x = np.full((1, 4, 4, 1), np.iinfo(np.int32).min, np.int32)
    found = reference.evaluate(layer.algorithm(), {"out": layer.shape}, {"x": x})["out"]
    assert found.dtype == np.int32 and (found == np.iinfo(np.int32).min).all()


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("workload", POOLS, ids=str)
def test_average_pooling(workload: nn.Pool2d, counted: bool) -> None:
    workload = replace(workload, kind="average", count_padding=counted)
    layer = nn.build(workload)
    arrays = _random(layer)
    windows = _windows(workload, arrays["x"])
    expected = (np.nan_to_num(windows) if counted else windows).mean(axis=(-2, -1), where=~np.isnan(windows) | counted)
    np.testing.assert_allclose(_evaluate(layer, arrays).astype(np.float64), expected, rtol=1e-14, atol=1e-14)


def test_global_average_pooling() -> None:
    layer = nn.build(nn.Pool2d.global_average(2, 5, 7, 3, dtype="float64"))
    arrays = _random(layer)
    assert layer.shape == (2, 1, 1, 3)
    expected = arrays["x"].mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(_evaluate(layer, arrays).astype(np.float64), expected, rtol=1e-14, atol=1e-14)


def test_softmax_of_large_values_does_not_overflow() -> None:
    layer = nn.build(nn.Softmax(3, 5, dtype="float64"))
    x = np.random.default_rng(1).uniform(-5, 5, (3, 5)) + [[0], [1e4], [-1e4]]
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(_evaluate(layer, {"x": x}).astype(np.float64), expected, rtol=1e-14)


def test_layer_norm_loses_nothing_to_a_large_mean() -> None:
    layer = nn.build(nn.LayerNorm(3, 64, epsilon=1e-3, dtype="float64"))
    arrays = _random(layer) | {"x": np.random.default_rng(1).uniform(-1, 1, (3, 64)) + [[0], [1e6], [-1e8]]}
    x = arrays["x"].astype(np.longdouble)
    difference = x - x.mean(axis=1, keepdims=True)
    deviation = np.sqrt((difference**2).mean(axis=1, keepdims=True) + 1e-3)
    expected = (difference / deviation * arrays["scale"] + arrays["shift"]).astype(np.float64)
    found = _evaluate(layer, arrays).astype(np.float64)
    # One part in 2^53 of the mean is what float64 cannot tell; squares of x would lose all digits.
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


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
    pool = nn.build(nn.Pool2d(1, 8, 8, 4, 3, 3, padding=(1, 1)))
    assert list(pool.stages) == ["padded", "pool", "out"]
    assert list(nn.build(nn.Softmax(2, 3)).stages) == ["largest", "power", "total", "share", "out"]
    norm = nn.build(nn.LayerNorm(2, 3))
    assert list(norm.stages) == ["total", "mean", "squares", "factor", "out"]
    assert [item.name for item in norm.inputs if item.constant] == ["scale", "shift"]
