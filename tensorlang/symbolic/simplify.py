"""Canonical form of expressions: index arithmetic through linear forms, conditions and selects folded by proof.

Float arithmetic is left as it is: rewriting it could change results.
"""

from __future__ import annotations

from math import gcd

from tensorlang.dtypes import DType, bool_, int64
from tensorlang.ir.expr import (
    Binary,
    BinaryOp,
    Broadcast,
    Cast,
    Compare,
    CompareOp,
    Const,
    Expr,
    Load,
    Select,
    Unary,
    UnaryOp,
    Variable,
    broadcast,
    index,
)
from tensorlang.ir.visitor import map_children
from tensorlang.symbolic.facts import NOTHING_KNOWN, Facts
from tensorlang.symbolic.linear import Linear, atom, constant, is_index, linearize, linearize_with, to_expr

TRUE, FALSE = Const(True, bool_), Const(False, bool_)


def simplify(expr: Expr, facts: Facts = NOTHING_KNOWN) -> Expr:
    """An expression equal to `expr` wherever `facts` hold, in canonical form."""
    if is_index(expr):
        return to_expr(_linear(expr, facts))
    return _fold(map_children(expr, lambda child: simplify(child, facts)), facts)


def difference(a: Expr, b: Expr, facts: Facts = NOTHING_KNOWN) -> Linear:
    """The linear form of ``a - b``, simplified."""
    return _linear(a, facts).plus(_linear(b, facts), -1)


def _linear(expr: Expr, facts: Facts) -> Linear:
    """The simplified linear form of a scalar int64 expression."""
    return linearize_with(expr, lambda e: _take_apart(e, facts))


def _take_apart(expr: Expr, facts: Facts) -> Linear:
    """The simplified linear form of an expression that is not a sum or a product."""
    match expr:
        case Variable():
            return atom(expr)
        case Binary(BinaryOp.FLOOR_DIV | BinaryOp.MOD as op, a, b):
            x, y = _linear(a, facts), _linear(b, facts)
            if y.is_constant and y.constant > 0:
                return _divide(x, y.constant, facts, remainder=op is BinaryOp.MOD)
            return atom(Binary(op, to_expr(x), to_expr(y)))
        case Binary(BinaryOp.MIN | BinaryOp.MAX as op, a, b):
            return _extreme(op, _linear(a, facts), _linear(b, facts), facts)
    folded = _fold(map_children(expr, lambda child: simplify(child, facts)), facts)
    return linearize(folded)


def _divide(form: Linear, divisor: int, facts: Facts, *, remainder: bool) -> Linear:
    """``form // divisor`` or ``form % divisor``: ``form == divisor * quotient + rest`` with the rest kept small."""
    whole = _only_quotient(form, divisor, facts)
    if whole is not None:
        return form.plus(constant(whole), -divisor) if remainder else constant(whole)
    quotient = Linear(tuple((a, c // divisor) for a, c in form.terms if c // divisor), form.constant // divisor)
    rest = form.plus(quotient, -divisor)
    whole = _only_quotient(rest, divisor, facts)
    if whole is not None:
        return rest.plus(constant(whole), -divisor) if remainder else quotient.plus(constant(whole))
    if remainder:
        return atom(Binary(BinaryOp.MOD, to_expr(rest), index(divisor)))
    common = gcd(divisor, *(c for _, c in rest.terms))
    shrunk = Linear(tuple((a, c // common) for a, c in rest.terms), rest.constant // common)
    return quotient.plus(atom(Binary(BinaryOp.FLOOR_DIV, to_expr(shrunk), index(divisor // common))))


def _only_quotient(form: Linear, divisor: int, facts: Facts) -> int | None:
    """``form // divisor`` if it is the same for all values of the variables."""
    limits = facts.of_linear(form)
    if limits.lo is None or limits.hi is None or limits.lo // divisor != limits.hi // divisor:
        return None
    return limits.lo // divisor


def _extreme(op: BinaryOp, x: Linear, y: Linear, facts: Facts) -> Linear:
    gap = x.plus(y, -1)
    limits = facts.of_linear(gap)
    if limits.lo is not None and limits.lo >= 0:
        return x if op is BinaryOp.MAX else y
    if limits.hi is not None and limits.hi <= 0:
        return y if op is BinaryOp.MAX else x
    return _nested_extreme(op, x, y) or atom(Binary(op, to_expr(x), to_expr(y)))


def _nested_extreme(op: BinaryOp, x: Linear, y: Linear) -> Linear | None:
    """``max(max(a, b) + c, d)`` as ``max(a + c, max(b + c, d))`` where all but `a` are numbers, and so for min."""
    for nest, bound in ((x, y), (y, x)):
        if not bound.is_constant or len(nest.terms) != 1:
            continue
        match nest.terms[0]:
            case (Binary(inner, a, Const(value, _)) | Binary(inner, Const(value, _), a), 1) if inner is op:
                ends = (int(value) + nest.constant, bound.constant)
                end = max(ends) if op is BinaryOp.MAX else min(ends)
                return atom(Binary(op, to_expr(linearize(a).plus(constant(nest.constant))), index(end)))
    return None


def _fold(expr: Expr, facts: Facts) -> Expr:
    """One level of folding for a node whose operands are simplified already."""
    match expr:
        case Compare(op, a, b) if is_index(a):
            return _fold_compare(op, difference(a, b, facts), facts) or expr
        case Binary(BinaryOp.AND | BinaryOp.OR as op, a, b):
            return _fold_logic(op, a, b) or expr
        case Unary(UnaryOp.NOT, Const(value, kind)):
            return Const(not value, kind)
        case Select(Const(value, _), a, b):
            return a if value else b
        case Cast(kind, value) if kind == value.type:
            return value
        case Cast(kind, Const(value, source)) if kind.is_integer and not source.is_float:
            wrapped = (int(value) - int(kind.minimum)) % (1 << kind.bits) + int(kind.minimum)
            return Const(wrapped, kind)
        case Broadcast(Const() as value, lanes):
            return broadcast(value, lanes)
        case Load(buffer, at, Const(value, _), kind):
            return Load(buffer, at, None, kind) if value else _zero(kind)
    return expr


def _zero(kind: DType) -> Const:
    return Const(False if kind.is_bool else 0.0 if kind.is_float else 0, kind)


def _fold_compare(op: CompareOp, gap: Linear, facts: Facts) -> Const | None:
    """Decide ``gap op 0`` from the limits of the gap, or None."""
    limits = facts.of_linear(gap)
    lo = float("-inf") if limits.lo is None else limits.lo
    hi = float("inf") if limits.hi is None else limits.hi
    verdicts = {
        CompareOp.LT: (hi < 0, lo >= 0),
        CompareOp.LE: (hi <= 0, lo > 0),
        CompareOp.GT: (lo > 0, hi <= 0),
        CompareOp.GE: (lo >= 0, hi < 0),
        CompareOp.EQ: (lo == hi == 0, lo > 0 or hi < 0),
        CompareOp.NE: (lo > 0 or hi < 0, lo == hi == 0),
    }
    true, false = verdicts[op]
    return TRUE if true else FALSE if false else None


def _fold_logic(op: BinaryOp, a: Expr, b: Expr) -> Expr | None:
    """``and`` and ``or`` with a constant or repeated operand, or None."""
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Const):
            absorbing = one.value == (op is BinaryOp.OR)
            return one if absorbing else other
    return a if a == b else None


def as_int(expr: Expr) -> int | None:
    """The value of a constant int64 expression, or None."""
    return int(expr.value) if isinstance(expr, Const) and expr.type == int64 else None
