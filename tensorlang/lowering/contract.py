"""Contract ``a * b + c`` to one fused multiply-add.

In: definitions of an Algorithm. Out: the same, with `Fma` where a float product is added or subtracted.
Order: before inlining, so that whether a product is contracted depends on the definition alone, never on the schedule.
Refuses: nothing. Source: IEEE 754-2019, 5.4.1 (fusedMultiplyAdd rounds once).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

from tensorlang.ir.algorithm import Algorithm, Definition, FuncDef
from tensorlang.ir.expr import Binary, BinaryOp, Call, Expr, Fma, Unary, UnaryOp
from tensorlang.ir.visitor import map_children


def contract_multiply_add(algorithm: Algorithm) -> Algorithm:
    """The algorithm with every float multiply-add contracted."""
    return replace(algorithm, funcs=tuple(_contract_func(f) for f in algorithm.funcs))


def _contract_func(func: FuncDef) -> FuncDef:
    return replace(func, pure=_contract(func.pure), updates=tuple(_contract(u) for u in func.updates))


def _contract(definition: Definition) -> Definition:
    # Not the predicate: one rounding less could decide a comparison the other way.
    return replace(definition, values=tuple(map(_contract_value, definition.values)))


def _contract_value(expr: Expr) -> Expr:
    # Not what is read at: one rounding less could make it another place than the one that is written.
    return expr if isinstance(expr, Call) else _fuse(map_children(expr, _contract_value))


def _fuse(expr: Expr) -> Expr:
    if not isinstance(expr, Binary) or not expr.type.is_float:
        return expr
    a, b = expr.a, expr.b
    if expr.op is BinaryOp.ADD:
        if _is_product(a):
            return Fma(a.a, a.b, b)
        if _is_product(b):
            return Fma(b.a, b.b, a)
    if expr.op is BinaryOp.SUB:
        if _is_product(a):
            return Fma(a.a, a.b, Unary(UnaryOp.NEG, b))
        if _is_product(b):
            return Fma(Unary(UnaryOp.NEG, b.a), b.b, a)
    return expr


def _is_product(expr: Expr) -> TypeGuard[Binary]:
    return isinstance(expr, Binary) and expr.op is BinaryOp.MUL
