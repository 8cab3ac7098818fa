"""Which axis vectors should lie along: the one whose neighbours are neighbours in memory."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlang.ir.algorithm import Definition
from tensorlang.ir.expr import Call, Expr, Variable
from tensorlang.ir.visitor import free_variables, walk
from tensorlang.symbolic.linear import linearize

_STORE_WEIGHT = 2  # a scattered store is slower than a gathered load


def best_vector_axis(definition: Definition, axes: Sequence[str]) -> str:
    """The axis of `axes` with the fewest accesses that are not dense along it, the innermost of equals; "" if none."""
    if not axes:
        return ""
    return min(reversed(axes), key=lambda axis: _price(definition, axis))


def _price(definition: Definition, axis: str) -> int:
    price = _STORE_WEIGHT * _is_scattered(definition.args, axis)
    for root in definition.exprs:
        for node in walk(root):
            if isinstance(node, Call):
                price += _is_scattered(node.args, axis)
    # An axis that the place of the result does not depend on needs its lanes added up.
    return price + _STORE_WEIGHT * all(axis not in free_variables(arg) for arg in definition.args)


def _is_scattered(args: tuple[Expr, ...], axis: str) -> bool:
    """Whether neighbours along `axis` are neither the same element nor next to each other."""
    *outer, last = args or (None,)
    if last is None or not any(axis in free_variables(arg) for arg in args):
        return False
    if any(axis in free_variables(arg) for arg in outer if arg is not None):
        return True
    return linearize(last).coefficient(Variable(axis)) not in (0, 1)
