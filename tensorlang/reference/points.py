"""The points of a loop nest at which conditions hold, and what an index does there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np

from tensorlang.ir.expr import Binary, BinaryOp, Const, Expr, Variable
from tensorlang.ir.visitor import free_variables
from tensorlang.reference.grid import Progression, Value, limits
from tensorlang.reference.scope import Reader, Scope
from tensorlang.reference.semantics import Array

Side: TypeAlias = tuple[int, int]
"""First and last coordinate of a dimension, both inside; empty if the last comes before the first."""
Points: TypeAlias = dict[str, Array]
"""One array of coordinates for each name, all of one length: a point for each element."""

_MOST_AT_ONCE = 1 << 18


def true_points(
    names: Sequence[str], sides: Mapping[str, Side], conditions: Sequence[Expr], reader: Reader
) -> Iterator[Points]:
    """The points of the box `sides` of `names` where all conditions hold, in lexicographic order, a part at a time.

    A condition is evaluated only where those before it hold.
    """
    extents = [sides[name][1] - sides[name][0] + 1 for name in names]
    total = prod(max(extent, 0) for extent in extents)
    for start in range(0, total, _MOST_AT_ONCE):
        rest = np.arange(start, min(start + _MOST_AT_ONCE, total), dtype=np.int64)
        count, points = len(rest), {}
        for name, extent in zip(reversed(names), reversed(extents), strict=True):
            points[name] = rest % extent + sides[name][0]
            rest = rest // extent
        for condition in conditions:
            holds = np.broadcast_to(Scope(points, 1, reader).array(condition), count)
            points = {name: coordinates[holds] for name, coordinates in points.items()}
            count = int(np.count_nonzero(holds))
            if not count:
                break
        if count:
            yield points


@dataclass(frozen=True, slots=True)
class Names:
    """Values of names over a grid of `rank` axes; over one axis of points where some were left out (not `is_grid`)."""

    values: Mapping[str, Value]
    rank: int
    is_grid: bool = True


def restrict(names: Names, conditions: Sequence[Expr], reader: Reader) -> Names | None:
    """The points at which all conditions hold, or None; one is evaluated only where those before it hold."""
    for condition in conditions:
        holds = Scope(names.values, names.rank, reader).array(condition)
        if holds.all():
            continue
        if not holds.any():
            return None
        axes = {name: value for name, value in names.values.items() if not _is_number(value)}
        arrays = {name: v.array(names.rank) if isinstance(v, Progression) else v for name, v in axes.items()}
        shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
        kept = np.nonzero(np.broadcast_to(holds, shape))
        points = {name: np.broadcast_to(array, shape)[kept] for name, array in arrays.items()}
        names = Names({**names.values, **points}, 1, is_grid=False)
    return names


def _is_number(value: Value) -> bool:
    return isinstance(value, Progression) and value.axis < 0


@dataclass(frozen=True, slots=True)
class Iterations:
    """The iterations of a definition over a box: the side of each loop, and conditions that hold in order."""

    sides: Mapping[str, Side]
    conditions: tuple[Expr, ...]
    reader: Reader

    @property
    def is_empty(self) -> bool:
        """Whether there is none."""
        if any(low > high for low, high in self.sides.values()):
            return True
        return bool(self.conditions) and next(self._points(), None) is None

    def side(self, expr: Expr) -> Side:
        """The smallest and the largest value of an index expression, exactly; there must be an iteration."""
        match expr:
            case Variable(name, _) if name in self.sides and name not in self._bound:
                return self.sides[name]
            case Binary(BinaryOp.ADD | BinaryOp.SUB, a, b) if self._are_independent(a, b):
                (low, high), (other_low, other_high) = self.side(a), self.side(b)
                if expr.op is BinaryOp.ADD:
                    return low + other_low, high + other_high
                return low - other_high, high - other_low
            case Binary(BinaryOp.MUL, a, Const(factor, _)):
                ends = [end * int(factor) for end in self.side(a)]
                return min(ends), max(ends)
        used = free_variables(expr)
        if used.isdisjoint(self._bound):
            return self._side_over(expr, {}, used)
        parts = [self._side_over(expr, points, used - points.keys()) for points in self._points()]
        return min(low for low, _ in parts), max(high for _, high in parts)

    @property
    def _bound(self) -> frozenset[str]:
        """The names that the conditions tie to each other."""
        return frozenset().union(*map(free_variables, self.conditions)) & self.sides.keys()

    def _points(self) -> Iterator[Points]:
        names = [name for name in self.sides if name in self._bound]
        return true_points(names, self.sides, self.conditions, self.reader)

    def _are_independent(self, a: Expr, b: Expr) -> bool:
        x, y, bound = free_variables(a), free_variables(b), self._bound
        return not x & y and (x.isdisjoint(bound) or y.isdisjoint(bound))

    def _side_over(self, expr: Expr, points: Points, others: frozenset[str]) -> Side:
        """The side of `expr` over `points` and, besides, all of the loops in `others`."""
        names = [name for name in self.sides if name in others]
        rank = len(names) + 1
        grid: dict[str, Value] = {
            name: Progression(self.sides[name][0], 1, axis, self.sides[name][1] - self.sides[name][0] + 1)
            for axis, name in enumerate(names, 1)
        }
        along = {name: coordinates.reshape(-1, *[1] * len(names)) for name, coordinates in points.items()}
        return limits(Scope(grid | along, rank, self.reader).value(expr))
