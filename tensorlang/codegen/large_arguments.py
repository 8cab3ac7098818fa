"""Large arguments of sin and cos less their multiples of pi / 2, after Payne and Hanek (1983).

``x == m * 2**k`` with an integer m of 53 bits. Of ``2 / pi * 2**k`` the bits above 2 give whole turns whatever m is,
and what lies 190 bits further down changes nothing: so 192 bits of 2 / pi, starting at a place that depends on k, times
m modulo 2**192 is the number of quarter turns modulo 4, as a fixed-point number.
"""

from __future__ import annotations

from llvmlite import ir as ll

from tensorlang.codegen.double_double import fast_two_sum, two_product
from tensorlang.codegen.types import F64, I64
from tensorlang.codegen.values import Ops, int_constant

_I128 = ll.IntType(128)

#: The first 1216 bits of 2 / pi, high word first, after a word of zeros for arguments whose window starts above.
_TWO_OVER_PI = (
    0x0000000000000000, 0xA2F9836E4E441529, 0xFC2757D1F534DDC0, 0xDB6295993C439041, 0xFE5163ABDEBBC561,
    0xB7246E3A424DD2E0, 0x06492EEA09D1921C, 0xFE1DEB1CB129A73E, 0xE88235F52EBB4484, 0xE99C7026B45F7E41,
    0x3991D639835339F4, 0x9C845F8BBDF9283B, 0x1FF897FFDE05980F, 0xEF2F118B5A0A6D1F, 0x6D367ECF27CB09B7,
    0x4F463F669E5FEA2D, 0x7527BAC7EBE5F17B, 0x3D0739F78A5292EA, 0x6BFB5FB11F8D5D08, 0x56033046FC7B6BAB,
)  # fmt: skip
_TABLE_NAME = "tensorlang.two_over_pi"

#: pi / 2 as a sum of two float64.
_HALF_PI_HIGH, _HALF_PI_LOW = float.fromhex("0x1.921fb54442d18p+0"), float.fromhex("0x1.1a62633145c07p-54")

_MANTISSA_BITS, _EXPONENT_BIAS = 52, 1023


def reduce_large(ops: Ops, x: ll.Value) -> tuple[ll.Value, ll.Value, ll.Value]:
    """``(rest, lack, n)`` with ``x == n * pi / 2 + rest + lack`` modulo ``2 * pi``, ``|rest| <= pi / 4``.

    Parameters
    ----------
    x : float64 scalar, ``2**-8 <= |x| < inf``

    Returns
    -------
    rest, lack : float64 scalars
        The remainder as a sum of two.
    n : int64 scalar
        The quarter turns, modulo 4.
    """
    builder = ops.builder
    bits = ops.bits(x)
    biased = builder.and_(builder.lshr(bits, int_constant(_MANTISSA_BITS)), int_constant(0x7FF))
    fraction = builder.and_(bits, int_constant((1 << _MANTISSA_BITS) - 1))
    mantissa = builder.or_(fraction, int_constant(1 << _MANTISSA_BITS))
    turns = _turns(ops, mantissa, biased)
    # The nearest whole number of quarters, and a signed rest of 126 bits behind the point.
    nearest = builder.ashr(builder.add(turns, ll.Constant(_I128, 1 << 125)), ll.Constant(_I128, 126))
    rest = builder.sub(turns, builder.shl(nearest, ll.Constant(_I128, 126)))
    high, low = _to_floats(ops, rest)
    product, error = two_product(ops, high, ops.const(F64, _HALF_PI_HIGH))
    error = ops.fma(low, ops.const(F64, _HALF_PI_HIGH), error)
    error = ops.fma(high, ops.const(F64, _HALF_PI_LOW), error)
    rest_high, rest_low = fast_two_sum(ops, product, error)
    is_negative = builder.icmp_signed("<", bits, int_constant(0))
    count = builder.trunc(nearest, I64)
    return (
        ops.select(is_negative, builder.fneg(rest_high), rest_high),
        ops.select(is_negative, builder.fneg(rest_low), rest_low),
        ops.select(is_negative, builder.neg(count), count),
    )


def _turns(ops: Ops, mantissa: ll.Value, biased: ll.Value) -> ll.Value:
    """``m * 2**k * 2 / pi`` modulo 4, with 126 bits behind the point."""
    builder = ops.builder
    # Bit p behind the point of 2 / pi weighs 2**(k - p - 1) here, so the one of weight 2 is p = k - 2.
    first = builder.add(biased, int_constant(64 - 2 - _EXPONENT_BIAS - _MANTISSA_BITS))
    word, shift = builder.lshr(first, int_constant(6)), builder.and_(first, int_constant(63))
    table = _table(ops)
    words = []
    for n in range(4):
        pointer = builder.gep(table, [builder.add(word, int_constant(n))], source_etype=I64)
        words.append(builder.load(pointer, align=8, typ=I64))
    window = [ops.intrinsic("fshl", I64, [a, b, shift], [I64]) for a, b in zip(words, words[1:], strict=False)]
    m = builder.zext(mantissa, _I128)
    products = [builder.mul(m, builder.zext(part, _I128)) for part in window]
    word_bits = ll.Constant(_I128, 64)
    low = builder.add(products[1], builder.lshr(products[2], word_bits))
    return builder.add(builder.shl(products[0], word_bits), low)


def _to_floats(ops: Ops, value: ll.Value) -> tuple[ll.Value, ll.Value]:
    """A signed number with 126 bits behind the point, not 0, as a sum of two floats of 53 bits."""
    builder = ops.builder
    is_negative = builder.icmp_signed("<", value, ll.Constant(_I128, 0))
    magnitude = builder.select(is_negative, builder.neg(value), value)
    zeros = builder.ctlz(magnitude, ll.Constant(ll.IntType(1), 1))
    normal = builder.shl(magnitude, zeros)
    scale_bits = builder.sub(int_constant(_EXPONENT_BIAS - 126 + 22), builder.trunc(zeros, I64))
    scale = ops.from_bits(builder.shl(scale_bits, int_constant(_MANTISSA_BITS)), F64)
    parts = []
    for place, weight in ((75, 2.0**53), (22, 1.0)):
        part = builder.trunc(builder.lshr(normal, ll.Constant(_I128, place)), I64)
        part = builder.and_(part, int_constant((1 << 53) - 1))
        parts.append(builder.fmul(builder.sitofp(part, F64), builder.fmul(scale, ops.const(F64, weight))))
    high, low = (ops.select(is_negative, builder.fneg(part), part) for part in parts)
    return high, low


def _table(ops: Ops) -> ll.Value:
    module = ops.builder.module
    table = module.globals.get(_TABLE_NAME)
    if table is None:
        type_ = ll.ArrayType(I64, len(_TWO_OVER_PI))
        table = ll.GlobalVariable(module, type_, _TABLE_NAME)
        table.linkage, table.global_constant = "internal", True
        table.initializer = ll.Constant(type_, list(_TWO_OVER_PI))
    return table
