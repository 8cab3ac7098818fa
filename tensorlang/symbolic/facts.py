"""Constant bounds of int64 expressions from what is known of their variables, and proofs from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import gcd

from tensorlang.dtypes import DType
from tensorlang.ir.expr import Binary, BinaryOp, Cast, Compare, CompareOp, Const, Expr, Select, Variable, index
from tensorlang.ir.visitor import children, conjuncts
from tensorlang.symbolic.linear import Linear, linearize, to_expr

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
    # Limits found before, by identity of the expression, which is kept so that its identity stays its own.
    _found: dict[tuple[int, int], tuple[Expr, Limits]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    _lows: dict[tuple[Linear, int], int | None] = field(default_factory=dict, init=False, compare=False, repr=False)

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

    def assuming(self, condition: Expr) -> Facts:
        """These facts where `condition` holds, so far as it compares integer variables with numbers."""
        facts = self
        for part in conjuncts(condition):
            if isinstance(part, Compare) and not part.a.type.is_float:
                for op, a, b in ((part.op, part.a, part.b), (part.op.mirrored, part.b, part.a)):
                    facts = facts._with_side(op, a, facts.of(b))
        return facts

    def _with_side(self, op: CompareOp, side: Expr, other: Limits) -> Facts:
        while isinstance(side, Cast) and side.value.type.is_integer and _widens(side.value.type, side.type):
            side = side.value
        if not isinstance(side, Variable) or not side.type.is_integer:
            return self
        lo = hi = None
        if op in (CompareOp.GE, CompareOp.GT, CompareOp.EQ) and other.lo is not None:
            lo = other.lo + (op is CompareOp.GT)
        if op in (CompareOp.LE, CompareOp.LT, CompareOp.EQ) and other.hi is not None:
            hi = other.hi - (op is CompareOp.LT)
        return self.with_limits(side.name, self.of(side).intersect(Limits(lo, hi)))

    def of(self, expr: Expr, expansions: int = _EXPANSIONS) -> Limits:
        """Limits of a scalar integer or bool expression."""
        if expr.type.is_integer and expr.type.bits == 64 and expr.type.lanes == 1:
            return self.of_linear(linearize(expr), expansions)
        return self._of_atom(expr, expansions)

    def of_linear(self, form: Linear, expansions: int = _EXPANSIONS) -> Limits:
        """Limits of a linear form; correlated min, max, select and quotient atoms are taken apart a few times."""
        if not any(isinstance(atom, Binary | Select) for atom, _ in form.terms):
            return self._plain(form, expansions)
        lowest, highest = self._lowest(form, expansions), self._lowest(form.times(-1), expansions)
        return Limits(lowest, None if highest is None else -highest)

    def _plain(self, form: Linear, expansions: int) -> Limits:
        """Limits of a form each atom of which is on its own."""
        total = Limits(form.constant, form.constant)
        for atom, coefficient in form.terms:
            total = total.plus(self._of_atom(atom, max(expansions - 1, 0)), coefficient)
        return total

    def _lowest(self, form: Linear, expansions: int) -> int | None:
        """A lower bound of a form."""
        key = form, expansions
        if key not in self._lows:
            self._lows[key] = self._infer_lowest(form, expansions)
        return self._lows[key]

    def _infer_lowest(self, form: Linear, expansions: int) -> int | None:
        bounds = [self._plain(form, expansions).lo]
        pair = _opposite_quotients(form)
        if pair is not None:
            gap, rest = self._lowest(pair.gap, expansions), self._lowest(pair.rest, expansions)
            bounds.append(None if gap is None or rest is None else rest + pair.scale * (gap // pair.divisor))
        whole = _without_quotient(form) if expansions else None
        if whole is not None:
            low = self._lowest(whole.form, expansions - 1)
            bounds.append(None if low is None else -(-low // whole.scale))
        sides = _take_apart(form) if expansions else None
        if sides is not None:
            ends = [self._lowest(side, expansions - 1) for side in sides.forms]
            known = [end for end in ends if end is not None]
            if sides.is_either and len(known) == 2:
                bounds.append(min(known))
            elif not sides.is_either:
                bounds += known
        return max((bound for bound in bounds if bound is not None), default=None)

    def _of_atom(self, expr: Expr, expansions: int) -> Limits:
        key = id(expr), expansions
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = expr, self._infer_atom(expr, expansions)
        return found[1]

    def _infer_atom(self, expr: Expr, expansions: int) -> Limits:
        match expr:
            case Const(value, kind) if not kind.is_float:
                return Limits(int(value), int(value))
            case Variable(name, _):
                return self.limits.get(name, UNBOUNDED)
            case Cast(kind, value) if kind.is_integer and not value.type.is_float:
                return self._of_cast(kind, value, expansions)
            case Select(_, a, b):
                return self.of(a, expansions).union(self.of(b, expansions))
            case Compare():
                return Limits(0, 1)
            case Binary():
                return self._of_binary(expr, expansions).intersect(type_limits(expr.type))
        return type_limits(expr.type)

    def _of_cast(self, kind: DType, value: Expr, expansions: int) -> Limits:
        inner = self.of(value, expansions)
        fits = inner.lo is not None and inner.lo >= kind.minimum and inner.hi is not None and inner.hi <= kind.maximum
        return inner if fits or (value.type.is_integer and _widens(value.type, kind)) else type_limits(kind)

    def _of_binary(self, expr: Binary, expansions: int) -> Limits:
        a, b = self.of(expr.a, expansions), self.of(expr.b, expansions)
        match expr.op:
            case BinaryOp.MIN:
                lo = None if a.lo is None or b.lo is None else min(a.lo, b.lo)
                return Limits(lo, a.intersect(Limits(None, b.hi)).hi)
            case BinaryOp.MAX:
                hi = None if a.hi is None or b.hi is None else max(a.hi, b.hi)
                return Limits(a.intersect(Limits(b.lo, None)).lo, hi)
            case BinaryOp.FLOOR_DIV if b.lo is not None and b.lo > 0:
                # Where nothing runs, what is known may contradict itself.
                return _quotient(a, b.lo, None if b.hi is None else max(b.lo, b.hi))
            case BinaryOp.FLOOR_DIV if a.lo is not None and a.hi is not None:
                # No quotient is farther from 0, whatever the divisor.
                farthest = max(abs(a.lo), abs(a.hi))
                return Limits(-farthest, farthest)
            case BinaryOp.MOD if b.hi is not None and b.lo is not None and b.lo > 0:
                if a.lo is not None and a.hi is not None and b.lo == b.hi and a.lo // b.lo == a.hi // b.lo:
                    return Limits(a.lo % b.lo, a.hi % b.lo)
                return Limits(0, b.hi - 1)
            case BinaryOp.MUL if None not in (a.lo, a.hi, b.lo, b.hi):
                products = [x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)]  # type: ignore[operator]
                fits = expr.type.minimum <= min(products) and max(products) <= expr.type.maximum
                return Limits(min(products), max(products)) if fits else UNBOUNDED
        return UNBOUNDED

    def proves_at_least(self, expr: Linear, bound: int) -> bool:
        """True if ``expr >= bound`` for all values of the variables."""
        lo = self.of_linear(expr).lo
        return lo is not None and lo >= bound


NOTHING_KNOWN = Facts()


def _widens(source: DType, target: DType) -> bool:
    return source.minimum >= target.minimum and source.maximum <= target.maximum


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
    """Two forms one of which a form is (`is_either`), or both of which it is at least."""

    forms: tuple[Linear, Linear]
    is_either: bool


def _take_apart(form: Linear) -> _Sides | None:
    """A form with a min, max or select replaced by either operand, for a lower bound; None if it has none.

    Those that are one operand or the other come first, as nothing is lost, and of these the largest, as the others may
    cancel against what stands in it.
    """
    choices = [(choice, c, atom) for atom, c in form.terms if (choice := _choice(atom)) is not None]
    if not choices:
        return None
    choice, c, atom = choices[0] if len(choices) == 1 else max(choices, key=lambda t: (_is_either(*t[:2]), _size(t[2])))
    if isinstance(atom, Select):
        return _Sides((_side(form, atom.condition, first=True), _side(form, atom.condition, first=False)), True)
    rest = form.plus(Linear(((atom, 1),), 0), -c)
    a, b = (rest.plus(operand, c) for operand in choice.operands)
    return _Sides((a, b), _is_either(choice, c))


def _side(form: Linear, condition: Expr, *, first: bool) -> Linear:
    """`form` where a condition holds, or does not, with all selects that depend on it replaced."""
    result = form
    for atom, c in form.terms:
        if isinstance(atom, Select) and atom.condition == condition:
            side = linearize(atom.if_true if first else atom.if_false)
            result = result.plus(Linear(((atom, 1),), 0), -c).plus(side, c)
    return result


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is one of two forms: the smaller or the larger, or either, if there is no `op`."""

    operands: tuple[Linear, Linear]
    op: BinaryOp | None


