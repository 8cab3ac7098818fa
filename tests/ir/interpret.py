"""Runs lowered functions in Python, counts what they store, and notices accesses outside a buffer: slow and plain.

A second opinion on lowering that shares nothing with code generation. Elements have NumPy's types; a vector is an
array.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tensorlang.dtypes import DType
from tensorlang.ir.expr import (
    Binary,
    BinaryOp,
    Broadcast,
    Cast,
    Compare,
    CompareOp,
    Const,
    Expr,
    Fma,
    Load,
    Ramp,
    Select,
    Unary,
    UnaryOp,
    Variable,
)
from tensorlang.ir.module import Function, Module, Role
from tensorlang.ir.stmt import Allocate, Block, For, IfThenElse, LetStmt, Prefetch, Simultaneous, Stmt, Store

Array = npt.NDArray[Any]

_UNARY: dict[UnaryOp, Callable[[Any], Any]] = {
    UnaryOp.NEG: np.negative,
    UnaryOp.NOT: np.logical_not,
    UnaryOp.BIT_NOT: np.invert,
    UnaryOp.ABS: np.abs,
    UnaryOp.EXP: np.exp,
    UnaryOp.LOG: np.log,
    UnaryOp.SQRT: np.sqrt,
    UnaryOp.TANH: np.tanh,
    UnaryOp.FLOOR: np.floor,
    UnaryOp.ROUND: np.round,
}
_BINARY: dict[BinaryOp, Callable[[Any, Any], Any]] = {
    BinaryOp.ADD: np.add,
    BinaryOp.SUB: np.subtract,
    BinaryOp.MUL: np.multiply,
    BinaryOp.TRUE_DIV: np.divide,
    BinaryOp.FLOOR_DIV: np.floor_divide,
    BinaryOp.MOD: np.mod,
    BinaryOp.MIN: np.minimum,
    BinaryOp.MAX: np.maximum,
    BinaryOp.AND: np.logical_and,
    BinaryOp.OR: np.logical_or,
    BinaryOp.BIT_AND: np.bitwise_and,
    BinaryOp.BIT_OR: np.bitwise_or,
    BinaryOp.BIT_XOR: np.bitwise_xor,
    BinaryOp.SHL: np.left_shift,
    BinaryOp.SHR: np.right_shift,
}
_COMPARE: dict[CompareOp, Callable[[Any, Any], Any]] = {
    CompareOp.EQ: np.equal,
    CompareOp.NE: np.not_equal,
    CompareOp.LT: np.less,
    CompareOp.LE: np.less_equal,
    CompareOp.GT: np.greater,
    CompareOp.GE: np.greater_equal,
}


@dataclass
class Run:
    """What a run gave: outputs by name, how many elements were stored to each buffer, and which were prefetched."""

    outputs: dict[str, Array] = field(default_factory=dict)
    stored: Counter[str] = field(default_factory=Counter)
    prefetched: dict[str, list[int]] = field(default_factory=dict)


def run(module: Module, inputs: Mapping[str, Array]) -> Run:
    """Run a lowered pipeline, its initialisation first."""
    buffers = {name: np.ascontiguousarray(array).reshape(-1) for name, array in inputs.items()}
    shapes: dict[str, tuple[int, ...]] = {}
    result = Run()
    for function in (module.prepare, module.main):
        if function is not None:
            _call(function, buffers, shapes, result)
    result.outputs = {name: buffers[name].reshape(shape) for name, shape in shapes.items()}
    return result


def _call(function: Function, buffers: dict[str, Array], shapes: dict[str, tuple[int, ...]], result: Run) -> None:
    for param in function.params:
        if param.role is not Role.INPUT and param.name not in buffers:
            buffers[param.name] = np.zeros(int(np.prod(param.shape)), param.type.numpy)
        if param.role is Role.OUTPUT:
            shapes[param.name] = param.shape
    with np.errstate(all="ignore"):
        _Interpreter(buffers, result).stmt(function.body, {})


class _Interpreter:
    def __init__(self, buffers: dict[str, Array], result: Run) -> None:
        self.buffers, self.stored, self.prefetched = buffers, result.stored, result.prefetched

    def stmt(self, stmt: Stmt, names: Mapping[str, Any]) -> None:
        match stmt:
            case Block(stmts):
                for below in stmts:
                    self.stmt(below, names)
            case For(var, extent, _, body):
                for i in range(int(self.expr(extent, names))):
                    self.stmt(body, {**names, var: np.int64(i)})
            case LetStmt(name, value, body):
                self.stmt(body, {**names, name: self.expr(value, names)})
            case IfThenElse(condition, then, otherwise):
                if self.expr(condition, names):
                    self.stmt(then, names)
                elif otherwise is not None:
                    self.stmt(otherwise, names)
            case Allocate(buffer, kind, size, _, body):
                self.buffers[buffer] = np.zeros(size, kind.numpy)
                self.stmt(body, names)
                del self.buffers[buffer]
            case Store():
                self._store(*self._evaluated(stmt, names))
            case Simultaneous(stores):
                made = [self._evaluated(store, names) for store in stores if isinstance(store, Store)]
                for buffer, at, stored, mask in made:
                    self._store(buffer, at, stored, mask)
            case Prefetch(buffer, (index,)):
                at = self.expr(index, names)
                self._check(buffer, at)
                self.prefetched.setdefault(buffer, []).append(int(at))
            case _:
                raise AssertionError(f"{type(stmt).__name__} is not flat code")

    def _evaluated(self, store: Store, names: Mapping[str, Any]) -> tuple[str, Any, Any, Any]:
        """The buffer of a store, where it stores, what, and in which lanes."""
        mask = self._mask(store.predicate, names)
        return store.buffer, self.expr(store.index, names), self.expr(store.value, names), mask

    def _mask(self, predicate: Expr | None, names: Mapping[str, Any]) -> Any:
        return True if predicate is None else self.expr(predicate, names)

    def _store(self, buffer: str, index: Any, value: Any, mask: Any) -> None:
        at, values, on = np.broadcast_arrays(np.atleast_1d(index), np.atleast_1d(value), np.atleast_1d(mask))
        self._check(buffer, at[on])
        self.buffers[buffer][at[on]] = values[on]
        self.stored[buffer] += int(on.sum())

    def _check(self, buffer: str, at: Array) -> None:
        size = len(self.buffers[buffer])
        assert ((at >= 0) & (at < size)).all(), f"element {at} of {buffer}, which has {size}"

    def expr(self, expr: Expr, names: Mapping[str, Any]) -> Any:
        match expr:
            case Const(value, kind):
                return kind.numpy.type(value)
            case Variable(name, _):
                return names[name]
            case Cast(kind, value):
                return _cast(self.expr(value, names), kind)
            case Unary(op, value):
                return _UNARY[op](self.expr(value, names))
            case Binary(op, a, b):
                return _BINARY[op](self.expr(a, names), self.expr(b, names))
            case Compare(op, a, b):
                return _COMPARE[op](self.expr(a, names), self.expr(b, names))
            case Select(condition, a, b):
                return np.where(self.expr(condition, names), self.expr(a, names), self.expr(b, names))[()]
            case Fma(a, b, c):
                parts = [np.asarray(self.expr(e, names), np.float64) for e in (a, b, c)]
                return (parts[0] * parts[1] + parts[2]).astype(expr.type.numpy)[()]
            case Load(buffer, index, predicate, _):
                return self._load(buffer, self.expr(index, names), self._mask(predicate, names))
            case Ramp(base, stride, lanes):
                return self.expr(base, names) + self.expr(stride, names) * np.arange(lanes)
            case Broadcast(value, lanes):
                return np.full(lanes, self.expr(value, names))
        raise AssertionError(f"{type(expr).__name__} is not flat code")

    def _load(self, buffer: str, index: Any, mask: Any) -> Any:
        at, on = np.broadcast_arrays(np.asarray(index), np.asarray(mask))
        self._check(buffer, at[on])
        return np.where(on, self.buffers[buffer][np.where(on, at, 0)], 0).astype(self.buffers[buffer].dtype)[()]


def _cast(value: Any, kind: DType) -> Any:
    if kind.is_integer and np.asarray(value).dtype.kind == "f":
        value = np.clip(np.nan_to_num(np.trunc(value), nan=0.0), float(kind.minimum), float(kind.maximum))
    return np.asarray(value).astype(kind.numpy)[()]
