"""Fused loops over regions that are not needed everywhere."""

from __future__ import annotations

import pytest

import tensorlang as tl
from tensorlang.validation import check_kernel


@pytest.mark.parametrize("stage", ["g", "g.update(0)"])
def test_a_region_with_two_extents_below_zero_is_empty(stage: str) -> None:
    """Copies past both ends need no `g`: minus two times minus one is not two iterations."""
    x = tl.Input("x", (5, 3), tl.int32)
    i, j = tl.Var("i"), tl.Var("j")
    g, a, out = tl.Func("g"), tl.Func("a"), tl.Func("out")
    g[i, j] = x[i, j] * 3
    g[i, j] += x[i, j]
    a[i, j] = g[i, j] + 1
    out[i, j] = a[i, j] + a[i, 0 - j]
    s = tl.Schedule()
    s["a"].compute_at("out", "i").unroll("j", 3, tail="predicate_stores").unroll("i", 4, tail="predicate_stores")
    s["g"].compute_at("a", "j.unroll")
    s[stage].fuse("i", "j", "ij")
    result = check_kernel(tl.compile(out, s, shape={"out": (5, 1)}, cache=False))
    assert result.ok, result.reason
