"""Walking and rebuilding expressions and statements, one level at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from tensorlang.ir.expr import (
    Binary,
    Broadcast,
    Call,
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
from tensorlang.ir.stmt import Allocate, Block, For, IfThenElse, LetStmt, Provide, Range, Realize, Stmt, Store


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct operands of `expr`, in order."""
    match expr:
        case Const() | Variable():
            return ()
        case Cast(_, value) | Unary(_, value) | Broadcast(value, _):
            return (value,)
        case Binary(_, a, b) | Compare(_, a, b):
            return (a, b)
        case Select(a, b, c) | Fma(a, b, c):
            return (a, b, c)
        case Call(_, args, _):
            return args
        case Load(_, index, predicate, _):
            return (index,) if predicate is None else (index, predicate)
        case Ramp(base, stride, _):
            return (base, stride)


def map_children(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """`expr` with `change` applied to each direct operand; the same object when nothing changed."""
    old = children(expr)
    new = tuple(change(child) for child in old)
    if all(a is b for a, b in zip(old, new, strict=True)):
        return expr
    match expr:
        case Cast(kind, _):
            return Cast(kind.with_lanes(new[0].type.lanes), new[0])
        case Unary(unary, _):
            return Unary(unary, new[0])
        case Binary(binary, _, _):
            return Binary(binary, new[0], new[1])
        case Compare(compare, _, _):
            return Compare(compare, new[0], new[1])
        case Select():
            return Select(*new)
        case Fma():
            return Fma(*new)
        case Call():
            return replace(expr, args=new)
        case Load():
            return replace(expr, index=new[0], predicate=new[1] if len(new) > 1 else None)
        case Ramp(_, _, lanes):
            return Ramp(new[0], new[1], lanes)
        case Broadcast(_, lanes):
            return Broadcast(new[0], lanes)
        case _:
            return expr


def walk(expr: Expr) -> Iterator[Expr]:
    """`expr` and everything below it, parents first."""
    stack = [expr]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def free_variables(expr: Expr) -> frozenset[str]:
    """Names of the Variables in `expr`."""
    return frozenset(node.name for node in walk(expr) if isinstance(node, Variable))


def substitute(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """`expr` with each Variable named in `values` replaced."""
    if isinstance(expr, Variable):
        return values.get(expr.name, expr)
    return map_children(expr, lambda child: substitute(child, values))


def rewrite(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Apply `change` to every node of `expr`, operands before the nodes that use them."""
    return change(map_children(expr, lambda child: rewrite(child, change)))


def stmt_exprs(stmt: Stmt) -> tuple[Expr, ...]:
    """The expressions that stand in `stmt` itself, not in the statements below it."""
    match stmt:
        case For(_, extent, _, _):
            return (extent,)
        case LetStmt(_, value, _):
            return (value,)
        case IfThenElse(condition, _, _):
            return (condition,)
        case Realize(box=box):
            return tuple(e for r in box for e in (r.min, r.extent))
        case Provide(_, args, value):
            return (*args, value)
        case Store(_, index, value, predicate):
            return (index, value) if predicate is None else (index, value, predicate)
        case _:
            return ()


def substatements(stmt: Stmt) -> tuple[Stmt, ...]:
    """The statements directly below `stmt`."""
    match stmt:
        case For(body=body) | LetStmt(body=body) | Realize(body=body) | Allocate(body=body):
            return (body,)
        case Block(stmts):
            return stmts
        case IfThenElse(_, then, otherwise):
            return (then,) if otherwise is None else (then, otherwise)
        case _:
            return ()


def map_exprs(stmt: Stmt, change: Callable[[Expr], Expr]) -> Stmt:
    """`stmt` with `change` applied to its own expressions, statements below untouched."""
    match stmt:
        case For() if (extent := change(stmt.extent)) is not stmt.extent:
            return replace(stmt, extent=extent)
        case LetStmt() if (value := change(stmt.value)) is not stmt.value:
            return replace(stmt, value=value)
        case IfThenElse() if (condition := change(stmt.condition)) is not stmt.condition:
            return replace(stmt, condition=condition)
        case Realize():
            return replace(stmt, box=tuple(Range(change(r.min), change(r.extent)) for r in stmt.box))
        case Provide():
            return replace(stmt, args=tuple(change(a) for a in stmt.args), value=change(stmt.value))
        case Store():
            predicate = None if stmt.predicate is None else change(stmt.predicate)
            return replace(stmt, index=change(stmt.index), value=change(stmt.value), predicate=predicate)
        case _:
            return stmt


def map_substatements(stmt: Stmt, change: Callable[[Stmt], Stmt]) -> Stmt:
    """`stmt` with `change` applied to each statement directly below it; nested Blocks are flattened."""
    match stmt:
        case For() | LetStmt() | Realize() | Allocate():
            body = change(stmt.body)
            return stmt if body is stmt.body else replace(stmt, body=body)
        case Block(stmts):
            return block([change(s) for s in stmts])
        case IfThenElse(_, then, otherwise):
            return replace(stmt, then=change(then), otherwise=None if otherwise is None else change(otherwise))
        case _:
            return stmt


def rewrite_exprs(stmt: Stmt, change: Callable[[Expr], Expr]) -> Stmt:
    """`stmt` with `change` applied to the expressions of every statement in it."""
    return map_substatements(map_exprs(stmt, change), lambda s: rewrite_exprs(s, change))


def walk_stmts(stmt: Stmt) -> Iterator[Stmt]:
    """`stmt` and every statement below it, in program order."""
    yield stmt
    for below in substatements(stmt):
        yield from walk_stmts(below)


def walk_exprs(stmt: Stmt) -> Iterator[Expr]:
    """Every expression node anywhere in `stmt`."""
    for s in walk_stmts(stmt):
        for expr in stmt_exprs(s):
            yield from walk(expr)


def block(stmts: list[Stmt]) -> Stmt:
    """`stmts` in order, nested Blocks flattened; a single statement stands alone."""
    flat: list[Stmt] = []
    for stmt in stmts:
        flat.extend(stmt.stmts if isinstance(stmt, Block) else [stmt])
    return flat[0] if len(flat) == 1 else Block(tuple(flat))
