"""Races that do no harm: a permutation scattered in parallel, and marks that all writers agree on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.validation import check_kernel
from tests.correctness.checking import Array

SIZE = 60
SCHEDULES: dict[str, Callable[[tl.Schedule, tl.Func], object]] = {
    "plain": lambda s, f: None,
    "parallel": lambda s, f: s[f.update()].allow_race_conditions().parallel("k"),
    "tasks": lambda s, f: s[f.update()].allow_race_conditions().parallel("k", 13),
    "lanes": lambda s, f: s[f.update()].allow_race_conditions().vectorize("k", 8),
    "tasks of lanes": lambda s, f: (
        s[f.update()].allow_race_conditions().split("k", "ko", "ki", 16).parallel("ko").vectorize("ki", 4)
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_permutation(name: str) -> None:
    x, place = tl.Input("x", (SIZE,), tl.float32), tl.Input("place", (SIZE,), tl.int64)
    i, k, f = tl.Var("i"), tl.RDom("k", SIZE), tl.Func("f")
    f[i] = 0.0
    f[tl.clamp(place[k], 0, SIZE - 1)] = x[k] * 2.0
    s = tl.Schedule(f)
    SCHEDULES[name](s, f)
    rng = np.random.default_rng(3)
    arrays: dict[str, Array] = {
        "x": rng.standard_normal(SIZE).astype(np.float32),
        "place": rng.permutation(SIZE),
    }
    kernel = tl.compile(f, s, shape=(SIZE,))
    for threads in (1, 2):
        result = check_kernel(kernel, arrays=arrays, threads=threads)
        assert result.ok, result.reason


@pytest.mark.parametrize("name", SCHEDULES)
def test_marks(name: str) -> None:
    x = tl.Input("x", (SIZE,), tl.uint8)
    i, k, f = tl.Var("i"), tl.RDom("k", SIZE), tl.Func("f")
    f[i] = False
    f[tl.cast(tl.int64, x[k]) % 32] = True
    s = tl.Schedule(f)
    SCHEDULES[name](s, f)
    kernel = tl.compile(f, s, shape=(32,))
    for threads in (1, 2):
        result = check_kernel(kernel, threads=threads)
        assert result.ok, result.reason
