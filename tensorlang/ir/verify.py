"""Check that flat code is well formed; run after every lowering pass."""

from __future__ import annotations

from tensorlang.dtypes import int64
from tensorlang.errors import InternalError
from tensorlang.ir.expr import (
    Binary,
    Broadcast,
    Call,
    Compare,
    Expr,
    Fma,
    Load,
    Ramp,
    Select,
    Variable,
    VectorReduce,
)
from tensorlang.ir.printer import format_expr, format_stmt
from tensorlang.ir.stmt import (
    Accumulate,
    Allocate,
    For,
    IfThenElse,
    LetStmt,
    Predicated,
    Prefetch,
    Provide,
    Realize,
    Simultaneous,
    Stmt,
    Store,
)
from tensorlang.ir.visitor import children, stmt_exprs, substatements

_WINDOW_LINES = 12


def verify_stmt(stmt: Stmt, *, after: str) -> None:
    """Raise InternalError, naming the pass `after`, if `stmt` is not well-formed flat code."""
    _verify(stmt, frozenset(), after)


def _fail(after: str, message: str, stmt: Stmt) -> InternalError:
    window = "\n".join(format_stmt(stmt).splitlines()[:_WINDOW_LINES])
    return InternalError(f"after {after}: {message}.", details=window)


def _verify(stmt: Stmt, bound: frozenset[str], after: str) -> None:
    for expr in stmt_exprs(stmt):
        problem = _problem(expr, bound)
        if problem:
            raise _fail(after, problem, stmt)
    match stmt:
        case Realize() | Provide():
            raise _fail(after, "storage is flat, but a Realize or Provide is left", stmt)
        case Predicated():
            raise _fail(after, "loads and stores have their predicates, but a Predicated is left", stmt)
        case For(var, extent, _, _):
            if var in bound:
                raise _fail(after, f"loop {var} is inside a loop of the same name", stmt)
            if extent.type != int64:
                raise _fail(after, f"the extent of {var} is {extent.type}, not int64", stmt)
            bound = bound | {var}
        case LetStmt(name, _, _):
            bound = bound | {name}
        case IfThenElse(condition, _, _) if not condition.type.is_bool or condition.type.lanes != 1:
            raise _fail(after, f"a condition is {condition.type}, not a scalar bool", stmt)
        case Allocate(buffer, _, size, _, _) if size < 0:
            raise _fail(after, f"{buffer} has {size} elements", stmt)
        case Store(buffer=buffer, index=at) | Accumulate(buffer=buffer, index=at):
            problem = _access_problem(at, stmt.value.type.lanes, stmt.predicate)
            if problem:
                raise _fail(after, f"a store to {buffer}: {problem}", stmt)
        case Prefetch(name, args) if len(args) != 1 or args[0].type != int64:
            raise _fail(after, f"a prefetch of {name} is not at one flat index", stmt)
        case Simultaneous(stores) if not _is_group(stores):
            raise _fail(after, "what is stored at once are two or more elements, each to a buffer of its own", stmt)
    for below in substatements(stmt):
        _verify(below, bound, after)


def _is_group(stores: tuple[Stmt, ...]) -> bool:
    buffers = {store.buffer for store in stores if isinstance(store, Store)}
    return len(buffers) == len(stores) >= 2


def _access_problem(at: Expr, lanes: int, predicate: Expr | None) -> str:
    if at.type != int64.with_lanes(lanes):
        return f"the index is {at.type}, for {lanes} lanes"
    if predicate is not None and (not predicate.type.is_bool or predicate.type.lanes != lanes):
        return f"the predicate is {predicate.type}, for {lanes} lanes"
    return ""


def _problem(expr: Expr, bound: frozenset[str]) -> str:
    """What is wrong with `expr`, or an empty string."""
    for child in children(expr):
        problem = _problem(child, bound)
        if problem:
            return problem
    match expr:
        case Variable(name, _) if name not in bound:
            return f"variable {name} is not bound here"
        case Call(name=name):
            return f"a call of {name} is left"
        case Binary(_, a, b) | Compare(_, a, b) if a.type != b.type:
            return f"operands of {format_expr(expr)} are {a.type} and {b.type}"
        case Select(condition, a, b) if a.type != b.type or condition.type.lanes != a.type.lanes:
            return f"select of {condition.type}, {a.type} and {b.type}"
        case Fma(a, b, c) if not (a.type == b.type == c.type and a.type.is_float):
            return f"fma of {a.type}, {b.type} and {c.type}"
        case Load(buffer, at, predicate, kind):
            problem = _access_problem(at, kind.lanes, predicate)
            return f"a load of {buffer}: {problem}" if problem else ""
        case Ramp(base, stride, lanes) if base.type != int64 or stride.type != int64 or lanes < 2:
            return f"ramp of {base.type} by {stride.type}"
        case Broadcast(value, _) if value.type.lanes != 1:
            return f"broadcast of a vector, {value.type}"
        case VectorReduce(_, value) if value.type.lanes == 1:
            return f"reduction of a scalar, {value.type}"
    return ""
