"""Index expressions as sums of multiples, a constant, and a stride per lane: what addresses are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tensorlang.ir.expr import Binary, BinaryOp, Broadcast, Const, Expr, Ramp, Unary, UnaryOp, Variable


@dataclass(frozen=True, slots=True)
class Affine:
    """``sum(coefficient * atom) + constant + lane_stride * lane``; atoms are scalar int64 expressions."""

    terms: tuple[tuple[Expr, int], ...]
    constant: int
    lane_stride: int = 0

    def plus(self, other: Affine, sign: int = 1) -> Affine:
        """``self + sign * other``."""
        merged = dict(self.terms)
        for atom, coefficient in other.terms:
            merged[atom] = merged.get(atom, 0) + sign * coefficient
        terms = tuple((atom, coefficient) for atom, coefficient in merged.items() if coefficient)
        return Affine(terms, self.constant + sign * other.constant, self.lane_stride + sign * other.lane_stride)

    def times(self, factor: int) -> Affine:
        """``factor * self``."""
        if factor == 0:
            return Affine((), 0)
        terms = tuple((atom, factor * coefficient) for atom, coefficient in self.terms)
        return Affine(terms, factor * self.constant, factor * self.lane_stride)


def decompose(expr: Expr, definition: Callable[[str], Expr | None]) -> Affine | None:
    """Return an int64 expression as an `Affine`, or None for a vector that is not one.

    A scalar always has one: what cannot be taken apart is an atom. `definition` gives the value that a name is bound
    to, if there is one, so that unrolled copies which differ by a constant show it.
    """
    match expr:
        case Const(value=value):
            return Affine((), int(value))
        case Broadcast(value=value):
            return decompose(value, definition)
        case Ramp(base=base, stride=Const(value=stride)):
            start = decompose(base, definition)
            return start and Affine(start.terms, start.constant, int(stride))
        case Binary(op=BinaryOp.ADD | BinaryOp.SUB, a=a, b=b):
            left, right = decompose(a, definition), decompose(b, definition)
            return left and right and left.plus(right, 1 if expr.op is BinaryOp.ADD else -1)
        case Binary(op=BinaryOp.MUL, a=a, b=b):
            left, right = decompose(a, definition), decompose(b, definition)
            if left and right and not (right.terms or right.lane_stride):
                return left.times(right.constant)
            if left and right and not (left.terms or left.lane_stride):
                return right.times(left.constant)
        case Unary(op=UnaryOp.NEG, value=value):
            negated = decompose(value, definition)
            return negated and negated.times(-1)
        case Variable(name=name):
            return _decompose_name(expr, definition(name), definition)
    return Affine(((expr, 1),), 0) if expr.type.lanes == 1 else None


def _decompose_name(expr: Variable, value: Expr | None, definition: Callable[[str], Expr | None]) -> Affine | None:
    """A bound name is taken apart only if that shows something: the name of a product or a minimum stays an atom."""
    if value is not None:
        inside = decompose(value, definition)
        if inside is not None and inside.terms != ((value, 1),):
            return inside
    return Affine(((expr, 1),), 0) if expr.type.lanes == 1 else None
