"""Readable text of expressions and statements; the format of golden files."""

from __future__ import annotations

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
    VectorReduce,
)
from tensorlang.ir.module import Function, Module
from tensorlang.ir.stmt import (
    Accumulate,
    Allocate,
    Block,
    For,
    IfThenElse,
    LetStmt,
    LoopHints,
    LoopKind,
    PartitionPolicy,
    Predicated,
    Prefetch,
    Provide,
    Realize,
    Simultaneous,
    Stmt,
    Store,
)

_NAMED = {"min", "max", "pow"}
_PRECEDENCE = {
    "or": 1, "and": 2, "|": 4, "^": 5, "&": 6, "<<": 7, ">>": 7, "+": 8, "-": 8, "*": 9, "/": 9, "//": 9, "%": 9,
}  # fmt: skip
_COMPARE = 3


def format_expr(expr: Expr, outer: int = 0) -> str:
    """`expr` on one line, with only the parentheses it needs inside an operator of precedence `outer`."""
    match expr:
        case Const(value, kind):
            return str(value) if kind.element.name in ("int64", "bool", "float32") else f"{kind.element}({value})"
        case Variable(name, _):
            return name
        case Cast(kind, value):
            return f"{kind}({format_expr(value)})"
        case Unary(op, value):
            text = str(op)
            return f"{text}{format_expr(value, 10)}" if text in "-~" else f"{text}({format_expr(value)})"
        case Binary(op, a, b) if op in _NAMED:
            return f"{op}({format_expr(a)}, {format_expr(b)})"
        case Binary(op, a, b):
            return _infix(str(op), _PRECEDENCE[op], a, b, outer)
        case Compare(op, a, b):
            return _infix(str(op), _COMPARE, a, b, outer)
        case Select(a, b, c) | Fma(a, b, c):
            name = "select" if isinstance(expr, Select) else "fma"
            return f"{name}({format_expr(a)}, {format_expr(b)}, {format_expr(c)})"
        case Call(name, args, _, element):
            text = f"{name}[{', '.join(format_expr(a) for a in args)}]" if args else name
            return text if element is None else f"{text}[{element}]"
        case Load(buffer, index, predicate, _):
            mask = "" if predicate is None else f" if {format_expr(predicate)}"
            return f"{buffer}{{{format_expr(index)}{mask}}}"
        case Ramp(base, stride, lanes):
            return f"ramp({format_expr(base)}, {format_expr(stride)}, {lanes})"
        case Broadcast(value, lanes):
            return f"x{lanes}({format_expr(value)})"
        case VectorReduce(op, value):
            return f"reduce({op}, {format_expr(value)})"


def _infix(op: str, precedence: int, a: Expr, b: Expr, outer: int) -> str:
    text = f"{format_expr(a, precedence)} {op} {format_expr(b, precedence + 1)}"
    return f"({text})" if precedence < outer else text


def format_policy(hints: LoopHints) -> str:
    """How a loop is partitioned, if that was said."""
    return "" if hints.partition is PartitionPolicy.AUTO else f" ({hints.partition} partitioned)"


def format_stmt(stmt: Stmt, depth: int = 0) -> str:
    """`stmt` as indented lines without a trailing newline."""
    pad = "  " * depth
    match stmt:
        case Block(stmts):
            return "\n".join(format_stmt(s, depth) for s in stmts) if stmts else f"{pad}pass"
        case Provide(name, args, values):
            right = ", ".join(map(format_expr, values))
            right = right if len(values) == 1 else f"({right})"
            return (
                f"{pad}{'stream ' if stmt.streamed else ''}{name}[{', '.join(format_expr(a) for a in args)}] = {right}"
            )
        case Prefetch(name, args):
            return f"{pad}prefetch {name}[{', '.join(format_expr(a) for a in args)}]"
        case Store(buffer, index, value, predicate, streamed):
            mask = "" if predicate is None else f" if {format_expr(predicate)}"
            return f"{pad}{'stream ' if streamed else ''}{buffer}{{{format_expr(index)}{mask}}} = {format_expr(value)}"
        case Simultaneous(stores):
            return f"{pad}at once:\n" + "\n".join(format_stmt(store, depth + 1) for store in stores)
        case Accumulate(buffer, index, op, value, _, predicate, atomic):
            mask = "" if predicate is None else f" if {format_expr(predicate)}"
            return (
                f"{pad}{'atomic ' if atomic else ''}{buffer}{{{format_expr(index)}{mask}}} {op}= {format_expr(value)}"
            )
        case LetStmt(name, value, body):
            return f"{pad}let {name} = {format_expr(value)}\n{format_stmt(body, depth)}"
        case IfThenElse(condition, then, otherwise):
            text = f"{pad}if {format_expr(condition)}:\n{format_stmt(then, depth + 1)}"
            return text if otherwise is None else f"{text}\n{pad}else:\n{format_stmt(otherwise, depth + 1)}"
        case Predicated(condition, loads, stores, body):
            what = " and ".join(word for word, is_meant in (("load", loads), ("store", stores)) if is_meant)
            return f"{pad}{what} if {format_expr(condition)}:\n{format_stmt(body, depth + 1)}"
        case For(var, extent, kind, body, hints):
            word = "for" if kind is LoopKind.SERIAL else str(kind)
            heading = f"{pad}{word} {var} in 0..{format_expr(extent, 10)}{format_policy(hints)}:"
            return f"{heading}\n{format_stmt(body, depth + 1)}"
        case Realize(name, types, box, memory, body):
            text = ", ".join(map(str, types))
            text = text if len(types) == 1 else f"({text})"
            sides = ", ".join(f"[{format_expr(r.min)}, +{format_expr(r.extent)}]" for r in box)
            return f"{pad}realize {name}: {text} ({sides}) in {memory}\n{format_stmt(body, depth)}"
        case Allocate(buffer, kind, size, memory, body):
            return f"{pad}allocate {buffer}: {kind}[{size}] in {memory}\n{format_stmt(body, depth)}"


def format_function(function: Function) -> str:
    """A lowered function: a signature line, then its body."""
    params = ", ".join(f"{p.name}: {p.type}{list(p.shape)} {p.role}" for p in function.params)
    return f"{function.name}({params}):\n{format_stmt(function.body, 1)}"


def format_module(module: Module) -> str:
    """A lowered pipeline: ``prepare`` if there is one, then ``main``."""
    functions = [module.main] if module.prepare is None else [module.prepare, module.main]
    return "\n".join(format_function(f) for f in functions)
