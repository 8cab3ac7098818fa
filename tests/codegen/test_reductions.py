"""Lanes reduced to one value, and accumulation that lanes and threads meet at, in every type and operator."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
import numpy.typing as npt
import pytest

from tensorlang.dtypes import ALL, DType, bool_, float16, float32, float64, int32, int64, uint8
from tensorlang.ir.expr import BinaryOp, Cast, Expr, Load, VectorReduce, index
from tensorlang.ir.stmt import Accumulate, Block, LoopKind, Store
from tensorlang.runtime import Kernel
from tests.codegen.nests import add, buffer, kernel, loop, mul, output, ramp, var

Array = npt.NDArray[np.generic]
NUMPY: dict[BinaryOp, Callable[[Array, Array], Array]] = {
    BinaryOp.ADD: np.add,
    BinaryOp.MUL: np.multiply,
    BinaryOp.MIN: np.minimum,
    BinaryOp.MAX: np.maximum,
    BinaryOp.AND: np.logical_and,
    BinaryOp.OR: np.logical_or,
    BinaryOp.BIT_AND: np.bitwise_and,
    BinaryOp.BIT_OR: np.bitwise_or,
    BinaryOp.BIT_XOR: np.bitwise_xor,
}
BITWISE = {BinaryOp.BIT_AND, BinaryOp.BIT_OR, BinaryOp.BIT_XOR}
LOGICAL = {BinaryOp.AND, BinaryOp.OR}


def is_defined(op: BinaryOp, kind: DType) -> bool:
    if kind.is_bool:
        return op in BITWISE | LOGICAL
    return op not in LOGICAL and not kind.is_storage_only and not (op in BITWISE and kind.is_float)


CASES = [(op, kind) for op in NUMPY for kind in ALL if is_defined(op, kind)]


def data(kind: DType, size: int, seed: int = 0) -> Array:
    """Numbers of which products and sums are exact, or wrap."""
    rng = np.random.default_rng(seed)
    if kind.is_float:
        return rng.choice([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0], size).astype(kind.numpy)
    return rng.integers(0, 256, size).astype(np.uint8).astype(kind.numpy)


@pytest.mark.parametrize("lanes", [3, 16, 21])
@pytest.mark.parametrize(("op", "kind"), CASES)
def test_lanes_are_reduced(op: BinaryOp, kind: DType, lanes: int) -> None:
    value = VectorReduce(op, Load("x", ramp(0, lanes), None, kind.with_lanes(lanes)))
    run = kernel(buffer("x", (lanes,), kind), output("out", (1,), kind), body=Store("out", index(0), value))
    x = data(kind, lanes)
    np.testing.assert_array_equal(run(x), [reduce(NUMPY[op], x)])


@pytest.mark.parametrize("op", [BinaryOp.MIN, BinaryOp.MAX])
@pytest.mark.parametrize("kind", [float32, float64])
def test_a_lane_that_is_nan_shows(op: BinaryOp, kind: DType) -> None:
    value = VectorReduce(op, Load("x", ramp(0, 8), None, kind.with_lanes(8)))
    run = kernel(buffer("x", (8,), kind), output("out", (1,), kind), body=Store("out", index(0), value))
    for lane in range(8):
        x = np.arange(8).astype(kind.numpy)
        x[lane] = np.nan
        assert np.isnan(run(x)[0])


def scatter(op: BinaryOp, kind: DType, lanes: int, *, atomic: bool, wide: DType | None = None) -> Kernel:
    """``out[at[i]] op= x[i]`` over 96 elements, in tasks of 32."""
    place = add(mul(var("t"), 32), mul(var("i"), lanes))
    where = ramp(place, lanes) if lanes > 1 else place
    value: Expr = Load("x", where, None, kind.with_lanes(lanes))
    if wide is not None:
        value = Cast(wide.with_lanes(lanes), value)
    at = Load("at", where, None, int64.with_lanes(lanes))
    body = Accumulate("out", at, op, value, kind, atomic=atomic)
    tasks = loop("t", 3, loop("i", 32 // lanes, body), LoopKind.PARALLEL if atomic else LoopKind.SERIAL)
    copy = loop("j", 5, Store("out", var("j"), Load("start", var("j"), None, kind)))
    params = [buffer("x", (96,), kind), buffer("at", (96,), int64), buffer("start", (5,), kind)]
    return kernel(*params, output("out", (5,), kind), body=Block((copy, tasks)))


@pytest.mark.parametrize(("lanes", "atomic"), [(1, False), (8, False), (1, True), (8, True)])
@pytest.mark.parametrize(("op", "kind"), CASES)
def test_elements_that_meet_keep_every_term(op: BinaryOp, kind: DType, lanes: int, atomic: bool) -> None:
    x, at, start = data(kind, 96), np.random.default_rng(1).integers(0, 5, 96), data(kind, 5, seed=2)
    expected = start.copy()
    NUMPY[op].at(expected, at, x)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(scatter(op, kind, lanes, atomic=atomic)(x, at, start, threads=2), expected)


@pytest.mark.parametrize("atomic", [False, True])
def test_narrow_floats_meet_in_the_type_they_are_computed_in(atomic: bool) -> None:
    x, at, start = np.ones(96, np.float16), np.arange(96) % 5, np.zeros(5, np.float16)
    run = scatter(BinaryOp.ADD, float16, 4, atomic=atomic, wide=float32)
    np.testing.assert_array_equal(run(x, at, start, threads=2), [20, 19, 19, 19, 19])


@pytest.mark.parametrize("atomic", [False, True])
def test_lanes_that_are_off_touch_nothing(atomic: bool) -> None:
    on = Load("on", ramp(0, 8), None, bool_.with_lanes(8))
    at = Load("at", ramp(0, 8), None, int64.with_lanes(8))
    value = Load("x", ramp(0, 8), None, int32.with_lanes(8))
    start = Store("out", ramp(0, 4), Load("x", ramp(0, 4), None, int32.with_lanes(4)))
    body = Block((start, Accumulate("out", at, BinaryOp.ADD, value, int32, on, atomic)))
    params = [buffer("x", (8,), int32), buffer("at", (8,), int64), buffer("on", (8,), bool_)]
    run = kernel(*params, output("out", (4,), int32), body=body)
    # The places of lanes that are off are far outside.
    at_values = np.where(np.arange(8) % 2, 2, 1 << 40)
    out = run(np.arange(8, dtype=np.int32), at_values, np.arange(8) % 2 == 1)
    np.testing.assert_array_equal(out, [0, 1, 2 + 1 + 3 + 5 + 7, 3])


def test_a_scalar_predicate_decides_whether_anything_is_touched() -> None:
    body = Block(
        (
            Store("out", index(0), Load("x", index(0), None, uint8)),
            Accumulate(
                "out",
                Load("at", index(0), None, int64),
                BinaryOp.ADD,
                Load("x", index(0), None, uint8),
                uint8,
                Load("on", index(0), None, bool_),
                atomic=True,
            ),
        )
    )
    params = [buffer("x", (1,), uint8), buffer("at", (1,), int64), buffer("on", (1,), bool_)]
    run = kernel(*params, output("out", (1,), uint8), body=body)
    assert run(np.array([200], np.uint8), np.array([1 << 40]), np.array([False]))[0] == 200
    assert run(np.array([200], np.uint8), np.array([0]), np.array([True]))[0] == 144
