"""Evaluates an expression at all points of an open grid at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tensorlang.dtypes import int64
from tensorlang.errors import InternalError
from tensorlang.ir.expr import Binary, Call, Cast, Compare, Const, Expr, Select, Unary, Variable
from tensorlang.reference import semantics
from tensorlang.reference.grid import Progression, Value, combine
from tensorlang.reference.semantics import Array

Reader = Callable[[Call, list[Value], int], Array]
"""Reads what a call names, a Func or an Input, at index values over a grid of so many axes."""


class Scope:
    """Names with their values over a grid of `rank` axes, and how to read arrays there."""

    def __init__(self, names: Mapping[str, Value], rank: int, reader: Reader) -> None:
        self._names = names
        self._rank = rank
        self._reader = reader

    def array(self, expr: Expr) -> Array:
        """The value of `expr`; its shape broadcasts to that of the grid."""
        value = self.value(expr)
        return value.array(self._rank) if isinstance(value, Progression) else value

    def value(self, expr: Expr) -> Value:
        """The value of `expr`, as a progression if it is one."""
        match expr:
            case Binary():
                return self._binary(expr)
            case Call():
                return self._reader(expr, [self.value(arg) for arg in expr.args], self._rank)
            case Variable(name, _):
                return self._names[name]
            case Const(value, dtype) if dtype == int64:
                return Progression(int(value))
            case Const(value, dtype):
                return semantics.constant(value, dtype)
            case Cast(dtype, a):
                return semantics.cast(a.type, dtype, self.array(a))
            case Unary(op, a):
                return semantics.unary(op, self.array(a))
            case Compare(op, a, b):
                return semantics.compare(op, self.array(a), self.array(b))
            case Select(condition, a, b):
                return semantics.select(self.array(condition), self.array(a), self.array(b))
            case _:
                raise InternalError(f"reference: {type(expr).__name__} is no part of an algorithm.")

    def _binary(self, expr: Binary) -> Value:
        a, b = self.value(expr.a), self.value(expr.b)
        if isinstance(a, Progression) and isinstance(b, Progression):
            lazy = combine(expr.op, a, b)
            if lazy is not None:
                return lazy
        left = a.array(self._rank) if isinstance(a, Progression) else a
        right = b.array(self._rank) if isinstance(b, Progression) else b
        return semantics.binary(expr.op, expr.type, left, right)
