"""Symbolic intervals: bounds of an index expression over some loops, in terms of the loops outside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tensorlang.dtypes import int64
from tensorlang.ir.expr import Binary, BinaryOp, Call, Cast, Const, Expr, Load, Select, Variable, index
from tensorlang.ir.visitor import free_variables, substitute, walk
from tensorlang.symbolic.facts import NOTHING_KNOWN, Facts, Limits, type_limits
from tensorlang.symbolic.linear import Linear, is_index, linearize, to_expr
from tensorlang.symbolic.simplify import simplify


@dataclass(frozen=True, slots=True)
class Interval:
    """Inclusive symbolic bounds of an int64 value; None is unbounded."""

    lo: Expr | None
    hi: Expr | None

    def union(self, other: Interval, facts: Facts = NOTHING_KNOWN) -> Interval:
        """The smallest interval that holds both."""
        return Interval(
            _extreme(BinaryOp.MIN, self.lo, other.lo, facts), _extreme(BinaryOp.MAX, self.hi, other.hi, facts)
        )

    def clip(self, lo: Expr | None, hi: Expr | None, facts: Facts = NOTHING_KNOWN) -> Interval:
        """What of it lies in ``[lo, hi]``."""
        return Interval(
            lo if self.lo is None else self.lo if lo is None else _extreme(BinaryOp.MAX, self.lo, lo, facts),
            hi if self.hi is None else self.hi if hi is None else _extreme(BinaryOp.MIN, self.hi, hi, facts),
        )


UNBOUNDED = Interval(None, None)


def _extreme(op: BinaryOp, a: Expr | None, b: Expr | None, facts: Facts) -> Expr | None:
    return None if a is None or b is None else simplify(Binary(op, a, b), facts)


def point(expr: Expr) -> Interval:
    """The interval of one value."""
    return Interval(expr, expr)


def infer_interval(expr: Expr, scope: Mapping[str, Interval], facts: Facts) -> Interval:
    """Bounds of scalar integer `expr` when each variable of `scope` takes any value of its interval.

    Variables outside `scope` stay symbolic; `facts` bound them for simplification. Exact for expressions that are
    affine in the scope's variables with each variable in one term; otherwise an enclosing interval.
    """
    if free_variables(expr).isdisjoint(scope) and not reads_memory(expr):
        return point(simplify(expr if is_index(expr) else Cast(int64, expr), facts))
    if not is_index(expr):
        return _of_narrow(expr, scope, facts)
    form = linearize(expr)
    if len(form.terms) == 1 and form.terms[0] == (expr, 1):
        return _of_atom(expr, scope, facts)
    lo: Linear | None = Linear((), form.constant)
    hi: Linear | None = Linear((), form.constant)
    for term, c in form.terms:
        part = infer_interval(term, scope, facts)
        low, high = (part.lo, part.hi) if c > 0 else (part.hi, part.lo)
        lo = None if lo is None or low is None else lo.plus(linearize(low), c)
        hi = None if hi is None or high is None else hi.plus(linearize(high), c)
    return Interval(
        None if lo is None else simplify(to_expr(lo), facts), None if hi is None else simplify(to_expr(hi), facts)
    )


def reads_memory(expr: Expr) -> bool:
    """Whether `expr` depends on values of Funcs, Inputs or buffers."""
    return any(isinstance(node, Call | Load) for node in walk(expr))


def operands(expr: Expr, op: BinaryOp) -> Iterator[Expr]:
    """The expressions that `expr` is the min or the max of."""
    if isinstance(expr, Binary) and expr.op is op:
        yield from operands(expr.a, op)
        yield from operands(expr.b, op)
    else:
        yield expr


def _of_narrow(expr: Expr, scope: Mapping[str, Interval], facts: Facts) -> Interval:
    """Bounds of an integer of another type than int64: from its operands where it cannot wrap, else from its type."""
    match expr:
        case Binary(BinaryOp.MIN | BinaryOp.MAX as op, a, b) if expr.type.is_integer:
            return _of_extreme(op, infer_interval(a, scope, facts), infer_interval(b, scope, facts), facts)
        case Select(_, a, b) if expr.type.is_integer:
            return infer_interval(a, scope, facts).union(infer_interval(b, scope, facts), facts)
    return from_limits(type_limits(expr.type))


def from_limits(limits: Limits) -> Interval:
    """The interval between constant limits."""
    return Interval(None if limits.lo is None else index(limits.lo), None if limits.hi is None else index(limits.hi))


def _of_atom(expr: Expr, scope: Mapping[str, Interval], facts: Facts) -> Interval:
    match expr:
        case Variable(name, _):
            return scope.get(name, point(expr))
        case Binary(BinaryOp.MIN | BinaryOp.MAX as op, a, b):
            return _of_extreme(op, infer_interval(a, scope, facts), infer_interval(b, scope, facts), facts)
        case Binary(BinaryOp.FLOOR_DIV, a, Const(value, _)) if int(value) > 0:
            part = infer_interval(a, scope, facts)
            return Interval(_quotient(part.lo, int(value), facts), _quotient(part.hi, int(value), facts))
        case Binary(BinaryOp.MOD, a, Const(value, _)) if int(value) > 0:
            return _of_remainder(infer_interval(a, scope, facts), int(value), facts)
        case Binary(BinaryOp.FLOOR_DIV | BinaryOp.MOD, _, _):
            return _of_division(expr, scope, facts)
        case Select(condition, a, b):
            condition = substitute(
                condition, {name: side.lo for name, side in scope.items() if side.lo is not None and side.lo == side.hi}
            )
            x, y = infer_interval(a, scope, facts), infer_interval(b, scope, facts)
            if not free_variables(condition).isdisjoint(scope) or reads_memory(condition):
                return x.union(y, facts)
            # Whoever knows the scope's surroundings knows which side it is.
            return Interval(_chosen(condition, x.lo, y.lo, facts), _chosen(condition, x.hi, y.hi, facts))
        case Cast(_, value) if value.type.is_integer or value.type.is_bool:
            return infer_interval(value, scope, facts)
    return from_limits(facts.of(expr))


def _chosen(condition: Expr, a: Expr | None, b: Expr | None, facts: Facts) -> Expr | None:
    if a is None or b is None or a == b:
        return None if a is None or b is None else a
    return simplify(Select(condition, a, b), facts)


def _of_division(expr: Binary, scope: Mapping[str, Interval], facts: Facts) -> Interval:
    """Constant bounds of a division by what is not a constant (the extent of a tile that is cut off, say)."""
    inner = facts
    for name in free_variables(expr) & scope.keys():
        side = scope[name]
        lo, hi = (None if end is None else facts.of(end) for end in (side.lo, side.hi))
        inner = inner.with_limits(name, Limits(None if lo is None else lo.lo, None if hi is None else hi.hi))
    return from_limits(inner.of(expr))


def _of_extreme(op: BinaryOp, a: Interval, b: Interval, facts: Facts) -> Interval:
    # min(a, b) is bounded above by either operand's bound, below only by both.
    def both(x: Expr | None, y: Expr | None) -> Expr | None:
        return _extreme(op, x, y, facts)

    def either(x: Expr | None, y: Expr | None) -> Expr | None:
        return both(x, y) if x is not None and y is not None else x if x is not None else y

    if op is BinaryOp.MIN:
        return Interval(both(a.lo, b.lo), either(a.hi, b.hi))
    return Interval(either(a.lo, b.lo), both(a.hi, b.hi))


def _quotient(value: Expr | None, divisor: int, facts: Facts) -> Expr | None:
    return None if value is None else simplify(Binary(BinaryOp.FLOOR_DIV, value, index(divisor)), facts)


def _of_remainder(part: Interval, divisor: int, facts: Facts) -> Interval:
    first, last = _quotient(part.lo, divisor, facts), _quotient(part.hi, divisor, facts)
    if first is not None and first == last and part.lo is not None and part.hi is not None:
        modulus = index(divisor)
        return Interval(
            simplify(Binary(BinaryOp.MOD, part.lo, modulus), facts),
            simplify(Binary(BinaryOp.MOD, part.hi, modulus), facts),
        )
    return Interval(index(0), index(divisor - 1))
