"""Walking and rebuilding expressions and statements, one level at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import attrgetter, is_
from typing import Any

from tensorlang.ir.expr import (
    Binary,
    BinaryOp,
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
    VectorReduce,
)
from tensorlang.ir.stmt import (
    Accumulate,
    Allocate,
    Block,
    For,
    IfThenElse,
    LetStmt,
    Predicated,
    Prefetch,
    Provide,
    Range,
    Realize,
    Simultaneous,
    Stmt,
    Store,
)

_NO_OPERANDS: tuple[Expr, ...] = ()
# A table, as this is the innermost step of every pass: dispatch on the type is several times faster than matching
# patterns.
_OPERANDS: dict[type, Callable[[Any], tuple[Expr, ...]]] = {
    Const: lambda e: _NO_OPERANDS,
    Variable: lambda e: _NO_OPERANDS,
    Cast: lambda e: (e.value,),
    Unary: lambda e: (e.value,),
    Broadcast: lambda e: (e.value,),
    Binary: attrgetter("a", "b"),
    Compare: attrgetter("a", "b"),
    Select: attrgetter("condition", "if_true", "if_false"),
    Fma: attrgetter("a", "b", "c"),
    Call: attrgetter("args"),
    Load: lambda e: (e.index,) if e.predicate is None else (e.index, e.predicate),
    Ramp: attrgetter("base", "stride"),
    VectorReduce: lambda e: (e.value,),
}


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct operands of `expr`, in order."""
    return _OPERANDS[type(expr)](expr)


def map_children(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """`expr` with `change` applied to each direct operand; the same object when nothing changed."""
    old = _OPERANDS[type(expr)](expr)
    if not old:
        return expr
    new = tuple([change(child) for child in old])
    return expr if all(map(is_, old, new)) else _rebuild(expr, new)


def _rebuild(expr: Expr, new: tuple[Expr, ...]) -> Expr:
    """A node like `expr` over other operands."""
    match expr:
        case Binary(binary, _, _):
            return Binary(binary, *new)
        case Load(buffer, _, _, kind):
            return Load(buffer, new[0], new[1] if len(new) > 1 else None, kind)
        case Ramp(_, _, lanes):
            return Ramp(new[0], new[1], lanes)
        case Fma():
            return Fma(*new)
        case Broadcast(_, lanes):
            return Broadcast(new[0], lanes)
        case Compare(compare, _, _):
            return Compare(compare, *new)
        case Select():
            return Select(*new)
        case Unary(unary, _):
            return Unary(unary, new[0])
        case Cast(kind, _):
            return Cast(kind.with_lanes(new[0].type.lanes), new[0])
        case Call(name, _, kind, element):
            return Call(name, new, kind, element)
        case VectorReduce(binary, _):
            return VectorReduce(binary, new[0])
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


def conjuncts(condition: Expr | None) -> tuple[Expr, ...]:
    """The conditions that a bool expression is the ``and`` of, in order; none for None."""
    if condition is None:
        return ()
    if isinstance(condition, Binary) and condition.op is BinaryOp.AND:
        return (*conjuncts(condition.a), *conjuncts(condition.b))
    return (condition,)


def conjunction(conditions: Sequence[Expr]) -> Expr:
    """The ``and`` of one or more conditions, in order."""
    return reduce(lambda a, b: Binary(BinaryOp.AND, a, b), conditions)


def any_of(conditions: Sequence[Expr]) -> Expr:
    """The ``or`` of one or more conditions, in order."""
    return reduce(lambda a, b: Binary(BinaryOp.OR, a, b), conditions)


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
        case IfThenElse(condition=condition) | Predicated(condition=condition):
            return (condition,)
        case Realize(box=box):
            return tuple(e for r in box for e in (r.min, r.extent))
        case Provide(_, args, values):
            return (*args, *values)
        case Prefetch(_, args):
            return args
        case (
            Store(index=index, value=value, predicate=predicate)
            | Accumulate(index=index, value=value, predicate=predicate)
        ):
            return (index, value) if predicate is None else (index, value, predicate)
        case _:
            return ()


def substatements(stmt: Stmt) -> tuple[Stmt, ...]:
    """The statements directly below `stmt`."""
    match stmt:
        case For(body=body) | LetStmt(body=body) | Predicated(body=body) | Realize(body=body) | Allocate(body=body):
            return (body,)
        case Block(stmts) | Simultaneous(stmts):
            return stmts
        case IfThenElse(_, then, otherwise):
            return (then,) if otherwise is None else (then, otherwise)
        case _:
            return ()


def map_exprs(stmt: Stmt, change: Callable[[Expr], Expr]) -> Stmt:
    """`stmt` with `change` applied to its own expressions; the same object when nothing changed."""
    old = stmt_exprs(stmt)
    new = tuple([change(expr) for expr in old])
    if all(map(is_, old, new)):
        return stmt
    match stmt:
        case Store(buffer, _, _, predicate, streamed):
            return Store(buffer, new[0], new[1], None if predicate is None else new[2], streamed)
        case Accumulate():
            return replace(stmt, index=new[0], value=new[1], predicate=None if stmt.predicate is None else new[2])
        case For():
            return replace(stmt, extent=new[0])
        case LetStmt():
            return replace(stmt, value=new[0])
        case IfThenElse() | Predicated():
            return replace(stmt, condition=new[0])
        case Provide():
            return replace(stmt, args=new[: len(stmt.args)], values=new[len(stmt.args) :])
        case Prefetch():
            return replace(stmt, args=new)
        case Realize():
            return replace(stmt, box=tuple(map(Range, new[::2], new[1::2])))
    return stmt


def map_substatements(stmt: Stmt, change: Callable[[Stmt], Stmt]) -> Stmt:
    """`stmt` with `change` applied to each statement directly below it; the same object when nothing changed."""
    old = substatements(stmt)
    new = [change(below) for below in old]
    if all(map(is_, old, new)):
        return stmt
    match stmt:
        case Block():
            return block(new)
        case Simultaneous():
            return at_once(new)
        case IfThenElse(condition, _, _):
            return IfThenElse(condition, new[0], new[1] if len(new) > 1 else None)
        case For() | LetStmt() | Predicated() | Realize() | Allocate():
            return replace(stmt, body=new[0])
    return stmt


def rewrite_exprs(stmt: Stmt, change: Callable[[Expr], Expr]) -> Stmt:
    """`stmt` with `change` applied to the expressions of every statement in it."""
    return map_substatements(map_exprs(stmt, change), lambda s: rewrite_exprs(s, change))


def walk_stmts(stmt: Stmt) -> Iterator[Stmt]:
    """`stmt` and every statement below it, in program order."""
    stack = [stmt]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(substatements(node)))


def only_prefetches(stmt: Stmt) -> bool:
    """Whether `stmt` prefetches, and does nothing else."""
    if isinstance(stmt, For | IfThenElse | Block | LetStmt):
        below = substatements(stmt)
        return bool(below) and all(map(only_prefetches, below))
    return isinstance(stmt, Prefetch)


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


def at_once(stmts: list[Stmt]) -> Stmt:
    """Stores, and empty Blocks in place of those that do nothing, evaluated before any stores."""
    stores = tuple(stmt for stmt in stmts if isinstance(stmt, Store))
    assert len(stores) == len(stmts) - stmts.count(Block(())), "what is stored at once are stores"
    return Simultaneous(stores) if len(stores) > 1 else block(list(stores))
