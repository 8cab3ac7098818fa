"""Casts between element types: saturating float to integer, and float16 and bfloat16 as their bits."""

from __future__ import annotations

from llvmlite import ir as ll

from tensorlang.codegen.types import F32, I16, I32, lanes_of, register_element, vector
from tensorlang.codegen.values import Ops
from tensorlang.dtypes import DType, Kind, float32, float64


def emit_cast(ops: Ops, value: ll.Value, source: DType, result: DType) -> ll.Value:
    """Convert `value` of element type `source` to `result`; both have the same lanes.

    Float to integer saturates and NaN gives 0, integers wrap, anything to bool is ``!= 0``, floats round once, to
    nearest even.
    """
    if source.element == result.element:
        return value
    if source.is_storage_only:
        wide = _from_half(ops, value) if source.kind is Kind.FLOAT else _from_bfloat(ops, value)
        return emit_cast(ops, wide, float32.with_lanes(source.lanes), result)
    if result.is_storage_only:
        return _to_storage(ops, value, source, result)
    type_ = vector(register_element(result), lanes_of(value.type))
    if result.is_bool:
        return _to_bool(ops, value, source)
    if source.is_float and result.is_float:
        return (ops.builder.fpext if result.bits > source.bits else ops.builder.fptrunc)(value, type_)
    if source.is_float:
        name = "fptosi.sat" if result.kind is Kind.INT else "fptoui.sat"
        return ops.intrinsic(name, type_, [value], [type_, value.type])
    is_signed = source.kind is Kind.INT
    if result.is_float:
        return (ops.builder.sitofp if is_signed else ops.builder.uitofp)(value, type_)
    if source.is_bool or result.bits > source.bits:
        return (ops.builder.sext if is_signed else ops.builder.zext)(value, type_)
    return ops.builder.trunc(value, type_) if result.bits < source.bits else value


def _to_bool(ops: Ops, value: ll.Value, source: DType) -> ll.Value:
    zero = ops.const(value.type, 0.0 if source.is_float else 0)
    if source.is_float:
        return ops.builder.fcmp_unordered("!=", value, zero)
    return ops.builder.icmp_unsigned("!=", value, zero)


def _to_storage(ops: Ops, value: ll.Value, source: DType, result: DType) -> ll.Value:
    """Through float32; what float32 cannot hold is rounded to odd first, which the second rounding does not see."""
    if source.is_float and source.bits == 32:
        narrow = value
    elif source.is_integer and source.bits <= 16 or source.is_bool:
        narrow = emit_cast(ops, value, source, float32.with_lanes(source.lanes))
    else:
        wide = emit_cast(ops, value, source, float64.with_lanes(source.lanes))
        narrow = _round_to_odd(ops, wide)
    return _to_half(ops, narrow) if result.kind is Kind.FLOAT else _to_bfloat(ops, narrow)


def _round_to_odd(ops: Ops, value: ll.Value) -> ll.Value:
    """float64 to float32: exact values stay, others are truncated and their last bit set (Boldo and Melquiond 2008)."""
    builder = ops.builder
    narrow_type = vector(F32, lanes_of(value.type))
    nearest = builder.fptrunc(value, narrow_type)
    back = builder.fpext(nearest, value.type)
    bits = ops.bits(nearest)
    one = ops.const(bits.type, 1)
    is_away = builder.fcmp_ordered(">", ops.unary("fabs", back), ops.unary("fabs", value))
    truncated = ops.select(is_away, builder.sub(bits, one), bits)
    is_inexact = builder.fcmp_ordered("!=", back, value)
    odd = ops.select(is_inexact, builder.or_(truncated, one), truncated)
    return ops.from_bits(odd, narrow_type)


def _from_bfloat(ops: Ops, value: ll.Value) -> ll.Value:
    wide = ops.builder.zext(value, vector(I32, lanes_of(value.type)))
    shifted = ops.builder.shl(wide, ops.const(wide.type, 16))
    return ops.from_bits(shifted, vector(F32, lanes_of(value.type)))


def _to_bfloat(ops: Ops, value: ll.Value) -> ll.Value:
    """Round to nearest even in integer code; a NaN keeps its sign and is made quiet."""
    builder, bits = ops.builder, ops.bits(value)

    def const(number: int) -> ll.Constant:
        return ops.const(bits.type, number)

    last = builder.and_(builder.lshr(bits, const(16)), const(1))
    rounded = builder.add(bits, builder.add(last, const(0x7FFF)))
    quiet = builder.or_(bits, const(0x400000))
    chosen = ops.select(ops.is_nan(value), quiet, rounded)
    return builder.trunc(builder.lshr(chosen, const(16)), vector(I16, lanes_of(value.type)))


def _from_half(ops: Ops, value: ll.Value) -> ll.Value:
    lanes = lanes_of(value.type)
    if ops.target.has_f16c:
        half = ops.builder.bitcast(value, vector(ll.HalfType(), lanes))
        return ops.builder.fpext(half, vector(F32, lanes))
    # Shift the fields into place; multiplying by 2**112 rebases the exponent and normalises denormals, exactly.
    builder, wide = ops.builder, ops.builder.zext(value, vector(I32, lanes))

    def const(number: int) -> ll.Constant:
        return ops.const(wide.type, number)

    magnitude = builder.shl(builder.and_(wide, const(0x7FFF)), const(13))
    sign = builder.shl(builder.and_(wide, const(0x8000)), const(16))
    scaled = builder.fmul(ops.from_bits(magnitude, vector(F32, lanes)), ops.const(vector(F32, lanes), 2.0**112))
    is_special = builder.icmp_unsigned(">=", magnitude, const(0x7C00 << 13))
    special = builder.or_(magnitude, const(0x7F800000))
    bits = ops.select(is_special, special, ops.bits(scaled))
    return ops.from_bits(builder.or_(bits, sign), vector(F32, lanes))


def _to_half(ops: Ops, value: ll.Value) -> ll.Value:
    lanes = lanes_of(value.type)
    if ops.target.has_f16c:
        half = ops.builder.fptrunc(value, vector(ll.HalfType(), lanes))
        return ops.builder.bitcast(half, vector(I16, lanes))
    builder, bits = ops.builder, ops.bits(value)

    def const(number: int) -> ll.Constant:
        return ops.const(bits.type, number)

    sign = builder.and_(builder.lshr(bits, const(16)), const(0x8000))
    magnitude = builder.and_(bits, const(0x7FFFFFFF))
    # Normal results: rebase the exponent, round to nearest even by adding just under half a unit.
    last = builder.and_(builder.lshr(magnitude, const(13)), const(1))
    rebased = builder.sub(magnitude, const(112 << 23))
    normal = builder.lshr(builder.add(rebased, builder.add(last, const(0xFFF))), const(13))
    # Denormal results: adding 0.5 leaves the rounded result in the low bits.
    absolute = ops.from_bits(magnitude, value.type)
    shifted = ops.bits(builder.fadd(absolute, ops.const(value.type, 0.5)))
    denormal = builder.sub(shifted, const(0x3F000000))
    result = ops.select(builder.icmp_unsigned("<", magnitude, const(113 << 23)), denormal, normal)
    is_huge = builder.icmp_unsigned(">=", magnitude, const(0x477FF000))
    result = ops.select(is_huge, const(0x7C00), result)
    result = ops.select(ops.is_nan(value), const(0x7E00), result)
    return builder.trunc(builder.or_(result, sign), vector(I16, lanes))
