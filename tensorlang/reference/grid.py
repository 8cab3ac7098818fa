"""Index values over an open grid: kept as progressions along one axis where possible, so that reads are slices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from tensorlang.ir.expr import BinaryOp
from tensorlang.reference.semantics import Array

_LARGEST = 1 << 40  # beyond this, arithmetic is left to arrays, which wrap


@dataclass(frozen=True, slots=True)
class Progression:
    """``start + step * n`` for n in ``[0, count)`` along `axis` of the grid; one number if `axis` is -1."""

    start: int
    step: int = 0
    axis: int = -1
    count: int = 1

    @property
    def last(self) -> int:
        return self.start + self.step * (self.count - 1)

    def array(self, rank: int) -> Array:
        """The values as int64, of shape 1 in all but one of `rank` axes; a scalar for a number."""
        if self.axis < 0:
            return np.asarray(self.start, np.int64)
        shape = [1] * rank
        shape[self.axis] = self.count
        return (self.start + self.step * np.arange(self.count, dtype=np.int64)).reshape(shape)


Value: TypeAlias = Progression | Array


def combine(op: BinaryOp, a: Progression, b: Progression) -> Progression | None:
    """``a op b`` if it is a progression too, else None."""
    result: Progression | None = None
    if op in (BinaryOp.ADD, BinaryOp.SUB) and (a.axis < 0 or b.axis < 0 or a.axis == b.axis):
        sign = 1 if op is BinaryOp.ADD else -1
        axis, count = (a.axis, a.count) if a.axis >= 0 else (b.axis, b.count)
        result = Progression(a.start + sign * b.start, a.step + sign * b.step, axis, count)
    elif op is BinaryOp.MUL and (a.axis < 0 or b.axis < 0):
        number, other = (a.start, b) if a.axis < 0 else (b.start, a)
        result = Progression(other.start * number, other.step * number, other.axis, other.count)
    elif op in (BinaryOp.FLOOR_DIV, BinaryOp.MOD) and a.axis < 0 and b.axis < 0 and b.start > 0:
        result = Progression(a.start // b.start if op is BinaryOp.FLOOR_DIV else a.start % b.start)
    if result is None or max(abs(result.start), abs(result.last)) > _LARGEST:
        return None
    return result


def limits(value: Value) -> tuple[int, int]:
    """The smallest and the largest of the values."""
    if isinstance(value, Progression):
        return min(value.start, value.last), max(value.start, value.last)
    return int(np.min(value)), int(np.max(value))


def read(array: Array, origin: tuple[int, ...], args: list[Value], rank: int) -> Array:
    """The elements of `array`, whose first element has coordinates `origin`, at `args`, over a grid of `rank` axes."""
    axes = [arg.axis for arg in args if isinstance(arg, Progression) and arg.axis >= 0]
    is_sliced = all(isinstance(arg, Progression) and (arg.axis < 0 or arg.step > 0) for arg in args)
    if not is_sliced or len(set(axes)) < len(axes):
        gathered: Array = array[gather_index(origin, args, rank)]
        return gathered
    view: Array = array[slice_index(origin, args)]
    if not axes:
        return view
    order = sorted(range(len(axes)), key=axes.__getitem__)
    used = set(axes)
    return view.transpose(order)[tuple(slice(None) if axis in used else None for axis in range(rank))]


def slice_index(origin: tuple[int, ...], args: list[Value]) -> tuple[int | slice, ...]:
    """Basic NumPy indices for progressions of positive step."""
    index: list[int | slice] = []
    for arg, low in zip(args, origin, strict=True):
        if isinstance(arg, Progression):
            start = arg.start - low
            index.append(start if arg.axis < 0 else slice(start, arg.last - low + 1, arg.step))
    return tuple(index)


def gather_index(origin: tuple[int, ...], args: list[Value], rank: int) -> tuple[Array, ...]:
    """Open NumPy index arrays for any values."""
    return tuple(
        (arg.array(rank) if isinstance(arg, Progression) else arg) - low for arg, low in zip(args, origin, strict=True)
    )
