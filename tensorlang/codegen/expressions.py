"""Expressions of the IR to LLVM values, each emitted once a region; and the loads and stores they are used in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

from llvmlite import ir as ll

from tensorlang.codegen.addresses import Addresses
from tensorlang.codegen.affine import Affine, decompose
from tensorlang.codegen.arithmetic import emit_binary, emit_compare, emit_unary
from tensorlang.codegen.conversions import emit_cast
from tensorlang.codegen.memory import Flat, Memory, Slots, Storage, shift
from tensorlang.codegen.numbering import Numbering
from tensorlang.codegen.reductions import emit_accumulate, emit_vector_reduce
from tensorlang.codegen.scopes import THREADS, Scopes
from tensorlang.codegen.streaming import emit_streamed
from tensorlang.codegen.types import I1, I32, I64, lanes_of, memory_element, register_element, register_type, vector
from tensorlang.codegen.values import Ops, int_constant
from tensorlang.dtypes import DType, float64, int64
from tensorlang.errors import InternalError
from tensorlang.ir.expr import (
    Binary,
    Broadcast,
    Cast,
    Compare,
    Const,
    Expr,
    Fma,
    Load,
    Ramp,
    Select,
    Unary,
    Variable,
    VectorReduce,
)
from tensorlang.ir.stmt import Accumulate, Store
from tensorlang.ir.visitor import walk


class Expressions:
    """Emits expressions at the builder's place.

    `scopes` and `storages` belong to the statements being emitted, which push, bind and allocate.
    """

    def __init__(self, ops: Ops, scopes: Scopes, storages: dict[str, Storage]) -> None:
        self.ops = ops
        self.builder = ops.builder
        self.scopes = scopes
        self.storages = storages
        self.memory = Memory(ops, lambda: scopes.variable(THREADS))
        self.addresses = Addresses(ops.builder, scopes, self.emit, self._is_volatile)
        # Loads of memory that the function writes may be used again until the next store or branch.
        self._recent_loads: dict[str, dict[int, ll.Value]] = {}
        self._numbering = Numbering()
        self._volatile_count = 0

    def emit(self, expr: Expr) -> ll.Value:
        """The value of an expression."""
        match expr:
            case Const():
                return self._literal(expr)
            case Variable(name=name):
                return self._name(name)
            case Load():
                return self._load(expr)
        number = self._numbering.of(expr)
        value = self.scopes.get(number)
        if value is None:
            before = self._volatile_count
            value = self._emit_new(expr)
            if self._volatile_count == before:
                self.scopes.put(number, value)
        return value

    def _emit_new(self, expr: Expr) -> ll.Value:
        match expr:
            case Binary(op=op, a=a, b=b):
                return emit_binary(self.ops, op, self.emit(a), self.emit(b), a.type)
            case Fma(a=a, b=b, c=c):
                return self.ops.fma(self.emit(a), self.emit(b), self.emit(c))
            case Broadcast(value=value, lanes=lanes):
                return self.ops.splat(self.emit(value), lanes)
            case Ramp():
                return self._ramp(expr)
            case Compare(op=op, a=a, b=b):
                mask = self._range_mask(expr)
                return mask if mask is not None else emit_compare(self.ops, op, self.emit(a), self.emit(b), a.type)
            case Select(condition=condition, if_true=if_true, if_false=if_false):
                return self.ops.select(self.emit(condition), self.emit(if_true), self.emit(if_false))
            case Unary(op=op, value=value):
                return emit_unary(self.ops, op, self.emit(value), value.type)
            case Cast(type=type_, value=value):
                return emit_cast(self.ops, self.emit(value), value.type, type_)
            case VectorReduce(op=op, value=value):
                return emit_vector_reduce(self.ops, op, self.emit(value), value.type)
        raise InternalError(f"code generation: {type(expr).__name__} should be gone after lowering.")

    def _literal(self, expr: Const) -> ll.Value:
        type_ = expr.type
        if type_.is_storage_only:
            # The bits of a 16-bit float: let the cast of a float64 literal make them.
            wide = self.ops.const(register_type(_float64_like(type_)), float(expr.value))
            return emit_cast(self.ops, wide, _float64_like(type_), type_)
        if type_.is_float:
            return self.ops.const(register_type(type_), float(expr.value))
        return self.ops.const(register_type(type_), int(expr.value))

    def _name(self, name: str) -> ll.Value:
        value = self.scopes.variable(name)
        if value is None:
            raise InternalError(f"code generation: {name!r} is not bound.")
        return value

    def _ramp(self, expr: Ramp) -> ll.Value:
        base = self.ops.splat(self.emit(expr.base), expr.lanes)
        numbers = self.ops.lane_numbers(register_element(expr.base.type), expr.lanes)
        stride = self.ops.splat(self.emit(expr.stride), expr.lanes)
        return self.builder.add(base, self.builder.mul(stride, numbers))

    def _range_mask(self, expr: Compare) -> ll.Value | None:
        """``ramp < limit`` as one compare of 32-bit lane numbers with a clamped scalar, not of 64-bit vectors."""
        lanes = expr.a.type.lanes
        if lanes == 1 or expr.a.type.element != int64:
            return None
        left, right = decompose(expr.a, self.scopes.definition), decompose(expr.b, self.scopes.definition)
        if left is None or right is None:
            return None
        difference = left.plus(right, -1)
        if abs(difference.lane_stride) != 1:
            return None
        is_rising = difference.lane_stride == 1
        distance = Affine(difference.terms, difference.constant).times(-1 if is_rising else 1)
        threshold = self.addresses.emit_affine(distance)
        # Thresholds outside [-1, lanes] compare with every lane number alike.
        for name, bound in (("smax", -1), ("smin", lanes)):
            threshold = self.ops.intrinsic(name, I64, [threshold, int_constant(bound)], [I64])
        limit = self.ops.splat(self.builder.trunc(threshold, I32), lanes)
        op = expr.op if is_rising else expr.op.mirrored
        return self.builder.icmp_signed(op.value, self.ops.lane_numbers(I32, lanes), limit)

    def _is_volatile(self, expr: Expr) -> bool:
        """True if a later evaluation may differ: it loads from memory that the function writes."""
        if isinstance(expr, Variable):
            return False
        return any(isinstance(node, Load) and not self._storage(node.buffer).is_constant for node in walk(expr))

    # Loads and stores

    def forget_loads(self) -> None:
        """Called at every branch: what was loaded before may be overwritten on another way here."""
        self._recent_loads.clear()

    def _load(self, expr: Load) -> ll.Value:
        storage, number = self._storage(expr.buffer), self._numbering.of(expr)
        if storage.is_constant:
            value = self.scopes.get(number)
            if value is None:
                before = self._volatile_count
                value = self._load_new(expr, storage)
                if self._volatile_count == before:
                    self.scopes.put(number, value)
            return value
        self._volatile_count += 1
        recent = self._recent_loads.get(expr.buffer, {})
        value = recent.get(number)
        if value is None:
            value = self._load_new(expr, storage)
            if not any(isinstance(node, Load) for part in (expr.index, expr.predicate) if part for node in walk(part)):
                self._recent_loads.setdefault(expr.buffer, {})[number] = value
        return value

    def _load_new(self, expr: Load, storage: Storage) -> ll.Value:
        type_ = expr.type
        affine = decompose(expr.index, self.scopes.definition)
        mask = self._mask(expr.predicate, type_.lanes)
        if isinstance(storage, Slots):
            value = self.memory.load_contiguous(self._slot(expr.buffer, storage, affine, type_), type_)
            zero = ll.Constant(value.type, None)
            return value if mask is None else self.ops.select(mask, value, zero)
        if type_.lanes == 1:
            pointer = self.addresses.element_pointer(storage, _scalar(affine))
            if mask is None:
                return self.memory.load_contiguous(pointer, type_)
            self.forget_loads()
            return self.memory.load_scalar_if(pointer, mask, type_)
        if affine is not None and affine.lane_stride == 1:
            pointer = self.addresses.element_pointer(storage, affine)
            if mask is None:
                return self.memory.load_contiguous(pointer, type_)
            return self.memory.load_masked(pointer, mask, type_)
        if affine is not None and mask is None:
            pointer = self.addresses.element_pointer(storage, affine)
            if affine.lane_stride == 0:
                return self.ops.splat(self.memory.load_contiguous(pointer, type_.element), type_.lanes)
            return self.memory.load_strided(pointer, affine.lane_stride, type_)
        return self.memory.gather(storage.pointer, self.emit(expr.index), self._full(mask, type_.lanes), type_)

    def prefetch(self, buffer: str, index: Expr) -> None:
        """Ask for the cache line of an element, to be read; what is held in registers has none."""
        storage = self._storage(buffer)
        if isinstance(storage, Slots):
            return
        affine = _scalar(decompose(index, self.scopes.definition))
        self.memory.prefetch(self.addresses.element_pointer(storage, affine))

    def place(self, store: Store) -> Callable[[ll.Value], None]:
        """Emit the address and the mask of a store, and return what emits the store of its value."""
        storage, type_ = self._storage(store.buffer), store.value.type
        affine = decompose(store.index, self.scopes.definition)
        mask = self._mask(store.predicate, type_.lanes)
        if isinstance(storage, Slots):
            pointer = self._slot(store.buffer, storage, affine, type_)
            emit = partial(self._store_slot, pointer=pointer, mask=mask, type_=type_)
        elif store.streamed and mask is None and type_.lanes > 1 and affine is not None and affine.lane_stride == 1:
            pointer = self.addresses.element_pointer(storage, affine)
            emit = partial(self._stream, pointer=pointer, storage=storage, affine=affine, type_=type_)
        elif type_.lanes == 1 or affine is not None and (affine.lane_stride == 1 or mask is None):
            pointer = self.addresses.element_pointer(storage, _scalar(affine))
            emit = partial(
                self._store_from, pointer=pointer, mask=mask, type_=type_, stride=_scalar(affine).lane_stride
            )
        else:
            full, indices = self._full(mask, type_.lanes), self.emit(store.index)
            emit = partial(self.memory.scatter, base=storage.pointer, indices=indices, mask=full, type_=type_)

        def write(value: ll.Value) -> None:
            emit(value)
            self._recent_loads.pop(store.buffer, None)

        return write

    def _stream(self, value: ll.Value, pointer: ll.Value, storage: Flat, affine: Affine, type_: DType) -> None:
        emit_streamed(self.ops, self.memory.to_memory(value, type_), pointer, storage, affine, type_)
        self.forget_loads()

    def _store_slot(self, value: ll.Value, pointer: ll.Value, mask: ll.Value | None, type_: DType) -> None:
        if mask is not None:
            value = self.ops.select(mask, value, self.memory.load_contiguous(pointer, type_))
        self.memory.store_contiguous(value, pointer, type_)

    def _store_from(self, value: ll.Value, pointer: ll.Value, mask: ll.Value | None, type_: DType, stride: int) -> None:
        """Store lanes that are `stride` elements apart, from `pointer` on; under a mask, only one or dense lanes."""
        if type_.lanes > 1 and stride != 1:
            self.memory.store_strided(value, pointer, stride, type_)
        elif mask is None:
            self.memory.store_contiguous(value, pointer, type_)
        elif type_.lanes > 1:
            self.memory.store_masked(value, pointer, mask, type_)
        else:
            self.memory.store_scalar_if(value, pointer, mask, type_)
            self.forget_loads()

    def accumulate(self, stmt: Accumulate) -> None:
        """Emit an accumulation, one lane after the other."""
        lanes = stmt.value.type.lanes
        value, mask = self.emit(stmt.value), self._mask(stmt.predicate, lanes)
        kinds = stmt.type, stmt.value.type.element
        for lane, pointer in enumerate(self._element_pointers(stmt)):
            term, is_on = value, mask
            if lanes > 1:
                term = self.builder.extract_element(value, ll.Constant(I32, lane))
                is_on = None if mask is None else self.builder.extract_element(mask, ll.Constant(I32, lane))
            with nullcontext() if is_on is None else self.builder.if_then(is_on):
                emit_accumulate(self.memory, stmt.op, pointer, term, kinds, is_atomic=stmt.atomic)
        self.forget_loads()

    def _element_pointers(self, stmt: Accumulate) -> list[ll.Value]:
        """The address of each lane's element."""
        storage, lanes = self._storage(stmt.buffer), stmt.index.type.lanes
        affine = decompose(stmt.index, self.scopes.definition)
        if isinstance(storage, Slots):
            first = self._slot(stmt.buffer, storage, affine, stmt.type.with_lanes(lanes))
        elif affine is not None:
            first = self.addresses.element_pointer(storage, affine)
        else:
            indices, element = self.emit(stmt.index), memory_element(stmt.type)
            places = [self.builder.extract_element(indices, ll.Constant(I32, lane)) for lane in range(lanes)]
            return [self.builder.gep(storage.pointer, [place], source_etype=element) for place in places]
        stride = 0 if affine is None else affine.lane_stride
        return [shift(self.builder, first, lane * stride, stmt.type) for lane in range(lanes)]

    def _storage(self, buffer: str) -> Storage:
        storage = self.storages.get(buffer)
        if storage is None:
            raise InternalError(f"code generation: buffer {buffer!r} is not allocated here.")
        return storage

    def _slot(self, buffer: str, storage: Slots, affine: Affine | None, type_: DType) -> ll.Value:
        place = _scalar(affine)
        if place.terms:
            raise InternalError(f"code generation: the index of register array {buffer!r} is not a constant.")
        return storage.cells[place.constant, type_.lanes]

    def _mask(self, predicate: Expr | None, lanes: int) -> ll.Value | None:
        """The mask of an access, or None if all lanes are on."""
        if predicate is None or isinstance(predicate, Const) and predicate.value:
            return None
        mask = self.emit(predicate)
        return self.ops.splat(mask, lanes) if lanes_of(mask.type) < lanes else mask

    def _full(self, mask: ll.Value | None, lanes: int) -> ll.Value:
        return self.ops.const(vector(I1, lanes), 1) if mask is None else mask


def _scalar(affine: Affine | None) -> Affine:
    if affine is None:
        raise InternalError("code generation: a scalar access with a vector index.")
    return affine


def _float64_like(type_: DType) -> DType:
    return float64.with_lanes(type_.lanes)
