"""Coordinates that a loop nest touches, enumerated, and the boxes of storage that lowering made for them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tensorlang.ir.expr import (
    Binary,
    BinaryOp,
    Call,
    Cast,
    Compare,
    CompareOp,
    Const,
    Expr,
    Select,
    Unary,
    UnaryOp,
    Variable,
)
from tensorlang.ir.stmt import For, IfThenElse, LetStmt, Predicated, Provide, Realize, Stmt
from tensorlang.ir.visitor import stmt_exprs, substatements, walk

Names = Mapping[str, int]

_OPERATORS: Mapping[str, Callable[[int, int], int]] = {
    BinaryOp.MIN: min,
    BinaryOp.MAX: max,
    BinaryOp.ADD: operator.add,
    BinaryOp.SUB: operator.sub,
    BinaryOp.MUL: operator.mul,
    BinaryOp.FLOOR_DIV: operator.floordiv,
    BinaryOp.MOD: operator.mod,
    BinaryOp.AND: operator.and_,
    CompareOp.LT: operator.lt,
    CompareOp.LE: operator.le,
    CompareOp.GT: operator.gt,
    CompareOp.GE: operator.ge,
}


@dataclass(frozen=True)
class Entry:
    """One time that the storage of a Func was made: its box, and the smallest that hold what was read and written."""

    box: tuple[range, ...]
    read: tuple[range, ...]
    written: tuple[range, ...]

    @property
    def holds_all(self) -> bool:
        pairs = [*zip(self.box, self.read, strict=True), *zip(self.box, self.written, strict=True)]
        return all(box.start <= side.start and side.stop <= box.stop for box, side in pairs)


def entries(stmt: Stmt, func: str) -> list[Entry]:
    """All storage that `stmt` makes for `func` while it runs."""
    found: list[Entry] = []
    _run(stmt, func, {}, found, _Points(set(), set()))
    return found


@dataclass(frozen=True)
class _Points:
    """Points of a Func that were read and written."""

    read: set[tuple[int, ...]]
    written: set[tuple[int, ...]]


def _run(stmt: Stmt, func: str, names: Names, found: list[Entry], points: _Points) -> None:
    """Run `stmt`, adding the points of `func` that it touches to `points`."""
    match stmt:
        case LetStmt(name, value, body):
            _run(body, func, {**names, name: evaluate(value, names)}, found, points)
            return
        case For(var, extent, _, body):
            for iteration in range(evaluate(extent, names)):
                _run(body, func, {**names, var: iteration}, found, points)
            return
        case Realize(name, _, box, _, body) if name == func:
            inside = _Points(set(), set())
            _run(body, func, names, found, inside)
            if inside.read:
                whole = tuple(_range(side.min, side.extent, names) for side in box)
                found.append(Entry(whole, _hull(inside.read), _hull(inside.written)))
            return
    for expr in stmt_exprs(stmt):
        for node in walk(expr):
            if isinstance(node, Call) and node.name == func:
                points.read.add(tuple(evaluate(arg, names) for arg in node.args))
    match stmt:
        case Provide(name, args) if name == func:
            points.written.add(tuple(evaluate(arg, names) for arg in args))
        case IfThenElse(condition, then, otherwise):
            side = then if evaluate(condition, names) else otherwise
            if side is not None:
                _run(side, func, names, found, points)
        case Predicated():
            raise AssertionError("not for tails that predicate")
        case _:
            for below in substatements(stmt):
                _run(below, func, names, found, points)


def _range(low: Expr, extent: Expr, names: Names) -> range:
    first = evaluate(low, names)
    return range(first, first + evaluate(extent, names))


def _hull(points: set[tuple[int, ...]]) -> tuple[range, ...]:
    return tuple(range(min(side), max(side) + 1) for side in zip(*points, strict=True))


def evaluate(expr: Expr, at: Names) -> int:
    """The value of an index expression by Python's integers."""
    match expr:
        case Const(value, _):
            return int(value)
        case Variable(name, _):
            return at[name]
        case Cast(_, value):
            return evaluate(value, at)
        case Unary(UnaryOp.NEG, a):
            return -evaluate(a, at)
        case Unary(UnaryOp.NOT, a):
            return not evaluate(a, at)
        case Select(c, a, b):
            return evaluate(a, at) if evaluate(c, at) else evaluate(b, at)
        case Binary(op, a, b) | Compare(op, a, b):
            return int(_OPERATORS[op](evaluate(a, at), evaluate(b, at)))
    raise AssertionError(expr)
