"""The printed text of every node, with the parentheses that its operators need and no more."""

from __future__ import annotations

import pytest

from tensorlang.dtypes import float32, float64, int8, int32, int64, uint8
from tensorlang.ir.expr import (
    Binary,
    BinaryOp,
    Broadcast,
    Call,
    Cast,
    Const,
    Expr,
    Load,
    Unary,
    UnaryOp,
    Variable,
    index,
)
from tensorlang.ir.module import BufferParam, Function, Module, Role
from tensorlang.ir.printer import format_expr, format_module, format_stmt
from tensorlang.ir.stmt import Accumulate, Block, Memory, Provide, Range, Realize, Simultaneous, Store
from tests.ir.parse import assert_printed, parse_expr, parse_stmt


@pytest.mark.parametrize(
    "text",
    [
        "a + b * c",
        "(a + b) * c",
        "a - (b - c)",
        "a - b - c",
        "a // (b * c)",
        "a % b * c",
        "-a + b",
        "-(a + b)",
        "a * b < c + d",
        "a < b and c < d or e < f",
        "(a < b or c < d) and e < f",
        "min(a, b) - max(c, d + 1)",
        "select(a < b, 1.0, 2.0)",
        "fma(1.5, 2.0, 3.0)",
        "exp(1.0)",
        "not(a < b)",
        "ramp(a * 8, 1, 8)",
    ],
)
def test_an_expression_prints_as_it_is_written(text: str) -> None:
    assert format_expr(parse_expr(text)) == text


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (Const(3, uint8), "uint8(3)"),
        (Const(0.5, float64), "float64(0.5)"),
        (Const(1.5, float32.with_lanes(8)), "1.5"),
        (Const(-2, int64), "-2"),
        (Cast(int8, Variable("v")), "int8(v)"),
        (Broadcast(Variable("v"), 4), "x4(v)"),
        (Unary(UnaryOp.BIT_NOT, Binary(BinaryOp.BIT_AND, Variable("a"), index(7))), "~(a & 7)"),
        (Binary(BinaryOp.SHL, Variable("a"), Binary(BinaryOp.ADD, Variable("b"), index(1))), "a << b + 1"),
        (Binary(BinaryOp.BIT_XOR, Variable("a"), Binary(BinaryOp.BIT_OR, Variable("b"), index(1))), "a ^ (b | 1)"),
        (parse_expr("x[i * 2]"), "x{i * 2}"),
        (parse_expr("x[ramp(i, 1, 4), ramp(i, 1, 4) < 9]"), "x{ramp(i, 1, 4) if ramp(i, 1, 4) < 9}"),
        (parse_expr("x[i, j + 1]", flat=False), "x[i, j + 1]"),
    ],
)
def test_an_expression_prints_as(expr: Expr, text: str) -> None:
    assert format_expr(expr) == text


def test_statements() -> None:
    stmt = parse_stmt(
        """
        with heap("t", 12):
            for i in serial(n + 1):
                base = i * 8
                if i < 3:
                    out[base] = t[i]
                else:
                    pass
                for j in parallel(4):
                    out[ramp(base, 1, 8), ramp(base, 1, 8) < 20] = 0.0
        """
    )
    assert_printed(
        stmt,
        """
        allocate t: float32[12] in heap
        for i in 0..(n + 1):
          let base = i * 8
          if i < 3:
            out{base} = t{i}
          else:
            pass
          parallel j in 0..4:
            out{ramp(base, 1, 8) if ramp(base, 1, 8) < 20} = 0.0
        """,
    )


def test_accumulation() -> None:
    assert_printed(
        parse_stmt(
            """
            for k in serial(4):
                out[0] += total(x[ramp(k * 8, 1, 8)])
                out[0, any(ramp(k * 8, 1, 8) < 30)] *= x[k]
                atomic(out)[k] += 1.0
            """
        ),
        """
        for k in 0..4:
          out{0} += reduce(+, x{ramp(k * 8, 1, 8)})
          out{0 if reduce(or, ramp(k * 8, 1, 8) < 30)} *= x{k}
          atomic out{k} += 1.0
        """,
    )
    least = Accumulate("out", index(0), BinaryOp.MIN, Const(1.0, float32), float32)
    assert format_stmt(least) == "out{0} min= 1.0"


def test_statements_over_funcs() -> None:
    box = (Range(Variable("i"), index(1)), Range(index(0), index(8)))
    stmt = Realize("g", (float32,), box, Memory.STACK, parse_stmt("g[i, 0] = x[i] * 2.0", flat=False))
    assert_printed(
        stmt,
        """
        realize g: float32 ([i, +1], [0, +8]) in stack
        g[i, 0] = x[i] * 2.0
        """,
    )


def test_statements_over_tuples() -> None:
    args = (Variable("i"), index(0))
    swap = Provide("g", args, (Call("g", args, int32, 1), Call("g", args, float32, 0)))
    assert_printed(
        Realize("g", (float32, int32), (Range(index(0), index(1)), Range(index(0), index(8))), Memory.HEAP, swap),
        """
        realize g: (float32, int32) ([0, +1], [0, +8]) in heap
        g[i, 0] = (g[i, 0][1], g[i, 0][0])
        """,
    )
    assert_printed(
        Simultaneous((Store("g.0", index(3), Load("g.1", index(3), None, int32)), Store("g.1", index(3), index(0)))),
        """
        at once:
          g.0{3} = g.1{3}
          g.1{3} = 0
        """,
    )


def test_nothing() -> None:
    assert format_stmt(Block(()), 2) == "    pass"


def test_a_module() -> None:
    w = BufferParam("w", (4,), float32, Role.INPUT, constant=True)
    packed = BufferParam("packed", (8,), float32, Role.STATE)
    out = BufferParam("out", (2, 2), float32, Role.OUTPUT)
    prepare = Function("prepare", (w, packed), parse_stmt("packed[0] = w[0]"))
    main = Function("main", (out, packed), parse_stmt("out[0] = packed[0]"))
    assert format_module(Module(main, prepare)) == (
        "prepare(w: float32[4] input, packed: float32[8] state):\n"
        "  packed{0} = w{0}\n"
        "main(out: float32[2, 2] output, packed: float32[8] state):\n"
        "  out{0} = packed{0}"
    )
