"""Each problem that the verifier reports, in its whole words, and what it lets pass."""

from __future__ import annotations

import pytest

from tensorlang.dtypes import DType, bool_, float32, int32, int64
from tensorlang.errors import InternalError
from tensorlang.ir.expr import (
    Binary,
    BinaryOp,
    Broadcast,
    Compare,
    CompareOp,
    Const,
    Expr,
    Fma,
    Load,
    Ramp,
    Select,
    VectorReduce,
    index,
)
from tensorlang.ir.stmt import (
    Accumulate,
    Allocate,
    Block,
    For,
    IfThenElse,
    LoopKind,
    Memory,
    Range,
    Realize,
    Simultaneous,
    Stmt,
    Store,
)
from tensorlang.ir.verify import verify_stmt
from tests.ir.parse import parse_expr, parse_stmt


def store(value: Expr) -> Store:
    return Store("out", index(0), value)


def one(kind: DType) -> Const:
    return Const(1, kind)


_NOT_A_GROUP = "what is stored at once are two or more elements, each to a buffer of its own"
_NOT_FLAT = "storage is flat, but a Realize or Provide is left"
PROBLEMS: list[tuple[Stmt, str]] = [
    (Realize("g", (float32,), (Range(index(0), index(1)),), Memory.HEAP, Block(())), _NOT_FLAT),
    (parse_stmt("g[0] = 1.0", flat=False), _NOT_FLAT),
    (
        parse_stmt("for i in serial(2):\n for i in serial(3):\n  out[i] = 1.0"),
        "loop i is inside a loop of the same name",
    ),
    (For("i", one(int32), LoopKind.SERIAL, Block(())), "the extent of i is int32, not int64"),
    (parse_stmt("for i in serial(i):\n out[i] = 1.0"), "variable i is not bound here"),
    (IfThenElse(index(1), Block(())), "a condition is int64, not a scalar bool"),
    (IfThenElse(one(bool_.with_lanes(4)), Block(())), "a condition is boolx4, not a scalar bool"),
    (Allocate("t", float32, -1, Memory.HEAP, Block(())), "t has -1 elements"),
    (Store("out", one(int32), one(float32)), "a store to out: the index is int32, for 1 lanes"),
    (Store("out", parse_expr("ramp(0, 1, 4)"), one(float32)), "a store to out: the index is int64x4, for 1 lanes"),
    (Store("out", index(0), one(float32), one(int64)), "a store to out: the predicate is int64, for 1 lanes"),
    (
        Store("out", parse_expr("ramp(0, 1, 4)"), one(float32.with_lanes(4)), one(bool_)),
        "a store to out: the predicate is bool, for 4 lanes",
    ),
    (Simultaneous((store(one(float32)),)), _NOT_A_GROUP),
    (Simultaneous((store(one(float32)), store(one(float32)))), _NOT_A_GROUP),
    (store(Load("x", parse_expr("ramp(0, 1, 4)"), None, float32)), "a load of x: the index is int64x4, for 1 lanes"),
    (store(Load("x", index(0), one(float32), float32)), "a load of x: the predicate is float32, for 1 lanes"),
    (store(parse_expr("x[0]", flat=False)), "a call of x is left"),
    (store(Binary(BinaryOp.ADD, one(float32), one(int64))), "operands of 1 + 1 are float32 and int64"),
    (store(Compare(CompareOp.LT, one(int32), one(int64))), "operands of int32(1) < 1 are int32 and int64"),
    (store(Select(one(bool_), one(float32), one(int64))), "select of bool, float32 and int64"),
    (
        store(Select(one(bool_), one(float32.with_lanes(4)), one(float32.with_lanes(4)))),
        "select of bool, float32x4 and float32x4",
    ),
    (store(Fma(one(int64), one(int64), one(int64))), "fma of int64, int64 and int64"),
    (store(Fma(one(float32), one(float32), one(int64))), "fma of float32, float32 and int64"),
    (Store("out", Ramp(one(int32), index(1), 4), one(float32.with_lanes(4))), "ramp of int32 by int64"),
    (Store("out", Ramp(index(0), index(1), 1), one(float32)), "ramp of int64 by int64"),
    (store(Broadcast(one(float32.with_lanes(2)), 4)), "broadcast of a vector, float32x2"),
    (store(VectorReduce(BinaryOp.ADD, one(float32))), "reduction of a scalar, float32"),
    (
        Accumulate("out", index(0), BinaryOp.ADD, one(float32.with_lanes(4)), float32),
        "a store to out: the index is int64, for 4 lanes",
    ),
    (
        Accumulate("out", index(0), BinaryOp.ADD, one(float32), float32, one(int64)),
        "a store to out: the predicate is int64, for 1 lanes",
    ),
]


@pytest.mark.parametrize(("stmt", "problem"), PROBLEMS, ids=[problem for _, problem in PROBLEMS])
def test_reported(stmt: Stmt, problem: str) -> None:
    with pytest.raises(InternalError) as caught:
        verify_stmt(stmt, after="unroll_loops")
    assert caught.value.message == f"after unroll_loops: {problem}."


def test_the_error_shows_the_code_around_the_problem() -> None:
    stmt = Block((parse_stmt("for i in serial(4):\n out[i] = x[j]"), parse_stmt("out[0] = 1.0")))
    with pytest.raises(InternalError) as caught:
        verify_stmt(stmt, after="simplify")
    assert caught.value.message == "after simplify: variable j is not bound here."
    assert caught.value.details == "out{i} = x{j}"


def test_a_name_is_bound_only_inside_its_loop_and_let() -> None:
    for text in ("for i in serial(4):\n out[i] = 1.0\nout[i] = 1.0", "if 0 < 1:\n n = 4\n out[n] = 1.0\nout[n] = 1.0"):
        with pytest.raises(InternalError, match=r"variable [in] is not bound here"):
            verify_stmt(parse_stmt(text), after="simplify")


def test_well_formed_code_passes() -> None:
    verify_stmt(
        parse_stmt(
            """
            with register("acc", 8):
                for i in parallel(4):
                    base = i * 8
                    for k in serial(base + 1):
                        if k < 3:
                            acc[ramp(0, 1, 8)] = fma(x8(x[k]), y[ramp(base, 2, 8)], acc[ramp(0, 1, 8)])
                    out[ramp(base, 1, 8), ramp(base, 1, 8) < 30] = select(acc[ramp(0, 1, 8)] < 0.0, 0.0, x8(y[i]))
                for i in serial(2):
                    out[i] = 0.0
                    out[i, any(ramp(i, 1, 4) < 3)] += total(x[ramp(i, 1, 4)])
            """
        ),
        after="simplify",
    )
