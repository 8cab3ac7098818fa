"""Constant bounds of int64 expressions from what is known of their variables, and proofs from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tensorlang.dtypes import DType
from tensorlang.ir.expr import Binary, BinaryOp, Cast, Compare, Const, Expr, Select, Variable
from tensorlang.symbolic.linear import Linear, linearize

# Min and max atoms are replaced by either operand this many times before a proof gives up.
_EXPANSIONS = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """Inclusive constant bounds; None is unbounded."""

    lo: int | None = None
    hi: int | None = None

    def union(self, other: Limits) -> Limits:
        """The smallest Limits that hold both."""
        lo = None if self.lo is None or other.lo is None else min(self.lo, other.lo)
        hi = None if self.hi is None or other.hi is None else max(self.hi, other.hi)
        return Limits(lo, hi)

    def intersect(self, other: Limits) -> Limits:
        """What satisfies both."""
        lo = max((x for x in (self.lo, other.lo) if x is not None), default=None)
        hi = min((x for x in (self.hi, other.hi) if x is not None), default=None)
        return Limits(lo, hi)

    def plus(self, other: Limits, scale: int = 1) -> Limits:
        """Bounds of ``a + scale * b``."""
        low, high = (other.lo, other.hi) if scale >= 0 else (other.hi, other.lo)
        lo = None if self.lo is None or low is None else self.lo + scale * low
        hi = None if self.hi is None or high is None else self.hi + scale * high
        return Limits(lo, hi)


UNBOUNDED = Limits()


def type_limits(kind: DType) -> Limits:
    """Values of an element type narrow enough to bound an index; wider types are unbounded."""
    if kind.is_bool or (kind.is_integer and kind.bits <= 16):
        return Limits(int(kind.minimum), int(kind.maximum))
    return UNBOUNDED


@dataclass(frozen=True)
class Facts:
    """What is known of each variable: inclusive constant limits."""

    limits: Mapping[str, Limits] = field(default_factory=dict)

    def with_limits(self, name: str, limits: Limits) -> Facts:
        """These facts and one more."""
        return Facts({**self.limits, name: limits})

    def with_loop(self, name: str, extent: Expr) -> Facts:
        """These facts and ``0 <= name < extent``."""
        hi = self.of(extent).hi
        return self.with_limits(name, Limits(0, None if hi is None else max(hi - 1, 0)))

    def with_let(self, name: str, value: Expr) -> Facts:
        """These facts and ``name == value``, so far as limits tell it."""
        if not value.type.is_integer or value.type.lanes > 1:
            return self
        return self.with_limits(name, self.of(value))

    def of(self, expr: Expr) -> Limits:
        """Limits of a scalar integer or bool expression."""
        if expr.type.is_integer and expr.type.bits == 64 and expr.type.lanes == 1:
            return self.of_linear(linearize(expr))
        return self._of_atom(expr)

    def of_linear(self, form: Linear, expansions: int = _EXPANSIONS) -> Limits:
        """Limits of a linear form; correlated min and max atoms are taken apart a few times."""
        total = Limits(form.constant, form.constant)
        for atom, coefficient in form.terms:
            total = total.plus(self._of_atom(atom), coefficient)
        sides = _expand_extreme(form) if expansions else None
        if sides is None:
            return total
        a, b = (self.of_linear(side, expansions - 1) for side in sides.forms)
        # The form is one of the two; and it is at most (or at least) each of them.
        total = total.intersect(a.union(b))
        for side in (a, b):
            total = total.intersect(Limits(side.lo, None) if sides.bound_below else Limits(None, side.hi))
        return total

    def _of_atom(self, expr: Expr) -> Limits:
        match expr:
            case Const(value, kind) if not kind.is_float:
                return Limits(int(value), int(value))
            case Variable(name, _):
                return self.limits.get(name, UNBOUNDED)
            case Cast(kind, value) if kind.is_integer and not value.type.is_float:
                return self._of_cast(kind, value)
            case Select(_, a, b):
                return self.of(a).union(self.of(b))
            case Compare():
                return Limits(0, 1)
            case Binary():
                return self._of_binary(expr).intersect(type_limits(expr.type))
        return type_limits(expr.type)

    def _of_cast(self, kind: DType, value: Expr) -> Limits:
        inner = self.of(value)
        fits = inner.lo is not None and inner.lo >= kind.minimum and inner.hi is not None and inner.hi <= kind.maximum
        widens = value.type.is_integer and value.type.minimum >= kind.minimum and value.type.maximum <= kind.maximum
        return inner if fits or widens else type_limits(kind)

    def _of_binary(self, expr: Binary) -> Limits:
        a, b = self.of(expr.a), self.of(expr.b)
        match expr.op:
            case BinaryOp.MIN:
                lo = None if a.lo is None or b.lo is None else min(a.lo, b.lo)
                return Limits(lo, a.intersect(Limits(None, b.hi)).hi)
            case BinaryOp.MAX:
                hi = None if a.hi is None or b.hi is None else max(a.hi, b.hi)
                return Limits(a.intersect(Limits(b.lo, None)).lo, hi)
            case BinaryOp.FLOOR_DIV if b.lo is not None and b.lo > 0:
                return _quotient(a, b.lo, b.hi)
            case BinaryOp.MOD if b.hi is not None and b.lo is not None and b.lo > 0:
                if a.lo is not None and a.hi is not None and b.lo == b.hi and a.lo // b.lo == a.hi // b.lo:
                    return Limits(a.lo % b.lo, a.hi % b.lo)
                return Limits(0, b.hi - 1)
            case BinaryOp.MUL if None not in (a.lo, a.hi, b.lo, b.hi):
                products = [x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)]  # type: ignore[operator]
                return Limits(min(products), max(products))
        return UNBOUNDED

    def proves_at_least(self, expr: Linear, bound: int) -> bool:
        """True if ``expr >= bound`` for all values of the variables."""
        lo = self.of_linear(expr).lo
        return lo is not None and lo >= bound


NOTHING_KNOWN = Facts()


def _quotient(a: Limits, smallest: int, largest: int | None) -> Limits:
    """Limits of ``a // b`` for a divisor between two positive numbers: extremes lie where `b` is extreme."""

    def at(value: int | None, toward_zero: bool) -> int | None:
        if value is None:
            return None
        divisor = largest if toward_zero else smallest
        return (0 if value >= 0 else -1) if divisor is None else value // divisor

    return Limits(at(a.lo, a.lo is not None and a.lo >= 0), at(a.hi, a.hi is not None and a.hi < 0))


@dataclass(frozen=True, slots=True)
class _Sides:
    """A form with its first min or max replaced by either operand; `bound_below` if both are at most the form."""

    forms: tuple[Linear, Linear]
    bound_below: bool


def _expand_extreme(form: Linear) -> _Sides | None:
    for atom, c in form.terms:
        if isinstance(atom, Binary) and atom.op in (BinaryOp.MIN, BinaryOp.MAX):
            rest = form.plus(Linear(((atom, 1),), 0), -c)
            sides = (rest.plus(linearize(atom.a), c), rest.plus(linearize(atom.b), c))
            # c * min(a, b) <= c * a for c > 0; the other way round for max, and for c < 0.
            return _Sides(sides, bound_below=(atom.op is BinaryOp.MAX) == (c > 0))
    return None
