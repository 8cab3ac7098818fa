"""Which names and buffers an expression or a statement uses but does not bind: what a parallel task must be given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tensorlang.errors import InternalError
from tensorlang.ir.expr import (
    Binary,
    Broadcast,
    Cast,
    Compare,
    Const,
    Expr,
    Fma,
    Load,
    Ramp,
    Select,
    Unary,
    Variable,
)
from tensorlang.ir.stmt import Allocate, Block, For, IfThenElse, LetStmt, LoopKind, Stmt, Store


def children(expr: Expr) -> tuple[Expr, ...]:
    """The operands of an expression."""
    match expr:
        case Const() | Variable():
            return ()
        case Cast(value=value) | Unary(value=value) | Broadcast(value=value):
            return (value,)
        case Binary(a=a, b=b) | Compare(a=a, b=b):
            return (a, b)
        case Select(condition=a, if_true=b, if_false=c) | Fma(a=a, b=b, c=c):
            return (a, b, c)
        case Load(index=index, predicate=predicate):
            return (index,) if predicate is None else (index, predicate)
        case Ramp(base=base, stride=stride):
            return (base, stride)
    raise InternalError(f"code generation: {type(expr).__name__} should be gone after lowering.")


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and everything in it."""
    yield expr
    for child in children(expr):
        yield from walk(child)


@dataclass
class Captures:
    """Free names and buffers, in order of first use (dicts serve as ordered sets)."""

    names: dict[str, None] = field(default_factory=dict)
    buffers: dict[str, None] = field(default_factory=dict)


def find_captures(stmt: Stmt, bound: frozenset[str]) -> Captures:
    """Return what `stmt` uses from outside; `bound` are names that it is given anyway."""
    captures = Captures()
    _visit(stmt, bound, frozenset(), captures)
    return captures


def _visit(stmt: Stmt, names: frozenset[str], buffers: frozenset[str], captures: Captures) -> None:
    match stmt:
        case Block(stmts=stmts):
            for child in stmts:
                _visit(child, names, buffers, captures)
        case For(var=var, extent=extent, body=body):
            _visit_expr(extent, names, buffers, captures)
            _visit(body, names | {var}, buffers, captures)
        case LetStmt(name=name, value=value, body=body):
            _visit_expr(value, names, buffers, captures)
            _visit(body, names | {name}, buffers, captures)
        case IfThenElse(condition=condition, then=then, otherwise=otherwise):
            _visit_expr(condition, names, buffers, captures)
            _visit(then, names, buffers, captures)
            if otherwise is not None:
                _visit(otherwise, names, buffers, captures)
        case Allocate(buffer=buffer, body=body):
            _visit(body, names, buffers | {buffer}, captures)
        case Store(buffer=buffer):
            if buffer not in buffers:
                captures.buffers[buffer] = None
            for expr in (stmt.index, stmt.value, stmt.predicate):
                if expr is not None:
                    _visit_expr(expr, names, buffers, captures)
        case _:
            raise InternalError(f"code generation: {type(stmt).__name__} should be gone after lowering.")


def _visit_expr(expr: Expr, names: frozenset[str], buffers: frozenset[str], captures: Captures) -> None:
    for node in walk(expr):
        if isinstance(node, Variable) and node.name not in names:
            captures.names[node.name] = None
        elif isinstance(node, Load) and node.buffer not in buffers:
            captures.buffers[node.buffer] = None


def accesses(stmt: Stmt, buffer: str) -> Iterator[tuple[Expr, int]]:
    """Index and lanes [lanes] of every load and store of a buffer."""
    for child in statements(stmt):
        for expr in expressions(child):
            for node in walk(expr):
                if isinstance(node, Load) and node.buffer == buffer:
                    yield node.index, node.type.lanes
        if isinstance(child, Store) and child.buffer == buffer:
            yield child.index, child.value.type.lanes


def is_launched(loop: For) -> bool:
    """True for a parallel loop that is worth tasks of its own."""
    return loop.kind is LoopKind.PARALLEL and not (isinstance(loop.extent, Const) and loop.extent.value <= 1)


def statements(stmt: Stmt) -> Iterator[Stmt]:
    """The statement and every statement in it."""
    yield stmt
    match stmt:
        case Block(stmts=stmts):
            for child in stmts:
                yield from statements(child)
        case For(body=body) | LetStmt(body=body) | Allocate(body=body):
            yield from statements(body)
        case IfThenElse(then=then, otherwise=otherwise):
            yield from statements(then)
            if otherwise is not None:
                yield from statements(otherwise)


def expressions(stmt: Stmt) -> tuple[Expr, ...]:
    """The expressions of a statement itself, not of those in it."""
    match stmt:
        case For(extent=extent):
            return (extent,)
        case LetStmt(value=value):
            return (value,)
        case IfThenElse(condition=condition):
            return (condition,)
        case Store(index=index, value=value, predicate=predicate):
            return (index, value) if predicate is None else (index, value, predicate)
    return ()
