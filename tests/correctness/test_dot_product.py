"""Dot products: sums along lanes, in several registers, over threads; floats and integers that wrap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.dtypes import DType
from tests.correctness.checking import Array, assert_agrees

Schedule = Callable[[tl.Func, int], tl.Schedule]


def program(size: int, kind: DType, total: DType) -> tl.Func:
    a, b = tl.Input("a", (size,), kind), tl.Input("b", (size,), kind)
    k = tl.RDom("k", size)
    f = tl.Func("f")
    f[()] += tl.cast(total, a[k]) * tl.cast(total, b[k])
    return f


def plain(f: tl.Func, size: int) -> tl.Schedule:
    return tl.Schedule(f)


def lanes(f: tl.Func, size: int) -> tl.Schedule:
    s = tl.Schedule(f)
    s[f.update()].atomic().vectorize("k", 16)
    return s


def odd_lanes(f: tl.Func, size: int) -> tl.Schedule:
    s = tl.Schedule(f)
    s[f.update()].atomic().vectorize("k", 7)
    return s


def one_vector(f: tl.Func, size: int) -> tl.Schedule:
    s = tl.Schedule(f)
    s[f.update()].atomic().vectorize("k")
    return s


def four_registers(f: tl.Func, size: int) -> tl.Schedule:
    s = tl.Schedule(f)
    s[f.update()].atomic().split("k", "ko", "ki", 64).split("ki", "ku", "kl", 16).unroll("ku").vectorize("kl")
    return s


def lanes_by_rfactor(f: tl.Func, size: int) -> tl.Schedule:
    s = tl.Schedule(f)
    s[f.update()].split("k", "ko", "kl", 16).rfactor(("kl", "u"), "sums").compute_root()
    s["sums"].vectorize("u")
    s["sums", 1].reorder("ko", "u").vectorize("u")
    return s


def threads_and_lanes(f: tl.Func, size: int) -> tl.Schedule:
    s = tl.Schedule(f)
    s[f.update()].atomic().split("k", "ko", "ki", 50).parallel("ko").vectorize("ki", 8)
    return s


def atomic_elements(f: tl.Func, size: int) -> tl.Schedule:
    s = tl.Schedule(f)
    s[f.update()].atomic().parallel("k")
    return s


SCHEDULES: tuple[Schedule, ...] = (
    plain,
    lanes,
    odd_lanes,
    one_vector,
    four_registers,
    lanes_by_rfactor,
    threads_and_lanes,
    atomic_elements,
)


@pytest.mark.parametrize("size", [1, 192, 211])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.__name__)
def test_of_floats(schedule: Schedule, size: int) -> None:
    f = program(size, tl.float32, tl.float32)
    assert_agrees(f, schedule(f, size), np.dot, shape=())


@pytest.mark.parametrize(
    ("kind", "total"),
    [
        (tl.int8, tl.int8),
        (tl.int8, tl.int32),
        (tl.uint8, tl.int32),
        (tl.uint8, tl.uint8),
        (tl.int16, tl.int32),
        (tl.uint16, tl.uint16),
        (tl.int32, tl.int64),
        (tl.uint64, tl.uint64),
        (tl.float64, tl.float64),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "schedule", (odd_lanes, four_registers, threads_and_lanes, atomic_elements), ids=lambda schedule: schedule.__name__
)
def test_of_other_types(schedule: Schedule, kind: DType, total: DType) -> None:
    def expected(a: Array, b: Array) -> Array:
        with np.errstate(over="ignore"):
            return np.asarray(np.sum(a.astype(total.numpy) * b.astype(total.numpy), dtype=total.numpy))

    f = program(211, kind, total)
    assert_agrees(f, schedule(f, 211), expected, shape=())


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.__name__)
def test_of_narrow_floats(schedule: Schedule) -> None:
    a, k = tl.Input("a", (192,), tl.float16), tl.RDom("k", 192)
    f = tl.Func("f")
    f[()] = tl.cast(tl.float16, 0.0)
    f[()] = tl.cast(tl.float16, tl.cast(tl.float32, f[()]) + tl.cast(tl.float32, a[k]))
    assert_agrees(f, schedule(f, 192), lambda a: a.astype(np.float64).sum(), shape=(), tolerance=0.05)
