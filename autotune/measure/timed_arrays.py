"""Where the arrays of a timed kernel lie: in several places, one after the other.

How fast a working set that about fills a cache is read depends on which physical pages it happened to get: they decide
which lines evict each other. A time taken in one place says as much about the place as about the schedule. So a
schedule is timed in several, and schedules that are compared share them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autotune.measure.subjects import Subject
from tensorlang.dtypes import DType
from tensorlang.ir.module import BufferParam
from tensorlang.runtime.buffers import Argument, Array, empty_aligned
from tensorlang.validation import Values, make_inputs

SEED = 0
"""Of the random inputs that kernels are timed with."""

_MOST = 10  # a comparison has as many rounds
_MOST_BYTES = 64 << 20
_GARBAGE = 0xFF  # as the bytes of a float, not a number


@dataclass(frozen=True)
class Place:
    """Inputs that are no weights, and outputs, each at a multiple of 64 bytes."""

    data: Mapping[str, Argument]
    outputs: tuple[Array, ...]

    @property
    def out(self) -> Array | tuple[Array, ...]:
        """The outputs as kernels take them."""
        return self.outputs if len(self.outputs) > 1 else self.outputs[0]

    def spoil(self) -> None:
        """Overwrite the outputs: what is right afterwards was computed afterwards."""
        for array in self.outputs:
            array.reshape(-1).view("u1").fill(_GARBAGE)


@dataclass(frozen=True)
class TimedArrays:
    """What a subject is timed with: its weights, and the rest in at least one place."""

    weights: Mapping[str, Argument]
    places: tuple[Place, ...]


def make_timed_arrays(subject: Subject, outputs: Sequence[BufferParam]) -> TimedArrays:
    """Random inputs of a subject, and memory for outputs, in ten places or, if they are large, as 64 MiB hold."""
    arrays = make_inputs(subject.algorithm, Values.FLOATS, SEED)
    is_weight = {item.name: item.constant for item in subject.algorithm.inputs}
    weights = {name: array for name, array in arrays.items() if is_weight[name]}
    data = {name: array for name, array in arrays.items() if not is_weight[name]}
    types = {item.name: item.type for item in subject.algorithm.inputs}
    first = _place(data, types, outputs)
    size_bytes = sum(array.nbytes for array in (*data.values(), *first.outputs))
    count = max(1, min(_MOST, _MOST_BYTES // max(1, size_bytes)))
    # All at once: what is freed before the next is allocated would come back as the same pages.
    return TimedArrays(weights, (first, *(_place(data, types, outputs) for _ in range(count - 1))))


def _place(data: Mapping[str, Array], types: Mapping[str, DType], outputs: Sequence[BufferParam]) -> Place:
    copies = {}
    for name, array in data.items():
        copies[name] = empty_aligned(array.shape, types[name])
        copies[name][...] = array
    return Place(copies, tuple(empty_aligned(item.shape, item.type) for item in outputs))
