"""Which names and buffers a statement uses but does not bind: what a parallel task must be given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tensorlang.ir.expr import Const, Expr, Load, Variable
from tensorlang.ir.stmt import Accumulate, Allocate, For, LetStmt, LoopKind, Prefetch, Stmt, Store
from tensorlang.ir.visitor import stmt_exprs, substatements, walk, walk_exprs, walk_stmts


def is_launched(loop: For) -> bool:
    """True for a parallel loop that is worth tasks of its own."""
    return loop.kind is LoopKind.PARALLEL and not (isinstance(loop.extent, Const) and loop.extent.value <= 1)


def has_launches(stmt: Stmt) -> bool:
    """True if there is such a loop in `stmt`."""
    return any(isinstance(child, For) and is_launched(child) for child in walk_stmts(stmt))


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
    if isinstance(stmt, Store | Accumulate) and stmt.buffer not in buffers:
        captures.buffers[stmt.buffer] = None
    if isinstance(stmt, Prefetch) and stmt.name not in buffers:
        captures.buffers[stmt.name] = None
    for expr in stmt_exprs(stmt):
        for node in walk(expr):
            if isinstance(node, Variable) and node.name not in names:
                captures.names[node.name] = None
            elif isinstance(node, Load) and node.buffer not in buffers:
                captures.buffers[node.buffer] = None
    match stmt:
        case For(var=name) | LetStmt(name=name):
            names = names | {name}
        case Allocate(buffer=buffer):
            buffers = buffers | {buffer}
    for child in substatements(stmt):
        _visit(child, names, buffers, captures)


def accesses(stmt: Stmt, buffer: str) -> Iterator[tuple[Expr, int]]:
    """Index and lanes [lanes] of every load and store of a buffer."""
    for node in walk_exprs(stmt):
        if isinstance(node, Load) and node.buffer == buffer:
            yield node.index, node.type.lanes
    for child in walk_stmts(stmt):
        if isinstance(child, Store | Accumulate) and child.buffer == buffer:
            yield child.index, child.value.type.lanes
