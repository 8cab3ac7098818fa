"""Lanes combined to one value, and accumulation in memory: lane by lane, and atomic where threads meet."""

from __future__ import annotations

from llvmlite import ir as ll

from tensorlang.codegen.arithmetic import emit_binary
from tensorlang.codegen.conversions import emit_cast
from tensorlang.codegen.memory import Memory
from tensorlang.codegen.types import I32, element_of, lanes_of, memory_type
from tensorlang.codegen.values import Ops
from tensorlang.dtypes import DType, Kind
from tensorlang.ir.expr import BinaryOp

_ORDER = "monotonic"  # Only the element itself is shared; the end of a parallel loop orders everything else.
_BOOL = {
    BinaryOp.ADD: "or",
    BinaryOp.MUL: "and",
    BinaryOp.MIN: "and",
    BinaryOp.MAX: "or",
    BinaryOp.AND: "and",
    BinaryOp.OR: "or",
    BinaryOp.BIT_AND: "and",
    BinaryOp.BIT_OR: "or",
    BinaryOp.BIT_XOR: "xor",
}
_INTEGER = {
    BinaryOp.ADD: "add",
    BinaryOp.BIT_AND: "and",
    BinaryOp.BIT_OR: "or",
    BinaryOp.BIT_XOR: "xor",
}


def emit_vector_reduce(ops: Ops, op: BinaryOp, value: ll.Value, type_: DType) -> ll.Value:
    """Combine all lanes of `value`, of element type `type_`, by an associative operator."""
    name = _reduction_name(op, type_)
    if name is not None:
        return ops.intrinsic(f"vector.reduce.{name}", element_of(value.type), [value], [value.type])
    return _halve(ops, op, value, type_)


def _reduction_name(op: BinaryOp, type_: DType) -> str | None:
    """LLVM's reduction of integers; those of floats keep an order, or treat NaN in another way."""
    if type_.is_bool:
        return _BOOL[op]
    if not type_.is_integer:
        return None
    if op in (BinaryOp.MIN, BinaryOp.MAX):
        return ("s" if type_.kind is Kind.INT else "u") + op.value
    return "mul" if op is BinaryOp.MUL else _INTEGER[op]


def _halve(ops: Ops, op: BinaryOp, value: ll.Value, type_: DType) -> ll.Value:
    """Combine the lower half of the lanes with the upper one until one is left."""
    left_over: list[ll.Value] = []
    lanes = lanes_of(value.type)
    while lanes > 1:
        if lanes % 2:
            left_over.append(_lane(ops, value, lanes - 1))
        lanes //= 2
        if lanes == 1:
            low, high = _lane(ops, value, 0), _lane(ops, value, 1)
        else:
            low, high = (ops.shuffle(value, value, range(start, start + lanes)) for start in (0, lanes))
        value = emit_binary(ops, op, low, high, type_.with_lanes(lanes))
    for lane in left_over:
        value = emit_binary(ops, op, value, lane, type_.element)
    return value


def _lane(ops: Ops, value: ll.Value, lane: int) -> ll.Value:
    return ops.builder.extract_element(value, ll.Constant(I32, lane))


def emit_accumulate(
    memory: Memory, op: BinaryOp, pointer: ll.Value, value: ll.Value, kinds: tuple[DType, DType], *, is_atomic: bool
) -> None:
    """Emit ``*pointer = *pointer op value`` for one element; `kinds` are the types of the element and of `value`."""
    element, wide = kinds
    if not is_atomic:
        old = memory.load_contiguous(pointer, element)
        memory.store_contiguous(_combined(memory.ops, op, old, value, kinds), pointer, element)
        return
    name = _instruction_name(op, element) if element == wide else None
    if name is not None:
        memory.builder.atomic_rmw(name, pointer, memory.to_memory(value, element), _ORDER)
        return
    _compare_and_swap(memory, op, pointer, value, kinds)


def _instruction_name(op: BinaryOp, type_: DType) -> str | None:
    """The atomic instruction of an operator, or None."""
    if type_.is_bool:
        return _BOOL[op]
    if not type_.is_integer:
        return None
    if op in (BinaryOp.MIN, BinaryOp.MAX):
        return ("" if type_.kind is Kind.INT else "u") + op.value
    return _INTEGER.get(op)


def _compare_and_swap(
    memory: Memory, op: BinaryOp, pointer: ll.Value, value: ll.Value, kinds: tuple[DType, DType]
) -> None:
    """Store the result if the element is still what was loaded; else try again with what it is now."""
    element, builder = kinds[0], memory.builder
    kind, bits = memory_type(element), ll.IntType(8 * element.size_bytes)
    first = builder.load_atomic(pointer, _ORDER, element.size_bytes, typ=bits)
    before, attempt, done = builder.block, builder.append_basic_block("attempt"), builder.append_basic_block("swapped")
    builder.branch(attempt)
    builder.position_at_end(attempt)
    expected = builder.phi(bits)
    expected.add_incoming(first, before)
    old = memory.from_memory(builder.bitcast(expected, kind), element)
    new = memory.to_memory(_combined(memory.ops, op, old, value, kinds), element)
    outcome = builder.cmpxchg(pointer, expected, builder.bitcast(new, bits), _ORDER, _ORDER)
    expected.add_incoming(builder.extract_value(outcome, 0), builder.block)
    builder.cbranch(builder.extract_value(outcome, 1), done, attempt)
    builder.position_at_end(done)


def _combined(ops: Ops, op: BinaryOp, old: ll.Value, value: ll.Value, kinds: tuple[DType, DType]) -> ll.Value:
    """``old op value`` in the type of the value, as an element."""
    element, wide = kinds
    total = emit_binary(ops, op, emit_cast(ops, old, element, wide), value, wide)
    return emit_cast(ops, total, wide, element)
