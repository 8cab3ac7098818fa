"""Simplify every expression with the loop bounds around it, and drop code that cannot run.

In: any tree. Out: the same, expressions canonical, decided conditions taken, empty loops gone, loops of one iteration
replaced by their body.
Order: after each pass that makes new index arithmetic.
Refuses: nothing.
"""

from __future__ import annotations

from dataclasses import replace

from tensorlang.bounds.params import PARAM
from tensorlang.bounds.starts import where
from tensorlang.ir.expr import Const, Expr, Variable, index
from tensorlang.ir.stmt import Allocate, Block, For, IfThenElse, LetStmt, Realize, Stmt, Store
from tensorlang.ir.visitor import block, map_exprs, map_substatements, rewrite_exprs, substitute, walk_exprs
from tensorlang.symbolic.facts import NOTHING_KNOWN, Facts
from tensorlang.symbolic.knowledge import is_about_scalars, knowledge_of
from tensorlang.symbolic.simplify import as_int, simplify

_NOTHING = Block(())


def simplify_stmts(stmt: Stmt, facts: Facts = NOTHING_KNOWN) -> Stmt:
    """`stmt` with every expression simplified."""
    changed = map_exprs(stmt, lambda e: simplify(e, facts))
    match changed:
        case For():
            return _simplify_loop(changed, facts)
        case LetStmt(name, value, body):
            return _simplify_let(name, value, body, facts)
        case IfThenElse(condition, then, otherwise) if is_about_scalars(condition, PARAM):
            return _simplify_case(condition, then, otherwise, facts)
        case IfThenElse(Const(value, _), then, otherwise):
            taken = then if value else otherwise
            return _NOTHING if taken is None else simplify_stmts(taken, facts)
        case Store(buffer, at, stored, Const(value, _), streamed):
            return Store(buffer, at, stored, None, streamed) if value else _NOTHING
        case IfThenElse(condition, then, None):
            inside = simplify_stmts(then, where(condition, facts))
            return _NOTHING if inside == _NOTHING else IfThenElse(condition, inside)
        case Block(stmts):
            kept = [s for s in (simplify_stmts(s, facts) for s in stmts) if s != _NOTHING]
            return block(kept) if kept else _NOTHING
    result = map_substatements(changed, lambda s: simplify_stmts(s, facts))
    return _NOTHING if _is_empty(result) else result


def _simplify_case(condition: Expr, then: Stmt, otherwise: Stmt | None, facts: Facts) -> Stmt:
    """Both sides of a condition on scalar arguments, each with what it knows of them."""
    known = rewrite_exprs(then, knowledge_of(condition, holds=True).apply)
    taken = simplify_stmts(known, facts.assuming(condition))
    if otherwise is not None:
        otherwise = simplify_stmts(rewrite_exprs(otherwise, knowledge_of(condition, holds=False).apply), facts)
    result = IfThenElse(condition, taken, None if otherwise == _NOTHING else otherwise)
    return _NOTHING if _is_empty(result) else result


def _simplify_loop(loop: For, facts: Facts) -> Stmt:
    extent = as_int(loop.extent)
    if extent is not None and extent <= 0:
        return _NOTHING
    if extent == 1:
        return simplify_stmts(rewrite_exprs(loop.body, lambda e: substitute(e, {loop.var: index(0)})), facts)
    body = simplify_stmts(loop.body, facts.with_loop(loop.var, loop.extent))
    return _NOTHING if body == _NOTHING else replace(loop, body=body)


def _simplify_let(name: str, value: Expr, body: Stmt, facts: Facts) -> Stmt:
    if isinstance(value, Const | Variable):
        return simplify_stmts(rewrite_exprs(body, lambda e: substitute(e, {name: value})), facts)
    inside = simplify_stmts(body, facts.with_let(name, value))
    is_used = any(isinstance(node, Variable) and node.name == name for node in walk_exprs(inside))
    return LetStmt(name, value, inside) if is_used else inside


def _is_empty(stmt: Stmt) -> bool:
    match stmt:
        case Realize(body=body) | Allocate(body=body):
            return body == _NOTHING
        case IfThenElse(_, then, otherwise):
            return then == _NOTHING and (otherwise is None or otherwise == _NOTHING)
    return False
