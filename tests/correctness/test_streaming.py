"""Stores past the caches change nothing of what is computed, whatever the arrays are aligned to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.codegen import host_target
from tensorlang.dtypes import DType
from tensorlang.inspection.assembly import read_blocks
from tests.correctness.checking import Array, assert_agrees

x86_only = pytest.mark.skipif("sse2" not in host_target().features, reason="needs x86-64")
_OFFSETS_BYTES = (0, 4, 16, 32, 60)


def filled(n: int, offset_bytes: int) -> Array:
    """An array that starts so many bytes after a multiple of 64, with room behind it that a store would spoil."""
    raw = np.full(n + 64, -1.0, np.float32)
    start = (-raw.ctypes.data % 64 + offset_bytes) // 4
    return raw[start : start + n]


@pytest.mark.parametrize("offset_bytes", _OFFSETS_BYTES)
@pytest.mark.parametrize("lanes", [4, 8, 12, 16, 32, 48])
@pytest.mark.parametrize("n", [240, 77])
def test_any_alignment_of_the_output(n: int, lanes: int, offset_bytes: int) -> None:
    x, i, f = tl.Input("x", (n,), tl.float32), tl.Var("i"), tl.Func("f")
    f[i] = x[i] * 2.0
    s = tl.Schedule(f)
    s[f].vectorize("i", lanes, tail="guard_with_if").stream_stores()
    out = filled(n, offset_bytes)
    after = out.base[-8:] if isinstance(out.base, np.ndarray) else out
    given = np.arange(n, dtype=np.float32)
    tl.compile(f, s)(given, out=out)
    assert np.array_equal(out, given * 2.0)
    assert (after == -1.0).all()


@pytest.mark.parametrize("kind", [tl.int8, tl.uint16, tl.float16, tl.bfloat16, tl.int64, tl.float64, tl.bool_])
def test_any_element_type(kind: DType) -> None:
    x, i, f = tl.Input("x", (200,), tl.int32), tl.Var("i"), tl.Func("f")
    f[i] = x[i] > 0 if kind.is_bool else tl.cast(kind, tl.clamp(x[i], 0, 100))
    s = tl.Schedule(f)
    s[f].vectorize("i", 16, tail="shift_inwards").stream_stores()
    kernel = tl.compile(f, s)
    plain = tl.compile(f)
    given = np.arange(-100, 100, dtype=np.int32)
    assert kernel(given).tobytes() == plain(given).tobytes()


def product() -> tl.Func:
    a, b = tl.Input("a", (13, 29), tl.float32), tl.Input("b", (29, 48), tl.float32)
    (i, j), k, c = tl.vars("i j"), tl.RDom("k", 29), tl.Func("c")
    c[i, j] += a[i, k] * b[k, j]
    return c


PRODUCTS: dict[str, Callable[[tl.Schedule], object]] = {
    "a tile": lambda s: (
        s["c", 1].tile("i", "j", "io", "jo", "ii", "ji", 4, 16).reorder("io", "jo", "k", "ii", "ji"),
        s["c", 1].vectorize("ji").unroll("ii").stream_stores(),
    ),
    "tasks": lambda s: (
        s["c", 1].split("i", "io", "ii", 4, "guard_with_if").parallel("io").vectorize("j", 8).stream_stores(),
        s["c"].parallel("i").vectorize("j", 16).stream_stores(),
    ),
    "every term": lambda s: s["c", 1].reorder("k", "i", "j").vectorize("j", 16).stream_stores(),
    "a packed copy": lambda s: (
        s.in_("b", "c", "packed").compute_root().split_storage("j", "jo", "ji", 16).reorder_storage("jo", "k", "ji"),
        s["packed"].split("j", "jo", "ji", 16).reorder("jo", "k", "ji").vectorize("ji").parallel("jo").stream_stores(),
        s["c", 1].parallel("i").vectorize("j", 16),
    ),
    "a copy of the main thread, read by others": lambda s: (
        s.in_("b", "c", "copy").compute_root().vectorize("j", 16).stream_stores(),
        s["c", 1].parallel("i").vectorize("j", 16),
    ),
}


@pytest.mark.parametrize("name", list(PRODUCTS))
def test_a_product(name: str) -> None:
    c = product()
    s = tl.Schedule(c)
    PRODUCTS[name](s)
    assert tl.Schedule.from_json(s.to_json()) == s
    assert "stream" in tl.loop_nest(c, s)
    assert_agrees(c, s, lambda a, b: a @ b)


def test_a_case_streams_alone() -> None:
    x, n, i, f = tl.Input("x", (64,), tl.float32), tl.Param("n", tl.int32), tl.Var("i"), tl.Func("f")
    f[i] = x[i] * tl.cast(tl.float32, n)
    s = tl.Schedule(f)
    s[f].specialize("n == 2").vectorize("i", 16).stream_stores()
    assert tl.loop_nest(f, s).count("stream f") == 1
    kernel = tl.compile(f, s)
    given = np.arange(64, dtype=np.float32)
    for factor in (2, 3):
        assert np.array_equal(kernel(given, factor), given * factor)


@x86_only
def test_streamed_prepared_weights() -> None:
    x, w = tl.Input("x", (32,), tl.float32), tl.Input("w", (32, 48), tl.float32, constant=True)
    i, k, f = tl.Var("i"), tl.RDom("k", 32), tl.Func("f")
    f[i] += x[k] * w[k, i]
    s = tl.Schedule(f)
    s.in_(w, f, "packed").compute_at_init().vectorize("i", 16).stream_stores()
    kernel = tl.compile(f, s)
    rng = np.random.default_rng(3)
    given, weights = rng.random(32, np.float32), rng.random((32, 48), np.float32)
    np.testing.assert_allclose(kernel(given, weights), given @ weights, rtol=1e-5)
    assert "vmovnt" in kernel.asm("prepare") or "movnt" in kernel.asm("prepare")
    assert "sfence" in kernel.asm("prepare") and "sfence" not in kernel.asm()


@x86_only
def test_the_code_has_such_stores_and_a_fence_in_each_function_that_stores() -> None:
    c = product()
    s = tl.Schedule(c)
    PRODUCTS["tasks"](s)
    blocks = read_blocks(tl.compile(c, s).asm())
    streaming = {block.function for block in blocks for i in block.instructions if "movnt" in i.mnemonic}
    fenced = [block.function for block in blocks for i in block.instructions if i.mnemonic == "sfence"]
    assert len(streaming) == 2
    # Tasks when they end; what launches them, before each of the two and when it ends.
    assert streaming < set(fenced)
    (launching,) = set(fenced) - streaming
    assert fenced.count(launching) == 3
    assert "movnt" not in tl.compile(product()).asm()
