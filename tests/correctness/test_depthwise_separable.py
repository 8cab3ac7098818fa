"""A depthwise-separable block: a 3 x 3 convolution of each channel, then a 1 x 1 convolution over all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tests.correctness.checking import Array, assert_agrees

HEIGHT, WIDTH, CHANNELS, FILTERS = 9, 11, 10, 21


def separable_block() -> tl.Func:
    x = tl.Input("x", (1, HEIGHT, WIDTH, CHANNELS), tl.float32)
    depth_w = tl.Input("depth_w", (3, 3, CHANNELS), tl.float32, constant=True)
    point_w = tl.Input("point_w", (CHANNELS, FILTERS), tl.float32, constant=True)
    bias = tl.Input("bias", (FILTERS,), tl.float32, constant=True)
    n, p, q, c, k = tl.vars("n p q c k")
    window, channel = tl.RDom("r s", 3, 3), tl.RDom("channel", CHANNELS)
    r, s = window

    padded = tl.constant_exterior(x, 0.0, (0, 1, 1, 0), vars="n h w c", name="padded")
    depth, middle, point, out = (tl.Func(name) for name in ("depth", "middle", "point", "out"))
    depth[n, p, q, c] += padded[n, p + r, q + s, c] * depth_w[r, s, c]
    middle[n, p, q, c] = tl.max(depth[n, p, q, c], 0.0)
    point[n, p, q, k] += middle[n, p, q, channel] * point_w[channel, k]
    out[n, p, q, k] = tl.max(point[n, p, q, k] + bias[k], 0.0)
    return out


def expected(x: Array, depth_w: Array, point_w: Array, bias: Array) -> Array:
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    middle = np.maximum(np.einsum("npqcrs,rsc->npqc", windows, depth_w), 0)
    result: Array = np.maximum(middle @ point_w + bias, 0)
    return result


def plain(s: tl.Schedule) -> None:
    """No directive at all."""


def everything_at_root(s: tl.Schedule) -> None:
    for stage in ("padded", "depth", "middle", "point"):
        s[stage].compute_root()
    s["depth", 1].reorder("n", "p", "q", "r", "s", "c").vectorize("c", 4).parallel("p")
    s["point", 1].reorder("n", "p", "q", "channel", "k").vectorize("k", 8).parallel("p")
    s["out"].vectorize("k", 8)


def depth_in_rows_of_point(s: tl.Schedule) -> None:
    s["out"].parallel("p").vectorize("k", 8)
    s["point"].compute_at("out", "p").vectorize("k", 8)
    s["point", 1].reorder("n", "p", "q", "channel", "k").vectorize("k", 8)
    s["middle"].compute_at("out", "p").vectorize("c", 4)
    s["depth"].compute_at("out", "p").vectorize("c", 4)
    s["depth", 1].reorder("n", "p", "q", "r", "s", "c").vectorize("c", 4).unroll("s")


def tiles_in_registers(s: tl.Schedule) -> None:
    """Four pixels of all filters of a vector at a time; their depthwise values are on the stack."""
    s["out"].split("q", "qo", "qi", 4, "guard_with_if").split("k", "ko", "ki", 8)
    s["out"].reorder("n", "p", "qo", "ko", "qi", "ki").vectorize("ki").fuse("p", "qo", "task").parallel("task")
    s["middle"].compute_at("out", "task").store_in("stack").vectorize("c", 8, "guard_with_if")
    s["depth"].compute_at("middle", "q").store_in("stack").vectorize("c", 8, "predicate")
    s["depth", 1].reorder("r", "s", "n", "p", "q", "c").vectorize("c", 8, "guard_with_if")
    s["point"].compute_at("out", "ko").store_in("stack").vectorize("k", 8)
    s["point", 1].reorder("channel", "n", "p", "q", "k").vectorize("k", 8)


def sliding_rows(s: tl.Schedule) -> None:
    """Padded rows in a window of three; each row of depthwise values once."""
    s["padded"].compute_at("out", "p").store_root().vectorize("c", 4)
    s["depth"].compute_at("out", "p").store_in("stack")
    s["depth", 1].reorder("n", "p", "c", "r", "s", "q").vectorize("q", 4)
    s["point"].compute_at("out", "q").vectorize("k", 4)
    s["point", 1].reorder("channel", "n", "p", "q", "k").unroll("channel", 2).vectorize("k", 4)


def packed_weights(s: tl.Schedule) -> None:
    s.in_("point_w", "point", "packed").split_storage("k", "ko", "ki", 8).reorder_storage("ko", "channel", "ki")
    s["packed"].compute_at_init()
    s["middle"].compute_root().reorder_storage("n", "c", "p", "q").reorder("n", "c", "p", "q").vectorize("q", 4)
    s["point"].compute_root().split("k", "ko", "ki", 8, "guard_with_if").reorder("ko", "n", "p", "q", "ki")
    s["point", 1].split("k", "ko", "ki", 8, "guard_with_if").reorder("ko", "n", "p", "q", "channel", "ki")
    s["point", 1].vectorize("ki").parallel("ko")


def split_channels(s: tl.Schedule) -> None:
    """The sum over channels in parts, each with the depthwise values of its channels."""
    s["middle"].compute_root().parallel("p")
    s["point", 1].split("channel", "co", "ci", 5).rfactor(("co", "part"), "parts").compute_root().vectorize("k", 8)
    s["parts", 1].reorder("part", "n", "p", "q", "ci", "k").parallel("part").vectorize("k", 8)
    s["point"].compute_root()


SCHEDULES: dict[str, Callable[[tl.Schedule], None]] = {
    f.__name__: f
    for f in (
        plain,
        everything_at_root,
        depth_in_rows_of_point,
        tiles_in_registers,
        sliding_rows,
        packed_weights,
        split_channels,
    )
}


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_depthwise_separable(name: str) -> None:
    output = separable_block()
    s = tl.Schedule(output)
    SCHEDULES[name](s)
    assert_agrees(output, s, expected, shape=(1, HEIGHT, WIDTH, FILTERS))