def _choice(atom: Expr) -> _Choice | None:
    """The two forms of a min, a max, a select, or a quotient of one of them."""
    match atom:
        case Select(_, a, b):
            return _Choice((linearize(a), linearize(b)), None)
        case Binary(BinaryOp.MIN | BinaryOp.MAX as op, a, b):
            return _Choice((linearize(a), linearize(b)), op)
        case Binary(BinaryOp.FLOOR_DIV, numerator, Const(value, _)) if int(value) > 0:
            form = linearize(numerator)
            for inner, c in form.terms:
                choice = _choice(inner)
                if choice is not None:
                    rest = form.plus(Linear(((inner, 1),), 0), -c)
                    x, y = (_divide(rest.plus(operand, c), int(value)) for operand in choice.operands)
                    return _Choice((x, y), choice.op if c > 0 or choice.op is None else _OPPOSITE[choice.op])
    return None


_OPPOSITE = {BinaryOp.MIN: BinaryOp.MAX, BinaryOp.MAX: BinaryOp.MIN}


def _divide(form: Linear, divisor: int) -> Linear:
    """``form // divisor``, with what the divisor divides outside."""
    whole = tuple((atom, c // divisor) for atom, c in form.terms if c % divisor == 0)
    rest = tuple((atom, c) for atom, c in form.terms if c % divisor)
    if not rest:
        return Linear(whole, form.constant // divisor)
    numerator = to_expr(Linear(rest, form.constant))
    return Linear(whole, 0).plus(Linear(((Binary(BinaryOp.FLOOR_DIV, numerator, index(divisor)), 1),), 0))


def _is_either(choice: _Choice, coefficient: int) -> bool:
    """True if a choice times `coefficient` is at least the smaller of what its operands give, else at least the
    larger."""
    return choice.op is None or (choice.op is BinaryOp.MIN) == (coefficient > 0)


def _size(expr: Expr) -> int:
    """Number of nodes."""
    return 1 + sum(map(_size, children(expr)))


@dataclass(frozen=True, slots=True)
class _Scaled:
    """A form that is at most `scale` times another."""

    form: Linear
    scale: int


def _without_quotient(form: Linear) -> _Scaled | None:
    """A lower bound of a form by ``a - d + 1 <= d * (a // d) <= a``, where `a` cancels against its other terms."""
    for atom, c in form.terms:
        match atom:
            case Binary(BinaryOp.FLOOR_DIV, numerator, Const(value, _)) if int(value) > 0:
                common = gcd(c, int(value))
                scale, times = int(value) // common, c // common
                others = form.plus(Linear(((atom, 1),), 0), -c).times(scale)
                whole = others.plus(linearize(numerator), times)
                if len(whole.terms) < len(form.terms):
                    return _Scaled(whole.plus(Linear((), max(times, 0) * (int(value) - 1)), -1), scale)
    return None


@dataclass(frozen=True, slots=True)
class _Quotients:
    """``scale * (a // divisor - b // divisor) + rest``, with ``gap == a - b`` and a positive scale."""

    gap: Linear
    divisor: int
    scale: int
    rest: Linear


def _opposite_quotients(form: Linear) -> _Quotients | None:
    """A form whose first two quotients by the same constant have opposite coefficients, taken apart, or None."""
    seen: dict[tuple[int, int], Binary] = {}
    for atom, c in form.terms:
        match atom:
            case Binary(BinaryOp.FLOOR_DIV, numerator, Const(value, _)) if int(value) > 0:
                other = seen.get((int(value), -c))
                if other is None:
                    seen[int(value), c] = atom
                    continue
                rest = form.plus(Linear(((atom, 1),), 0), -c).plus(Linear(((other, 1),), 0), c)
                gap = linearize(numerator).plus(linearize(other.a), -1)
                return _Quotients(gap if c > 0 else gap.times(-1), int(value), abs(c), rest)
    return None
