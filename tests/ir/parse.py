"""Loop nests written as Python text, so that the input of a pass reads like its printed output.

``for i in parallel(8):`` is a loop of that kind, ``with register("acc", 8):`` storage around a block, ``n = i * 8`` a
let for the rest of its block, ``with load(i < 3):`` a condition on the loads of a block (and so ``store``). ``out[at]``
is a flat store or load, ``out[at, mask]`` a masked one; with ``flat=False`` it is a Func or Input at coordinates.
``out[at] += x`` accumulates, ``atomic(out)[at] += x`` atomically, and ``total(x)`` is the sum of the lanes of x.
Integers are int64, floats and all elements float32; a scalar beside a vector is broadcast.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from textwrap import dedent

from tensorlang.dtypes import bool_, float32
from tensorlang.ir.expr import (
    Binary,
    BinaryOp,
    Call,
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
    VectorReduce,
    broadcast,
    index,
)
from tensorlang.ir.printer import format_stmt
from tensorlang.ir.stmt import (
    Accumulate,
    Allocate,
    Block,
    For,
    IfThenElse,
    LetStmt,
    LoopHints,
    LoopKind,
    Memory,
    PartitionPolicy,
    Predicated,
    Prefetch,
    Provide,
    Stmt,
    Store,
)
from tensorlang.ir.visitor import block

_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%"}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def parse_stmt(text: str, *, flat: bool = True) -> Stmt:
    """The statement that `text` stands for."""
    return _Parser(flat).block(ast.parse(dedent(text)).body)


def parse_expr(text: str, *, flat: bool = True) -> Expr:
    """The expression that `text` stands for."""
    return _Parser(flat).expr(ast.parse(text.strip(), mode="eval").body)


def assert_printed(stmt: Stmt, expected: str) -> None:
    """Compare a statement, as printed, with the lines of `expected`."""
    assert format_stmt(stmt).splitlines() == dedent(expected).strip().splitlines()


class _Parser:
    def __init__(self, flat: bool) -> None:
        self.flat = flat

    def block(self, body: list[ast.stmt]) -> Stmt:
        stmts: list[Stmt] = []
        for position, node in enumerate(body):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                rest = self.block(body[position + 1 :])
                return block([*stmts, LetStmt(node.targets[0].id, self.expr(node.value), rest)])
            if not isinstance(node, ast.Pass):
                stmts.append(self.stmt(node))
        return block(stmts) if stmts else Block(())

    def stmt(self, node: ast.stmt) -> Stmt:
        match node:
            case ast.For(ast.Name(var), ast.Call(ast.Name(kind), [extent]), body):
                return For(var, self.expr(extent), LoopKind(kind), self.block(body))
            case ast.For(ast.Name(var), ast.Call(ast.Name(kind), [extent, ast.Name(policy)]), body):
                hints = LoopHints(PartitionPolicy(policy))
                return For(var, self.expr(extent), LoopKind(kind), self.block(body), hints)
            case ast.Expr(ast.Call(ast.Name("prefetch"), [ast.Subscript(ast.Name(name), where)])):
                return Prefetch(name, self.exprs(where))
            case ast.If(test, body, otherwise):
                return IfThenElse(self.expr(test), self.block(body), self.block(otherwise) if otherwise else None)
            case ast.With([ast.withitem(ast.Call(ast.Name(memory), [ast.Constant(name), ast.Constant(size)]))], body):
                return Allocate(str(name), float32, int(str(size)), Memory(memory), self.block(body))
            case ast.With([ast.withitem(ast.Call(ast.Name("load" | "store" as what), [condition]))], body):
                return Predicated(self.expr(condition), what == "load", what == "store", self.block(body))
            case ast.Assign([ast.Subscript(ast.Name(name), where)], value):
                return self.write(name, where, self.expr(value))
            case ast.AugAssign(ast.Subscript(ast.Name(name), where), op, value):
                return self.accumulate(name, where, op, self.expr(value))
            case ast.AugAssign(ast.Subscript(ast.Call(ast.Name("atomic"), [ast.Name(name)]), where), op, value):
                return replace(self.accumulate(name, where, op, self.expr(value)), atomic=True)
        raise AssertionError(ast.dump(node))

    def write(self, name: str, where: ast.expr, value: Expr) -> Stmt:
        args = self.exprs(where)
        if not self.flat:
            return Provide(name, args, (value,))
        return Store(name, args[0], broadcast(value, args[0].type.lanes), args[1] if len(args) > 1 else None)

    def accumulate(self, name: str, where: ast.expr, op: ast.operator, value: Expr) -> Accumulate:
        args = self.exprs(where)
        value = broadcast(value, args[0].type.lanes)
        predicate = args[1] if len(args) > 1 else None
        return Accumulate(name, args[0], BinaryOp(_BINARY[type(op)]), value, float32, predicate)

    def exprs(self, node: ast.expr) -> tuple[Expr, ...]:
        return tuple(map(self.expr, node.elts if isinstance(node, ast.Tuple) else [node]))

    def expr(self, node: ast.expr) -> Expr:
        match node:
            case ast.Constant(bool(value)):
                return Const(value, bool_)
            case ast.Constant(int(value)):
                return index(value)
            case ast.Constant(float(value)):
                return Const(value, float32)
            case ast.Name(name):
                return Variable(name)
            case ast.BinOp(a, op, b):
                return Binary(BinaryOp(_BINARY[type(op)]), *self.alike(a, b))
            case ast.BoolOp(op, [a, b]):
                return Binary(BinaryOp.AND if isinstance(op, ast.And) else BinaryOp.OR, *self.alike(a, b))
            case ast.Compare(a, [op], [b]):
                return Compare(CompareOp(_COMPARE[type(op)]), *self.alike(a, b))
            case ast.UnaryOp(op, a):
                return Unary(UnaryOp.NOT if isinstance(op, ast.Not) else UnaryOp.NEG, self.expr(a))
            case ast.Subscript(ast.Name(name), where):
                return self.read(name, self.exprs(where))
            case ast.Call(ast.Name(name), args):
                return self.call(name, args)
        raise AssertionError(ast.dump(node))

    def read(self, name: str, args: tuple[Expr, ...]) -> Expr:
        if not self.flat:
            return Call(name, args, float32)
        return Load(name, args[0], args[1] if len(args) > 1 else None, float32.with_lanes(args[0].type.lanes))

    def alike(self, *nodes: ast.expr) -> tuple[Expr, ...]:
        """Operands with as many lanes as the widest."""
        found = [self.expr(node) for node in nodes]
        lanes = max(expr.type.lanes for expr in found)
        return tuple(broadcast(expr, lanes) for expr in found)

    def call(self, name: str, args: list[ast.expr]) -> Expr:
        if name == "ramp":
            base, stride, lanes = map(self.expr, args)
            return Ramp(base, stride, int(str(lanes.value)) if isinstance(lanes, Const) else 0)
        if name.startswith("x") and name[1:].isdigit():
            return broadcast(self.expr(args[0]), int(name[1:]))
        operands = self.alike(*args)
        if name in ("total", "any"):
            return VectorReduce(BinaryOp.ADD if name == "total" else BinaryOp.OR, *operands)
        if name in ("select", "fma"):
            return Select(*operands) if name == "select" else Fma(*operands)
        return Binary(BinaryOp(name), *operands) if len(operands) == 2 else Unary(UnaryOp(name), *operands)
