"""Canonical form of expressions: index arithmetic through linear forms, conditions and selects folded by proof.

Float arithmetic is left as it is: rewriting it could change results.
"""

from __future__ import annotations

from functools import reduce
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

# Operands of a nested min or max are compared with those of another if there are at most this many pairs.
_MOST_PAIRS = 9
# Divisions one after the other become one by at most this, so that nothing leaves 64 bits.
_LARGEST_DIVISOR = 1 << 31

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
    return _rejoin(linearize_with(expr, lambda e: _take_apart(e, facts)))


def _rejoin(form: Linear) -> Linear:
    """`form` with ``d * (a // d) + a % d`` written as ``a``."""
    for term, c in form.terms:
        match term:
            case Binary(BinaryOp.MOD, numerator, Const(value, _) as divisor) if int(value):
                quotient = Binary(BinaryOp.FLOOR_DIV, numerator, divisor)
                if form.coefficient(quotient) == c * int(value):
                    rest = form.plus(atom(term), -c).plus(atom(quotient), -c * int(value))
                    return _rejoin(rest.plus(linearize(numerator), c))
    return form


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
    match form.terms:
        case ((Binary(BinaryOp.FLOOR_DIV, numerator, Const(first, _)), 1),) if not remainder and int(first) > 0:
            both = divisor * int(first)
            if both <= _LARGEST_DIVISOR:
                undivided = linearize(numerator).plus(constant(form.constant * int(first)))
                return _divide(undivided, both, facts, remainder=False)
    whole = _only_quotient(form, divisor, facts)
    if whole is not None:
        return form.plus(constant(whole), -divisor) if remainder else constant(whole)
    quotient = Linear(tuple((a, c // divisor) for a, c in form.terms if c // divisor), form.constant // divisor)
    rest = form.plus(quotient, -divisor)
    whole = _only_quotient(rest, divisor, facts)
    if whole is not None:
        return rest.plus(constant(whole), -divisor) if remainder else quotient.plus(constant(whole))
    # What all terms have in common with the divisor stands outside: (2*a + 1) % 4 == 2*(a % 2) + 1.
    common = gcd(divisor, *(c for _, c in rest.terms))
    shrunk = to_expr(Linear(tuple((a, c // common) for a, c in rest.terms), rest.constant // common))
    if remainder:
        left = atom(Binary(BinaryOp.MOD, shrunk, index(divisor // common)))
        return constant(rest.constant % common).plus(left, common)
    return quotient.plus(atom(Binary(BinaryOp.FLOOR_DIV, shrunk, index(divisor // common))))


def _only_quotient(form: Linear, divisor: int, facts: Facts) -> int | None:
    """``form // divisor`` if it is the same for all values of the variables."""
    limits = facts.of_linear(form)
    if limits.lo is None or limits.hi is None or limits.lo // divisor != limits.hi // divisor:
        return None
    return limits.lo // divisor


def _extreme(op: BinaryOp, x: Linear, y: Linear, facts: Facts) -> Linear:
    """The min or max of two forms, without those operands of either that one of the other stands for."""
    if _is_first(op, x, y, facts):
        return x
    if _is_first(op, y, x, facts):
        return y
    left, right = _operands(op, x), _operands(op, y)
    if 2 < len(left) + len(right) and len(left) * len(right) <= _MOST_PAIRS:
        kept = [a for a in left if not any(_is_first(op, b, a, facts) for b in right)]
        others = [b for b in right if not any(_is_first(op, a, b, facts) for a in kept)]
        if len(kept) + len(others) < len(left) + len(right):
            return reduce(lambda a, b: atom(Binary(op, to_expr(a), to_expr(b))), [*kept, *others])
    return atom(Binary(op, to_expr(x), to_expr(y)))


def _is_first(op: BinaryOp, x: Linear, y: Linear, facts: Facts) -> bool:
    """True if ``op(x, y)`` is known to be `x`."""
    return facts.proves_at_least(x.plus(y, -1) if op is BinaryOp.MAX else y.plus(x, -1), 0)


def _operands(op: BinaryOp, form: Linear) -> list[Linear]:
    """The forms that `form` is the min or the max of: ``max(a, b) + c`` is the larger of ``a + c`` and ``b + c``."""
    match form.terms:
        case ((Binary(inner, a, b), 1),) if inner is op:
            return [x.plus(constant(form.constant)) for side in (a, b) for x in _operands(op, linearize(side))]
    return [form]


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
