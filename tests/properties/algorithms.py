"""Small algorithms with awkward extents, each with the names that random schedules may use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import tensorlang as tl


@dataclass(frozen=True)
class Subject:
    """An output, its shape, Funcs that directives may be given to, consumers first, and conditions of their cases."""

    output: tl.Func
    shape: tuple[int, ...]
    funcs: tuple[tl.Func, ...]
    conditions: tuple[str, ...] = ()


def matmul() -> Subject:
    a = tl.Input("a", (13, 7), tl.float32)
    b = tl.Input("b", (7, 19), tl.float32)
    i, j = tl.vars("i j")
    k = tl.RDom("k", 7)
    product, out = tl.Func("product"), tl.Func("out")
    product[i, j] += a[i, k] * b[k, j]
    out[i, j] = tl.max(product[i, j], 0.0) + 1.0
    return Subject(out, (13, 19), (out, product))


def stencil() -> Subject:
    x = tl.Input("x", (12, 21), tl.int32)
    i, j = tl.vars("i j")
    rows, columns, out = tl.Func("rows"), tl.Func("columns"), tl.Func("out")
    rows[i, j] = x[i, j] + 2 * x[i, j + 1] - x[i, j + 2]
    columns[i, j] = rows[i, j] + rows[i + 1, j] * 3 + rows[i + 2, j]
    out[i, j] = columns[i, j] - rows[i + 1, j]
    return Subject(out, (10, 19), (out, columns, rows))


def convolution() -> Subject:
    x = tl.Input("x", (1, 7, 9, 3), tl.float32)
    w = tl.Input("w", (3, 3, 3, 5), tl.float32, constant=True)
    n, p, q, k = tl.vars("n p q k")
    r, s, c = tl.RDom("r s c", 3, 3, 3)
    padded = tl.constant_exterior(x, 0.0, (0, 1, 1, 0), vars="n h w c", name="padded")
    conv, out = tl.Func("conv"), tl.Func("out")
    conv[n, p, q, k] += padded[n, p * 2 + r, q * 2 + s, c] * w[r, s, c, k]
    out[n, p, q, k] = tl.max(conv[n, p, q, k], 0.0)
    return Subject(out, (1, 4, 5, 5), (out, conv, padded))


def edges() -> Subject:
    x = tl.Input("x", (11,), tl.int16)
    i, j = tl.vars("i j")
    edge = tl.repeat_edge(x, (2,), name="edge")
    table, out = tl.Func("table"), tl.Func("out")
    table[i] = edge[i] * 3 - edge[i + 4]
    out[j, i] = table[tl.clamp(i * 2 - j, 0, 10)] + tl.cast(tl.int16, j)
    return Subject(out, (3, 9), (out, table, edge))


def two_updates() -> Subject:
    x = tl.Input("x", (6, 17), tl.int64)
    i, j = tl.vars("i j")
    k = tl.RDom("k", 6)
    total, out = tl.Func("total"), tl.Func("out")
    total[j] = 5
    total[j] += x[k, j] * (k + 1)
    total[j] = total[j] * 2 + x[3, j]
    out[i, j] = total[j] - x[i, j]
    return Subject(out, (6, 17), (out, total))


def waves() -> Subject:
    x = tl.Input("x", (7, 21), tl.float32)
    i, j = tl.vars("i j")
    wave, out = tl.Func("wave"), tl.Func("out")
    wave[i, j] = tl.sin(x[i, j] * 3) + tl.cos(x[i, j] - tl.cast(tl.float32, i))
    out[i, j] = tl.pow(abs(wave[i, j]) + 0.5, x[i, j]) - x[i, j] ** 2
    return Subject(out, (7, 21), (out, wave))


def shifted() -> Subject:
    x = tl.Input("x", (9, 40), tl.float32)
    n, gain = tl.Param("n", tl.int32, min=0, max=5), tl.Param("gain", tl.float32, min=-2, max=3)
    i, j = tl.vars("i j")
    near, out = tl.Func("near"), tl.Func("out")
    near[i, j] = x[i, j + n] * gain
    out[i, j] = tl.select(j < n * 2, near[i, j], near[i, j + n] - gain)
    return Subject(out, (9, 19), (out, near), ("n == 4", "n <= 2", "gain > 0.0", "n % 2 == 1 and n >= 3", "gain == 0"))


def places() -> Subject:
    x = tl.Input("x", (9, 23), tl.float32)
    i, j = tl.vars("i j")
    r, c = tl.RDom("r c", 3, 5)
    pair, out = tl.Func("pair"), tl.Func("out")
    row, column, value = tl.argmax(x[i + r, j + c], name="place")
    pair[i, j] = (row * 8 + column, value)
    pair[i, j] = (pair[i, j][0] + 1, pair[i, j][1] * 2)
    pair[i, j][0] -= j
    out[i, j] = (pair[i, j][1], pair[i + 1, j][0])
    return Subject(out, (6, 19), (out, pair, _source(pair, "place")))


def _source(func: tl.Func, name: str) -> tl.Func:
    """The Func called `name` that `func` reads."""
    source = func.sources[name]
    assert isinstance(source, tl.Func)
    return source


SUBJECTS: dict[str, Callable[[], Subject]] = {
    f.__name__: f for f in (matmul, stencil, convolution, edges, two_updates, waves, shifted, places)
}
