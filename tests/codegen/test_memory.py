"""Loads and stores of every form: contiguous, masked, strided, gathered, scattered; registers, stack, workspace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tensorlang.dtypes import DType, bool_, float32, float64, int8, int32, int64, uint8
from tensorlang.errors import InternalError
from tensorlang.ir.expr import Binary, BinaryOp, Broadcast, Cast, Compare, CompareOp, Const, Expr, Load, Ramp, index
from tensorlang.ir.stmt import Allocate, LetStmt, Memory, Store
from tests.codegen.nests import add, block, buffer, kernel, loop, mul, output, ramp, var

ALL_KINDS = pytest.mark.parametrize("dtype", [bool_, int8, uint8, int32, int64, float32, float64])


def numbers(count: int, dtype: DType) -> Any:
    return (np.arange(1, count + 1) % 120).astype(dtype.numpy)


def less(place: Expr, limit: int) -> Expr:
    return Compare(CompareOp.LT, place, Const(limit, place.type))


@ALL_KINDS
@pytest.mark.parametrize("lanes", [1, 3, 8, 16])
@pytest.mark.parametrize("size", [1, 7, 16, 37])
def test_masked_tail_touches_only_its_lanes(size: int, lanes: int, dtype: DType) -> None:
    place = mul(var("i"), lanes)
    at = ramp(place, lanes) if lanes > 1 else place
    mask = less(at, size)
    body = Store("out", at, Load("x", at, mask, dtype.with_lanes(lanes)), mask)
    copy = kernel(
        buffer("x", (size,), dtype), output("out", (size,), dtype), body=loop("i", -(-size // lanes) + 1, body)
    )
    x = numbers(size, dtype)
    guarded = np.full(size + 64, 99).astype(dtype.numpy)
    out = guarded[32 : 32 + size]
    out[...] = 0
    copy(x, out=out)
    np.testing.assert_array_equal(out, x)
    np.testing.assert_array_equal(np.delete(guarded, np.s_[32 : 32 + size]), np.full(64, 99).astype(dtype.numpy))


@pytest.mark.parametrize("op", list(CompareOp))
@pytest.mark.parametrize("is_flipped", [False, True])
def test_range_masks(op: CompareOp, is_flipped: bool) -> None:
    """Comparing a ramp with a limit, on either side, rising or falling, near and far from the limit."""
    lanes, limits = 8, [-(10**12), -9, -1, 0, 3, 7, 8, 9, 10**12]
    for stride in (1, -1):
        rising = ramp(index(0), lanes, stride)
        limit = Broadcast(Load("limits", var("i"), None, int64), lanes)
        sides = (limit, rising) if is_flipped else (rising, limit)
        body = Store("out", ramp(mul(var("i"), lanes), lanes), Compare(op, *sides))
        compare = kernel(
            buffer("limits", (len(limits),), int64),
            output("out", (len(limits), lanes), bool_),
            body=loop("i", len(limits), body),
        )
        left: Any = stride * np.arange(lanes)[None, :]
        right: Any = np.array(limits)[:, None]
        left, right = (right, left) if is_flipped else (left, right)
        meaning = {"==": left == right, "!=": left != right, "<": left < right, "<=": left <= right}
        meaning |= {">": left > right, ">=": left >= right}
        np.testing.assert_array_equal(compare(np.array(limits)), meaning[op.value])


@ALL_KINDS
@pytest.mark.parametrize("stride", [-3, -1, 0, 2, 3, 5])
def test_strided_loads_and_stores(stride: int, dtype: DType) -> None:
    lanes = 8
    size = abs(stride) * (lanes - 1) + 1
    start = size - 1 if stride < 0 else 0
    strided = ramp(start, lanes, stride)
    load = Store("out", ramp(0, lanes), Load("x", strided, None, dtype.with_lanes(lanes)))
    x = numbers(size, dtype)
    places = start + stride * np.arange(lanes)
    read = kernel(buffer("x", (size,), dtype), output("out", (lanes,), dtype), body=load)
    np.testing.assert_array_equal(read(x), x[places])
    store = Store("out", strided, Load("x", ramp(0, lanes), None, dtype.with_lanes(lanes)))
    write = kernel(buffer("x", (lanes,), dtype), output("out", (size,), dtype), body=store)
    out = np.zeros(size, dtype.numpy)
    expected = out.copy()
    for lane, place in enumerate(places):
        expected[place] = numbers(lanes, dtype)[lane]
    np.testing.assert_array_equal(write(numbers(lanes, dtype), out=out), expected)


@ALL_KINDS
@pytest.mark.parametrize("is_masked", [False, True])
def test_gather_and_scatter(is_masked: bool, dtype: DType) -> None:
    lanes, size = 8, 20
    where = np.array([3, 19, 0, 7, 7, 2, 11, 5])
    indices = Load("where", ramp(0, lanes), None, int64.with_lanes(lanes))
    mask = less(ramp(0, lanes), 5) if is_masked else None
    params = (buffer("x", (size,), dtype), buffer("where", (lanes,), int64))
    gathered = Load("x", indices, mask, dtype.with_lanes(lanes))
    read = kernel(*params, output("out", (lanes,), dtype), body=Store("out", ramp(0, lanes), gathered))
    expected = numbers(size, dtype)[where]
    expected[5 if is_masked else lanes :] = 0
    np.testing.assert_array_equal(read(numbers(size, dtype), where), expected)
    value = Load("x", ramp(0, lanes), None, dtype.with_lanes(lanes))
    write = kernel(*params, output("out", (size,), dtype), body=Store("out", indices, value, mask))
    out, expected = np.zeros((2, size), dtype.numpy)
    for lane in range(5 if is_masked else lanes):
        expected[where[lane]] = numbers(size, dtype)[lane]
    np.testing.assert_array_equal(write(numbers(size, dtype), where, out=out), expected)


def test_a_masked_stride_and_a_stride_known_at_run_time_are_gathered() -> None:
    lanes, vector = 8, float32.with_lanes(8)
    masked = Load("x", ramp(0, lanes, 3), less(ramp(0, lanes), 6), vector)
    free = Load("x", Ramp(index(1), Load("stride", index(0), None, int64), lanes), None, vector)
    body = block(Store("out", ramp(0, lanes), masked), Store("out", ramp(lanes, lanes), free))
    read = kernel(buffer("x", (32,), float32), buffer("stride", (1,), int64), output("out", (16,), float32), body=body)
    x = numbers(32, float32)
    got = read(x, np.array([4]))
    np.testing.assert_array_equal(got, [*x[:18:3], 0, 0, *x[1:30:4]])


@pytest.mark.parametrize("memory", list(Memory))
def test_private_arrays_under_masks(memory: Memory) -> None:
    """What a masked store leaves alone stays, and a masked load gives 0 elsewhere, in every kind of memory."""
    lanes, vector = 8, float32.with_lanes(8)
    at, first, last = ramp(0, lanes), less(ramp(0, lanes), 3), Compare(CompareOp.GE, ramp(0, lanes), Const(6, int64))
    last = Compare(CompareOp.GE, ramp(0, lanes), Const(6, int64.with_lanes(lanes)))
    body = Allocate(
        "t",
        float32,
        lanes,
        memory,
        block(
            Store("t", at, Load("x", at, None, vector)),
            Store("t", at, Const(-1.0, vector), first),
            Store("out", at, Load("t", at, None, vector)),
            Store("out", ramp(lanes, lanes), Load("t", at, last, vector)),
        ),
    )
    run = kernel(buffer("x", (lanes,), float32), output("out", (16,), float32), body=body)
    np.testing.assert_array_equal(run(numbers(8, float32)), [-1, -1, -1, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 7, 8])


def test_register_array_whose_accesses_overlap_in_part() -> None:
    half, whole = float32.with_lanes(4), float32.with_lanes(8)
    body = Allocate(
        "t",
        float32,
        8,
        Memory.REGISTER,
        block(
            Store("t", ramp(0, 8), Load("x", ramp(0, 8), None, whole)),
            Store("out", ramp(0, 4), Load("t", ramp(2, 4), None, half)),
            Store("out", index(4), Load("t", index(7), None, float32)),
        ),
    )
    run = kernel(buffer("x", (8,), float32), output("out", (5,), float32), body=body)
    np.testing.assert_array_equal(run(numbers(8, float32)), [3, 4, 5, 6, 8])


def test_stack_arrays_past_the_limit_go_to_the_workspace() -> None:
    def run(size: int) -> Any:
        copy = loop("i", size, Store("t", var("i"), Load("x", var("i"), None, float32)))
        back = loop("j", size, Store("out", var("j"), Load("t", var("j"), None, float32)))
        body = Allocate("t", float32, size, Memory.STACK, block(copy, back))
        built = kernel(buffer("x", (size,), float32), output("out", (size,), float32), body=body)
        np.testing.assert_array_equal(built(numbers(size, float32)), numbers(size, float32))
        return built.workspace_bytes

    assert run(1000) == 0
    assert run(20_000) == 80_000


def test_workspace_is_zero_at_first_and_two_allocations_never_share() -> None:
    read = Store("out", var("i"), Load("a", var("i"), None, float32))
    write = Store("b", var("j"), Const(5.0, float32))
    body = block(
        Allocate("a", float32, 10, Memory.HEAP, loop("i", 10, read)),
        Allocate("b", float32, 10, Memory.HEAP, loop("j", 10, write)),
    )
    built = kernel(output("out", (10,), float32), body=body)
    for _ in range(2):
        np.testing.assert_array_equal(built(), np.zeros(10))


def test_a_load_is_not_reused_across_a_store_to_its_buffer() -> None:
    old = Load("out", index(0), None, float32)
    more = Binary(BinaryOp.ADD, old, Const(1.0, float32))
    body = block(
        Store("out", index(0), Const(1.0, float32)),
        loop("i", 10, block(Store("out", index(0), more), Store("out", index(0), more))),
        Store("out", index(1), more),
    )
    np.testing.assert_array_equal(kernel(output("out", (2,), float32), body=body)(), [21, 22])


def test_a_name_bound_to_a_load_keeps_the_value_it_had() -> None:
    count = Cast(int64, Load("out", index(0), None, float32))
    body = block(
        Store("out", index(0), Const(2.0, float32)),
        LetStmt(
            "n",
            add(count, 1),
            block(Store("out", index(0), Const(7.0, float32)), Store("out", var("n"), Const(9.0, float32))),
        ),
    )
    out = kernel(output("out", (5,), float32), body=body)(out=np.zeros(5, np.float32))
    np.testing.assert_array_equal(out, [7, 0, 0, 9, 0])


def test_an_inner_name_hides_an_outer_one() -> None:
    """Expressions are remembered by structure: those over the outer name must not answer for the inner."""
    here = Store("out", add(mul(var("i"), 3), 1), Const(1.0, float32))
    inner = LetStmt("i", index(3), block(here, LetStmt("i", add(var("i"), 1), here)))
    body = loop("i", 2, block(here, inner, here))
    out = kernel(output("out", (16,), float32), body=body)(out=np.zeros(16, np.float32))
    assert np.flatnonzero(out).tolist() == [1, 4, 10, 13]


def test_scalar_access_under_a_condition_neither_reads_nor_writes_when_it_is_false() -> None:
    condition = less(var("i"), 3)
    body = loop("i", 1000, Store("out", var("i"), Load("x", var("i"), condition, float32), condition))
    out = kernel(buffer("x", (3,), float32), output("out", (3,), float32), body=body)(numbers(3, float32))
    np.testing.assert_array_equal(out, [1, 2, 3])


def test_a_buffer_that_is_nowhere_is_our_defect() -> None:
    body = Store("out", index(0), Load("lost", index(0), None, float32))
    with pytest.raises(InternalError) as caught:
        kernel(output("out", (1,), float32), body=body)
    assert "code generation: buffer 'lost' is not allocated here." in str(caught.value)


def test_allocations_of_one_name_have_memory_of_their_own() -> None:
    """Unrolled copies of an allocation: the address of an element in one is not that in the next."""
    copies = [
        Allocate(
            "t",
            int32,
            8,
            Memory.HEAP,
            block(
                loop("j", 8, Store("t", var("j"), Load("x", add(var("j"), 8 * copy), None, int32))),
                Store("out", add(var("i"), 8 * copy), Load("t", var("i"), None, int32)),
            ),
        )
        for copy in range(3)
    ]
    read = kernel(buffer("x", (24,), int32), output("out", (24,), int32), body=loop("i", 8, block(*copies)))
    np.testing.assert_array_equal(read(numbers(24, int32)), numbers(24, int32))
