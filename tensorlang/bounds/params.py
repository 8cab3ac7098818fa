"""Scalar arguments in index reasoning: variables bound outside everything, with the limits they were given."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tensorlang.bounds.surroundings import Box
from tensorlang.ir.algorithm import Algorithm, FuncDef, InputDef
from tensorlang.ir.expr import Binary, BinaryOp, Call, Const, Expr, Load, Variable, index
from tensorlang.ir.stmt import LetStmt, Stmt
from tensorlang.ir.visitor import free_variables, rewrite, walk_exprs
from tensorlang.symbolic.facts import Facts, Limits, type_limits
from tensorlang.symbolic.intervals import Interval

#: What the names of their variables end in; no user's name has a dot.
PARAM = ".param"


def param_variable(name: str) -> str:
    """The variable that stands for a scalar argument in loop nests."""
    return name + PARAM


def params_as_variables(algorithm: Algorithm) -> Algorithm:
    """`algorithm` with each read of a scalar argument replaced by its variable."""
    names = {item.name for item in algorithm.inputs if item.scalar is not None}
    if not names:
        return algorithm

    def change(expr: Expr) -> Expr:
        return as_variables(expr, names)

    def in_func(func: FuncDef) -> FuncDef:
        pure, *updates = (d.map_exprs(change) for d in func.definitions)
        return replace(func, pure=pure, updates=tuple(updates))

    return replace(algorithm, funcs=tuple(map(in_func, algorithm.funcs)))


def as_variables(expr: Expr, names: Collection[str]) -> Expr:
    """`expr` with each read of one of the scalar arguments `names` replaced by its variable."""

    def change(node: Expr) -> Expr:
        if isinstance(node, Call) and node.name in names:
            return Variable(param_variable(node.name), node.type)
        return node

    return rewrite(expr, change)


def param_facts(algorithm: Algorithm) -> Facts:
    """What is known of the variables of the scalar arguments."""
    return Facts({param_variable(item.name): _limits(item) for item in algorithm.inputs if item.scalar is not None})


def params_in(*exprs: Expr) -> tuple[str, ...]:
    """Names of the scalar arguments whose variables stand in `exprs`."""
    names = sorted(name for expr in exprs for name in free_variables(expr) if name.endswith(PARAM))
    return tuple(dict.fromkeys(name.removesuffix(PARAM) for name in names))


def for_all_params(box: Box, algorithm: Algorithm) -> Box:
    """`box` for whatever the scalar arguments are that are not constant: an end that has no limit then is None."""
    facts = param_facts(algorithm)
    varying = {param_variable(item.name) for item in algorithm.inputs if item.scalar is not None and not item.constant}

    def end(expr: Expr | None, *, low: bool) -> Expr | None:
        if expr is None or free_variables(expr).isdisjoint(varying):
            return expr
        limits = facts.of(expr)
        limit = limits.lo if low else limits.hi
        return None if limit is None else index(limit)

    return tuple(Interval(end(side.lo, low=True), end(side.hi, low=False)) for side in box)


def _limits(item: InputDef) -> Limits:
    assert item.scalar is not None, "callers ask for scalar arguments only"
    if not item.type.is_integer:
        return type_limits(item.type)
    low, high = (None if end is None else int(end) for end in (item.scalar.min, item.scalar.max))
    return type_limits(item.type).intersect(Limits(low, high))


def load_params(stmt: Stmt, algorithm: Algorithm) -> Stmt:
    """`stmt`, flat, inside bindings of the scalar arguments that it uses.

    An integer is cut to its limits: so passes know them, and a caller who goes around the checks reads nothing outside.
    """
    used = {node.name for node in walk_exprs(stmt) if isinstance(node, Variable)}
    for item in reversed(algorithm.inputs):
        if item.scalar is None or param_variable(item.name) not in used:
            continue
        value: Expr = Load(item.name, index(0), None, item.type)
        if item.type.is_integer:
            for op, end in ((BinaryOp.MIN, item.scalar.max), (BinaryOp.MAX, item.scalar.min)):
                value = value if end is None else Binary(op, value, Const(int(end), item.type))
        stmt = LetStmt(param_variable(item.name), value, stmt)
    return stmt
