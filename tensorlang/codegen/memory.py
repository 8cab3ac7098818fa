"""Loads and stores: contiguous, masked, strided, gathered and scattered vectors; register tiles as slots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from llvmlite import ir as ll

from tensorlang.codegen.types import I32, PTR, memory_element, memory_type, register_type, vector
from tensorlang.codegen.values import Ops, int_constant
from tensorlang.dtypes import DType


@dataclass(frozen=True)
class Flat:
    """Elements at a pointer."""

    pointer: ll.Value
    type: DType
    is_constant: bool = False


@dataclass(frozen=True)
class Slots:
    """A register tile: one stack cell for each (offset, lanes) that is accessed, which LLVM turns into registers."""

    cells: dict[tuple[int, int], ll.Value]
    type: DType
    is_constant: bool = False


Storage = Flat | Slots


class Memory:
    """Emission of element accesses at the builder's place.

    `find_count` gives an i64 that LLVM knows nothing of, and that is never negative.
    """

    def __init__(self, ops: Ops, find_count: Callable[[], ll.Value | None]) -> None:
        self.ops = ops
        self._find_count = find_count
        self.builder = ops.builder

    # Values of bool are i1 in registers and bytes in memory.

    def from_memory(self, value: ll.Value, type_: DType) -> ll.Value:
        if not type_.is_bool:
            return value
        return self.builder.icmp_unsigned("!=", value, self.ops.const(value.type, 0))

    def to_memory(self, value: ll.Value, type_: DType) -> ll.Value:
        return self.builder.zext(value, memory_type(type_)) if type_.is_bool else value

    def load_contiguous(self, pointer: ll.Value, type_: DType) -> ll.Value:
        value = self.builder.load(pointer, align=type_.size_bytes, typ=memory_type(type_))
        return self.from_memory(value, type_)

    def store_contiguous(self, value: ll.Value, pointer: ll.Value, type_: DType) -> None:
        self.builder.store(self.to_memory(value, type_), pointer, align=type_.size_bytes)

    def prefetch(self, pointer: ll.Value) -> None:
        """Bring the line of an address into all levels of the data cache; addresses that fault do no harm."""
        is_write, locality, is_data = (ll.Constant(I32, n) for n in (0, 3, 1))
        self.ops.intrinsic("prefetch", ll.VoidType(), [pointer, is_write, locality, is_data], [PTR])

    def load_masked(self, pointer: ll.Value, mask: ll.Value, type_: DType) -> ll.Value:
        """Lanes of a contiguous vector; those that are off are not read and give 0."""
        kind = memory_type(type_)
        args = [pointer, ll.Constant(I32, type_.size_bytes), mask, ll.Constant(kind, None)]
        return self.from_memory(self.ops.intrinsic("masked.load", kind, args, [kind, PTR]), type_)

    def store_masked(self, value: ll.Value, pointer: ll.Value, mask: ll.Value, type_: DType) -> None:
        value = self.to_memory(value, type_)
        if self.ops.target.name == "avx512" and isinstance(value.type.element, ll.IntType) and type_.size_bytes < 8:
            mask = self._obscured(mask, type_.lanes)
        args = [value, pointer, ll.Constant(I32, type_.size_bytes), mask]
        self.ops.intrinsic("masked.store", ll.VoidType(), args, [value.type, PTR])

    def _obscured(self, mask: ll.Value, lanes: int) -> ll.Value:
        """The same mask, of which LLVM does not know the lanes.

        LLVM 22 makes a scalar store of a masked store of which one lane is known to be on and the others off. Where the
        value is truncated, as from int64 to int16, that scalar store is as wide as the value was before.
        """
        count = self._find_count()
        if count is None:
            return mask
        never = self.builder.icmp_signed("==", count, ll.Constant(count.type, -(1 << 63)))
        return self.builder.or_(mask, self.ops.splat(never, lanes))

    def load_scalar_if(self, pointer: ll.Value, condition: ll.Value, type_: DType) -> ll.Value:
        """One element, or 0 without reading it."""
        start = self.builder.block
        with self.builder.if_then(condition):
            value = self.load_contiguous(pointer, type_)
            end = self.builder.block
        result = self.builder.phi(register_type(type_))
        result.add_incoming(ll.Constant(register_type(type_), None), start)
        result.add_incoming(value, end)
        return result

    def store_scalar_if(self, value: ll.Value, pointer: ll.Value, condition: ll.Value, type_: DType) -> None:
        with self.builder.if_then(condition):
            self.store_contiguous(value, pointer, type_)

    def load_strided(self, pointer: ll.Value, stride: int, type_: DType) -> ll.Value:
        """Every `stride`-th element, reading none outside the first to the last."""
        lanes = type_.lanes
        if stride == -1:
            forward = self.load_contiguous(shift(self.builder, pointer, 1 - lanes, type_), type_)
            return self.ops.shuffle(forward, forward, range(lanes - 1, -1, -1))
        if stride == 2:
            low = self.load_contiguous(pointer, type_)
            high = self.load_contiguous(shift(self.builder, pointer, lanes - 1, type_), type_)
            picks = [2 * lane if 2 * lane < lanes else 2 * lane + 1 for lane in range(lanes)]
            return self.ops.shuffle(low, high, picks)
        result = ll.Constant(register_type(type_), ll.Undefined)
        for lane in range(lanes):
            value = self.load_contiguous(shift(self.builder, pointer, lane * stride, type_), type_.element)
            result = self.builder.insert_element(result, value, ll.Constant(I32, lane))
        return result

    def store_strided(self, value: ll.Value, pointer: ll.Value, stride: int, type_: DType) -> None:
        lanes = type_.lanes
        if stride == -1:
            backward = self.ops.shuffle(value, value, range(lanes - 1, -1, -1))
            self.store_contiguous(backward, shift(self.builder, pointer, 1 - lanes, type_), type_)
            return
        for lane in range(lanes):
            element = self.builder.extract_element(value, ll.Constant(I32, lane))
            self.store_contiguous(element, shift(self.builder, pointer, lane * stride, type_), type_.element)

    def gather(self, base: ll.Value, indices: ll.Value, mask: ll.Value, type_: DType) -> ll.Value:
        """Elements at any indices; lanes that are off are not read and give 0."""
        kind = memory_type(type_)
        pointers = self._pointers(base, indices, type_)
        args = [pointers, ll.Constant(I32, type_.size_bytes), mask, ll.Constant(kind, None)]
        value = self.ops.intrinsic("masked.gather", kind, args, [kind, pointers.type])
        return self.from_memory(value, type_)

    def scatter(self, value: ll.Value, base: ll.Value, indices: ll.Value, mask: ll.Value, type_: DType) -> None:
        """Store to any indices; of equal ones the last lane stays."""
        value = self.to_memory(value, type_)
        pointers = self._pointers(base, indices, type_)
        args = [value, pointers, ll.Constant(I32, type_.size_bytes), mask]
        self.ops.intrinsic("masked.scatter", ll.VoidType(), args, [value.type, pointers.type])

    def _pointers(self, base: ll.Value, indices: ll.Value, type_: DType) -> ll.Value:
        pointers = self.builder.gep(base, [indices], source_etype=memory_element(type_))
        # llvmlite takes the result for one pointer; indexing by a vector gives a vector of them.
        pointers.type = vector(PTR, type_.lanes)
        return pointers


def shift(builder: ll.IRBuilder, pointer: ll.Value, offset: int, type_: DType) -> ll.Value:
    """`pointer` moved by a number of elements."""
    if offset == 0:
        return pointer
    return builder.gep(pointer, [int_constant(offset)], source_etype=memory_element(type_))
