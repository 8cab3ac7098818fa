"""The associative operators: their identities, and how a term is combined with what has been accumulated so far.

Each of them is commutative too. Floating-point ``+`` and ``*`` count as associative, as they do in every compiler of
this kind: another order rounds differently.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tensorlang.dtypes import DType
from tensorlang.ir.expr import Binary, BinaryOp, Const, Expr, Fma, Select

_Number = int | float | bool

IDENTITIES: Mapping[BinaryOp, Callable[[DType], _Number]] = MappingProxyType(
    {
        # x + 0.0 is 0.0 for x = -0.0; x + -0.0 is x for every x.
        BinaryOp.ADD: lambda kind: -0.0 if kind.is_float else 0,
        BinaryOp.MUL: lambda kind: 1.0 if kind.is_float else 1,
        BinaryOp.MIN: lambda kind: kind.maximum,
        BinaryOp.MAX: lambda kind: kind.minimum,
        BinaryOp.AND: lambda kind: True,
        BinaryOp.OR: lambda kind: False,
        BinaryOp.BIT_AND: lambda kind: -1 if kind.minimum < 0 else kind.maximum,
        BinaryOp.BIT_OR: lambda kind: 0,
        BinaryOp.BIT_XOR: lambda kind: 0,
    }
)
"""The identity e of each associative operator in an element type: ``e op x == x op e == x``, also for NaN and -0.0."""


def identity(op: BinaryOp, kind: DType) -> Const:
    """The identity of an associative operator, in every lane of `kind`."""
    value = IDENTITIES[op](kind.element)
    return Const(bool(value) if kind.is_bool else value, kind)


def rounded_product(a: Expr, b: Expr) -> Fma:
    """The product of two floats as a term that `combine` contracts with the sum it is added to."""
    return Fma(a, b, identity(BinaryOp.ADD, a.type))


def combine(op: BinaryOp, total: Expr, term: Expr) -> Expr:
    """``total op term``; a contractible product is contracted, and lanes that a select turns off keep the total."""
    match term:
        case Fma(a, b, c) if op is BinaryOp.ADD and c == identity(op, c.type):
            return Fma(a, b, total)
        case Select(condition, value, neutral) if neutral == identity(op, neutral.type):
            return Select(condition, combine(op, total, value), total)
    return Binary(op, total, term)
