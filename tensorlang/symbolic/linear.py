"""Linear forms: an int64 expression as an integer combination of atoms plus a constant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tensorlang.dtypes import int64
from tensorlang.ir.expr import Binary, BinaryOp, Const, Expr, Unary, UnaryOp, index
from tensorlang.symbolic.reach import may_wrap


@dataclass(frozen=True, slots=True)
class Linear:
    """``sum(coefficient * atom) + constant``; atoms are distinct, in order of appearance, no coefficient is 0."""

    terms: tuple[tuple[Expr, int], ...]
    constant: int

    @property
    def is_constant(self) -> bool:
        return not self.terms

    def coefficient(self, atom: Expr) -> int:
        """Coefficient of `atom`, 0 if it does not appear."""
        for a, c in self.terms:
            if a is atom or a == atom:
                return c
        return 0

    def plus(self, other: Linear, scale: int = 1) -> Linear:
        """``self + scale * other``."""
        total = dict(self.terms)
        for atom, c in other.terms:
            total[atom] = total.get(atom, 0) + scale * c
        kept = tuple([(atom, c) for atom, c in total.items() if c])
        return Linear(kept, self.constant + scale * other.constant)

    def times(self, factor: int) -> Linear:
        """``factor * self``."""
        if factor == 0:
            return Linear((), 0)
        return Linear(tuple((a, c * factor) for a, c in self.terms), self.constant * factor)


def constant(value: int) -> Linear:
    """The linear form of a number."""
    return Linear((), value)


def atom(expr: Expr) -> Linear:
    """The linear form of an expression that is not taken apart."""
    return Linear(((expr, 1),), 0)


def is_index(expr: Expr) -> bool:
    """True for a scalar int64 expression, the kind that linear forms are about."""
    kind = expr.type
    return kind is int64 or kind == int64


def linearize(expr: Expr) -> Linear:
    """The linear form of `expr` (scalar int64); only ``+ - *`` by constants and negation are taken apart."""
    return linearize_with(expr, atom)


def linearize_with(expr: Expr, take_apart: Callable[[Expr], Linear]) -> Linear:
    """The linear form of `expr`, with `take_apart` giving the form of whatever is not ``+ - *`` or a constant.

    Arithmetic that may wrap is not taken apart either: what is proven of a form is about its value on paper.
    """
    terms: dict[Expr, int] = {}
    total = _accumulate(expr, 1, terms, take_apart)
    return Linear(tuple([(a, c) for a, c in terms.items() if c]), total)


_ARITHMETIC = frozenset({BinaryOp.ADD, BinaryOp.SUB, BinaryOp.MUL})


def _accumulate(expr: Expr, scale: int, terms: dict[Expr, int], take_apart: Callable[[Expr], Linear]) -> int:
    """Add ``scale * expr`` to `terms`; returns what it adds to the constant."""
    # Half of the time of lowering goes by here: tests of types are several times faster than patterns.
    if isinstance(expr, Const):
        return scale * int(expr.value)
    form: Linear | None = None
    if isinstance(expr, Binary) and expr.op in _ARITHMETIC and not may_wrap(expr):
        op, a, b = expr.op, expr.a, expr.b
        if op is not BinaryOp.MUL:
            second = scale if op is BinaryOp.ADD else -scale
            return _accumulate(a, scale, terms, take_apart) + _accumulate(b, second, terms, take_apart)
        if isinstance(b, Const):
            return _accumulate(a, scale * int(b.value), terms, take_apart)
        form = _product(linearize_with(a, take_apart), linearize_with(b, take_apart))
    elif isinstance(expr, Unary) and expr.op is UnaryOp.NEG and not may_wrap(expr):
        return _accumulate(expr.value, -scale, terms, take_apart)
    if form is None:
        form = take_apart(expr)
    for term, c in form.terms:
        terms[term] = terms.get(term, 0) + scale * c
    return scale * form.constant


def _product(x: Linear, y: Linear) -> Linear:
    if x.is_constant or y.is_constant:
        return y.times(x.constant) if x.is_constant else x.times(y.constant)
    return atom(Binary(BinaryOp.MUL, to_expr(x), to_expr(y)))


def to_expr(form: Linear) -> Expr:
    """The expression of a linear form: positive terms first, the constant last."""
    ordered = sorted(form.terms, key=lambda term: term[1] < 0)
    result: Expr | None = None
    for term, c in ordered:
        scaled = term if abs(c) == 1 else Binary(BinaryOp.MUL, term, index(abs(c)))
        if result is None:
            result = scaled if c > 0 else Unary(UnaryOp.NEG, term) if c == -1 else Binary(BinaryOp.MUL, term, index(c))
        else:
            result = Binary(BinaryOp.ADD if c > 0 else BinaryOp.SUB, result, scaled)
    if result is None:
        return index(form.constant)
    if form.constant > 0:
        return Binary(BinaryOp.ADD, result, index(form.constant))
    return result if form.constant == 0 else Binary(BinaryOp.SUB, result, index(-form.constant))
