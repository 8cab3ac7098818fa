"""Domains whose ends cannot be seen from the loops in which a Func is computed."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.validation import check_kernel


def test_fused_updates_inside_all_their_consumers() -> None:
    i, j, k = tl.vars("i j k")
    x0 = tl.Input("x0", (9, 9, 7), tl.int64)
    x1 = tl.Input("x1", (7, 7), tl.int64)
    x2 = tl.Input("x2", (8, 13), tl.int16)
    n = tl.Param("n", tl.int64, min=0, max=1)
    (r0,), (r1,), (r2,) = tl.RDom("r0", (1, 6)), tl.RDom("r1", 7), tl.RDom("r2", 7)
    m0, m1, f, g = tl.Func("m0"), tl.Func("m1"), tl.Func("f"), tl.Func("g")
    m0[i, j, k] += x0[i, j, r0] * x1[r0, k]
    m1[i, j, k] += m0[i, j, r1] * x2[r1, k]
    f[i, j] = tl.select(i > 2, tl.cast(tl.float64, tl.minimum(m1[i, j, r2])), 0.25)
    g[j, i] = tl.abs(f[j // 2, i] * f[j * 2 + 1, i + n] * f[j, i] == x0[2, j, i])
    s = tl.Schedule()
    s["m1.update(0)"].fuse("i", "j", "i")
    result = check_kernel(tl.compile(g, s, shape={"g": (4, 7)}, cache=False))
    assert result.ok, result.reason
