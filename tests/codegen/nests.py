"""Loop nests built by hand, as lowering would hand them over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tensorlang.dtypes import DType, float32
from tensorlang.ir.expr import Binary, BinaryOp, Broadcast, Const, Expr, Fma, Load, Ramp, Variable, broadcast, index
from tensorlang.ir.module import BufferParam, Function, Module, Role
from tensorlang.ir.stmt import Allocate, Block, For, LoopKind, Memory, Stmt, Store
from tensorlang.runtime import Kernel, compile_module


def var(name: str) -> Variable:
    return Variable(name)


def add(a: Expr, b: Expr | int) -> Expr:
    return Binary(BinaryOp.ADD, a, b if not isinstance(b, int) else broadcast(index(b), a.type.lanes))


def mul(a: Expr, b: Expr | int) -> Expr:
    return Binary(BinaryOp.MUL, a, b if not isinstance(b, int) else broadcast(index(b), a.type.lanes))


def ramp(base: Expr | int, lanes: int, stride: int = 1) -> Expr:
    return Ramp(index(base) if isinstance(base, int) else base, index(stride), lanes)


def loop(name: str, extent: int | Expr, body: Stmt, kind: LoopKind = LoopKind.SERIAL) -> For:
    return For(name, index(extent) if isinstance(extent, int) else extent, kind, body)


def block(*stmts: Stmt) -> Block:
    return Block(tuple(stmts))


def buffer(
    name: str, shape: Sequence[int], dtype: DType, role: Role = Role.INPUT, constant: bool = False
) -> BufferParam:
    return BufferParam(name, tuple(shape), dtype, role, constant)


def output(name: str, shape: Sequence[int], dtype: DType) -> BufferParam:
    return buffer(name, shape, dtype, Role.OUTPUT)


def kernel(*params: BufferParam, body: Stmt, cache: bool = False) -> Kernel:
    return compile_module(Module(Function("main", params, body)), cache=cache)


def map_kernel(value: Callable[..., Expr], types: Sequence[DType], result: DType, size: int, lanes: int) -> Kernel:
    """``out[i] = value(x0[i], x1[i], ...)`` in vectors of `lanes`."""
    place = mul(var("i"), lanes) if lanes > 1 else var("i")
    at = ramp(place, lanes) if lanes > 1 else place
    loads = [Load(f"x{n}", at, None, t.with_lanes(lanes)) for n, t in enumerate(types)]
    params = [buffer(f"x{n}", (size,), t) for n, t in enumerate(types)]
    body = loop("i", size // lanes, Store("out", at, value(*loads)))
    return kernel(*params, output("out", (size,), result), body=body)


def apply(
    value: Callable[..., Expr], result: DType, lanes: int, *arrays: np.ndarray[Any, Any], types: Sequence[DType]
) -> Any:
    """What `map_kernel` computes of these arrays."""
    return map_kernel(value, types, result, arrays[0].size, lanes)(*arrays)


def gemm(m: int, n: int, k: int, rows: int, vectors: int, lanes: int, kind: LoopKind = LoopKind.SERIAL) -> Function:
    """C = A @ B, B packed in panels of ``vectors * lanes`` columns, by register tiles of rows x vectors."""
    width, type_ = vectors * lanes, float32.with_lanes(lanes)
    cells = [(row, v) for row in range(rows) for v in range(vectors)]

    def row_of(row: int) -> Expr:
        return add(mul(var("io"), rows), row)

    def tile(row: int, v: int) -> Expr:
        return ramp((row * vectors + v) * lanes, lanes)

    def left(row: int) -> Expr:
        return Broadcast(Load("A", add(mul(row_of(row), k), var("k")), None, float32), lanes)

    def right(v: int) -> Expr:
        start = add(add(mul(var("jo"), k * width), mul(var("k"), width)), v * lanes)
        return Load("B", ramp(start, lanes), None, type_)

    def old(row: int, v: int) -> Expr:
        return Load("tile", tile(row, v), None, type_)

    def target(row: int, v: int) -> Expr:
        return ramp(add(add(mul(row_of(row), n), mul(var("jo"), width)), v * lanes), lanes)

    zero = block(*(Store("tile", tile(*c), Const(0.0, type_)) for c in cells))
    step = block(*(Store("tile", tile(r, v), Fma(left(r), right(v), old(r, v))) for r, v in cells))
    flush = block(*(Store("C", target(*c), old(*c)) for c in cells))
    body = Allocate("tile", float32, rows * width, Memory.REGISTER, block(zero, loop("k", k, step), flush))
    params = (buffer("A", (m, k), float32), buffer("B", (n // width, k, width), float32), output("C", (m, n), float32))
    return Function("main", params, loop("jo", n // width, loop("io", m // rows, body), kind))


def gemm_arrays(m: int, n: int, k: int, width: int) -> tuple[Any, Any, Any]:
    """Small-integer A, packed B, and their product."""
    rng = np.random.default_rng(0)
    a = rng.integers(-4, 5, (m, k)).astype(np.float32)
    b = rng.integers(-4, 5, (n // width, k, width)).astype(np.float32)
    return a, b, a @ b.transpose(1, 0, 2).reshape(k, n)
