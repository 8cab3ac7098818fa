"""A convolution with bias and ReLU whose 2 x 2 maxima alone are stored, under very different schedules."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import Array, assert_agrees

HEIGHT, WIDTH, CHANNELS, FILTERS = 9, 11, 3, 20
POOLED = (1, 4, 5, FILTERS)


def pooled_convolution() -> tl.Func:
    x = tl.Input("x", (1, HEIGHT, WIDTH, CHANNELS), tl.float32)
    w = tl.Input("w", (3, 3, CHANNELS, FILTERS), tl.float32, constant=True)
    bias = tl.Input("bias", (FILTERS,), tl.float32, constant=True)
    n, p, q, k = tl.vars("n p q k")
    r, s, c = tl.RDom("r s c", 3, 3, CHANNELS)
    dy, dx = tl.RDom("dy dx", 2, 2)

    padded = tl.constant_exterior(x, 0.0, (0, 1, 1, 0), vars="n h w c", name="padded")
    conv, relu, out = tl.Func("conv"), tl.Func("relu"), tl.Func("out")
    conv[n, p, q, k] += padded[n, p + r, q + s, c] * w[r, s, c, k]
    relu[n, p, q, k] = tl.max(conv[n, p, q, k] + bias[k], 0.0)
    out[n, p, q, k] = tl.maximum(relu[n, 2 * p + dy, 2 * q + dx, k], name="pool")
    return out


def expected(x: Array, w: Array, bias: Array) -> Array:
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    conv = np.maximum(np.einsum("npqcrs,rsck->npqk", windows, w) + bias, 0)
    pooled: Array = conv[:, :8, :10].reshape(1, 4, 2, 5, 2, FILTERS).max((2, 4))
    return pooled


def plain(s: tl.Schedule) -> None:
    """No directive at all."""


def everything_at_root(s: tl.Schedule) -> None:
    for stage in ("padded", "conv", "relu", "pool"):
        s[stage].compute_root()
    s["conv", 1].reorder("n", "p", "q", "r", "s", "c", "k").vectorize("k", 4).parallel("p")
    s["pool", 1].reorder("n", "p", "q", "dy", "dx", "k").vectorize("k", 4)


def a_pooled_row_at_a_time(s: tl.Schedule) -> None:
    s["out"].parallel("p").vectorize("k", 4)
    s["pool"].compute_at("out", "q").vectorize("k", 4)
    s["pool", 1].unroll("dy").unroll("dx")
    s["relu"].compute_at("out", "p").vectorize("k", 4)
    s["conv"].compute_at("relu", "q").vectorize("k", 4)
    s["conv", 1].reorder("n", "p", "q", "r", "s", "c", "k").vectorize("k", 4)


def tiles_in_registers(s: tl.Schedule) -> None:
    s["out"].split("k", "ko", "ki", 4).reorder("n", "p", "ko", "q", "ki").vectorize("ki").parallel("p")
    s["pool"].compute_at("out", "q").store_in("register").vectorize("k", 4).unroll("k")
    s["pool", 1].unroll("dy").unroll("dx").vectorize("k", 4).unroll("k")
    s["conv"].compute_at("out", "q").store_in("register").vectorize("k", 4)
    s["conv"].unroll("k").unroll("p").unroll("q")
    s["conv", 1].reorder("r", "s", "c", "p", "q", "k").vectorize("k", 4).unroll("k").unroll("p").unroll("q")


def packed_weights(s: tl.Schedule) -> None:
    s.in_("w", "conv", "packed").split_storage("k", "ko", "ki", 8).reorder_storage("ko", "r", "s", "c", "ki")
    s["packed"].compute_at_init()
    s["padded"].compute_root().parallel("h")
    s["relu"].compute_root().split("k", "ko", "ki", 8, "guard_with_if").reorder("n", "ko", "p", "q", "ki")
    s["relu"].vectorize("ki").fuse("ko", "p", "task").parallel("task")
    s["conv"].compute_at("relu", "q").store_in("stack").vectorize("k", 8)
    s["conv", 1].reorder("n", "p", "q", "r", "s", "c", "k").vectorize("k", 8, "guard_with_if")
    s["out"].vectorize("k", 16, "predicate")


def wide_images(s: tl.Schedule) -> None:
    s["padded"].compute_at("out", "p").store_in("stack")
    s["conv"].compute_at("out", "p").reorder_storage("n", "p", "k", "q").reorder("k", "q").vectorize("q", 4)
    s["conv", 1].reorder("n", "p", "k", "r", "s", "c", "q").vectorize("q", 4)
    s["out"].reorder("n", "p", "k", "q").unroll("q", 2)


SCHEDULES: dict[str, Callable[[tl.Schedule], None]] = {
    f.__name__: f
    for f in (plain, everything_at_root, a_pooled_row_at_a_time, tiles_in_registers, packed_weights, wide_images)
}


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_max_pool_convolution(name: str) -> None:
    output = pooled_convolution()
    s = tl.Schedule(output)
    SCHEDULES[name](s)
    assert_agrees(output, s, expected, shape=POOLED)
