"""A number for every expression, the same for equal ones: what values that may be used again are remembered under."""

from __future__ import annotations

from typing import Any, get_args

from tensorlang.ir.expr import Const, Expr

_KINDS = frozenset(get_args(Expr))


class Numbering:
    """Numbers expressions bottom-up, each node once.

    The hash of an expression walks all of it: keys made of expressions would be hashed again at every node above.
    """

    def __init__(self) -> None:
        # By identity, each with its expression, so that none is freed and its number used again.
        self._nodes: dict[int, tuple[Expr, int]] = {}
        self._shapes: dict[tuple[Any, ...], int] = {}

    def of(self, expr: Expr) -> int:
        """The number of `expr`."""
        known = self._nodes.get(id(expr))
        if known is None:
            known = (expr, self._shapes.setdefault(self._shape(expr), len(self._shapes)))
            self._nodes[id(expr)] = known
        return known[1]

    def _shape(self, expr: Expr) -> tuple[Any, ...]:
        """The node with its operands replaced by their numbers."""
        kind = type(expr)
        if isinstance(expr, Const):
            return (kind, repr(expr.value), expr.type)
        fields = [getattr(expr, name) for name in expr.__slots__]
        return (kind, *[self.of(field) if type(field) in _KINDS else field for field in fields])
