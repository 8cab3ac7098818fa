"""pow with the special cases of C99 (Annex F.9.4.4), one code for scalars and vectors.

``|x|**y == exp(y * log(|x|))``, with the logarithm and its product by y as sums of two floats, since an error of theirs
is an error of the result up to 745 times as large. float32 is computed in float64, and rounded once.
"""

from __future__ import annotations

from llvmlite import ir as ll

from tensorlang.codegen import math
from tensorlang.codegen.double_double import Pair, fast_two_sum, two_product, two_sum
from tensorlang.codegen.math_tables import DOUBLE
from tensorlang.codegen.outline import outlined
from tensorlang.codegen.polynomials import horner
from tensorlang.codegen.types import F32, F64, element_of, lanes_of, vector
from tensorlang.codegen.values import Ops

#: ln 2 and ln 1.5 in two parts, the first a multiple of 2**-42: sums of such with exponents as factors are exact.
_LN2, _LN2_REST = float.fromhex("0x1.62e42fefa3800p-1"), float.fromhex("0x1.ef35793c76730p-45")
_LN1_5, _LN1_5_REST = float.fromhex("0x1.9f323ecbfa000p-2"), float.fromhex("-0x1.ed03525ca2643p-44")
_THIRD, _THIRD_REST = 1.0 / 3.0, 2.0**-54 / 3.0
_SQRT_1_5 = 1.5**0.5
_SQRT_0_75_BITS = 0x3FEBB67AE8584CAA
_LARGEST_EXPONENT_OF_INTEREST = 2.0**66  # |x**y| is 0, 1 or infinite for every larger y
_LARGEST_LOG_OF_INTEREST = 800.0

# (atanh(s) / s - 1 - s**2 / 3) / s**4 as a polynomial of s**2 for |s| <= 0.10103, interpolated at Chebyshev points with
# 70 digits: 2**-70, relative to atanh(s).
_ATANH = (
    0.2,
    0.14285714285714213,
    0.11111111111226335,
    0.09090909023242133,
    0.07692326601476077,
    0.06663957895406629,
    0.06074126049752052,
)


def emit_pow(ops: Ops, x: ll.Value, y: ll.Value) -> ll.Value:
    """``x**y``; squares and square roots of literal exponents are computed as such."""
    exponent = _literal(y)
    if exponent == 2.0:
        return ops.builder.fmul(x, x)
    if exponent == 0.5:
        return _square_root(ops, x)
    return outlined(ops, "pow", _pow, x, y)


def _literal(value: ll.Value) -> float | None:
    """The value of a literal that is the same in all lanes; of 0 None."""
    if not isinstance(value, ll.Constant):
        return None
    constant = value.constant
    if isinstance(constant, list):
        lanes = {getattr(lane, "constant", lane) for lane in constant}
        constant = lanes.pop() if len(lanes) == 1 else None
    return constant if isinstance(constant, float) else None


def _square_root(ops: Ops, x: ll.Value) -> ll.Value:
    """As pow has it: of -0 it is 0, of -inf inf."""
    builder = ops.builder
    root = builder.fadd(ops.unary("sqrt", x), ops.const(x.type, 0.0))
    infinity = ops.const(x.type, float("inf"))
    return ops.select(builder.fcmp_ordered("==", ops.unary("fabs", x), infinity), infinity, root)


def _pow(ops: Ops, x: ll.Value, y: ll.Value) -> ll.Value:
    builder, type_ = ops.builder, x.type
    is_single = element_of(type_) == F32
    if is_single:
        x, y = (builder.fpext(value, vector(F64, lanes_of(type_))) for value in (x, y))

    def const(value: float) -> ll.Constant:
        return ops.const(x.type, value)

    magnitude, one, zero = ops.unary("fabs", x), const(1.0), const(0.0)
    result = (_short_power if is_single else _long_power)(ops, magnitude, y)
    is_whole = builder.fcmp_ordered("==", ops.unary("floor", y), y)
    half = builder.fmul(y, const(0.5))
    is_odd = builder.and_(is_whole, builder.fcmp_ordered("!=", ops.unary("floor", half), half))
    signed = ops.intrinsic("copysign", x.type, [result, x], [x.type])
    result = ops.select(is_odd, signed, result)
    is_finite_negative = builder.and_(
        builder.fcmp_ordered("<", x, zero), builder.fcmp_ordered("<", magnitude, const(float("inf")))
    )
    is_undefined = builder.and_(is_finite_negative, ops.not_(is_whole))
    # NaN operands make an infinity or a number of some of the steps before.
    is_undefined = builder.or_(is_undefined, builder.fcmp_unordered("uno", x, y))
    result = ops.select(is_undefined, const(float("nan")), result)
    is_one = builder.or_(builder.fcmp_ordered("==", x, one), builder.fcmp_ordered("==", y, zero))
    minus_one_to_infinity = builder.and_(
        builder.fcmp_ordered("==", magnitude, one),
        builder.fcmp_ordered("==", ops.unary("fabs", y), const(float("inf"))),
    )
    result = ops.select(builder.or_(is_one, minus_one_to_infinity), one, result)
    return builder.fptrunc(result, type_) if is_single else result


def _short_power(ops: Ops, x: ll.Value, y: ll.Value) -> ll.Value:
    """``x**y`` for an x >= 0 of 24 bits, right to 2**-43; infinities and zeros come out of exp and log."""
    return math.exp(ops, ops.builder.fmul(y, math.log(ops, x)))


def _long_power(ops: Ops, x: ll.Value, y: ll.Value) -> ll.Value:
    """``x**y`` for x >= 0, about 0.55 units in the last place."""
    builder = ops.builder

    def const(value: float) -> ll.Constant:
        return ops.const(x.type, value)

    high, low = _log(ops, x)
    for sign, compare in ((1.0, ">"), (-1.0, "<")):
        limit = const(sign * _LARGEST_EXPONENT_OF_INTEREST)
        y = ops.select(builder.fcmp_ordered(compare, y, limit), limit, y)
    product, error = two_product(ops, y, high)
    error = ops.fma(y, low, error)
    is_far = builder.fcmp_ordered(">", ops.unary("fabs", product), const(_LARGEST_LOG_OF_INTEREST))
    far = ops.intrinsic("copysign", x.type, [const(_LARGEST_LOG_OF_INTEREST), product], [x.type])
    product, error = ops.select(is_far, far, product), ops.select(is_far, const(0.0), error)
    result = _exp(ops, product, error)
    # The logarithm took 0 and infinity for numbers.
    is_shrinking = builder.fcmp_ordered("<", y, const(0.0))
    is_zero = builder.fcmp_ordered("==", x, const(0.0))
    is_extreme = builder.or_(is_zero, builder.fcmp_ordered("==", x, const(float("inf"))))
    extreme = ops.select(builder.xor(is_zero, is_shrinking), const(0.0), const(float("inf")))
    return ops.select(is_extreme, extreme, result)


def _log(ops: Ops, x: ll.Value) -> Pair:
    """The natural logarithm of a positive finite number as a sum of two, right to 2**-67.

    ``x == 2**e * c * (1 + s) / (1 - s)`` with c of 1 or 1.5, ``|s| <= 0.1011``; the last factor has the logarithm
    ``2 * atanh(s)``.
    """
    builder = ops.builder

    def const(value: float) -> ll.Constant:
        return ops.const(x.type, value)

    mantissa, exponent = _decompose(ops, x)
    is_upper = builder.fcmp_ordered(">=", mantissa, const(_SQRT_1_5))
    center = ops.select(is_upper, const(1.5), const(1.0))
    s = _quotient(ops, builder.fsub(mantissa, center), two_sum(ops, mantissa, center))
    part, part_low = _twice_atanh(ops, s)
    known = ops.select(is_upper, const(_LN1_5), const(0.0))
    known = builder.fadd(builder.fmul(exponent, const(_LN2)), known)
    known_low = ops.select(is_upper, const(_LN1_5_REST), const(0.0))
    known_low = ops.fma(exponent, const(_LN2_REST), known_low)
    high, low = two_sum(ops, known, part)
    return fast_two_sum(ops, high, builder.fadd(low, builder.fadd(part_low, known_low)))


def _decompose(ops: Ops, x: ll.Value) -> Pair:
    """``(m, e)`` with ``x == m * 2**e`` and m from sqrt(0.75) to sqrt(3)."""
    builder, table = ops.builder, DOUBLE
    is_tiny = builder.fcmp_ordered("<", x, ops.const(x.type, table.min_normal))
    scaled = ops.select(is_tiny, builder.fmul(x, ops.const(x.type, 2.0**table.mantissa_bits)), x)
    bits = ops.bits(scaled)
    above = builder.sub(bits, ops.const(bits.type, _SQRT_0_75_BITS))
    exponent = builder.sitofp(builder.ashr(above, ops.const(bits.type, table.mantissa_bits)), x.type)
    exponent = ops.select(is_tiny, builder.fsub(exponent, ops.const(x.type, table.mantissa_bits)), exponent)
    fraction = builder.and_(above, ops.const(bits.type, (1 << table.mantissa_bits) - 1))
    mantissa = ops.from_bits(builder.add(fraction, ops.const(bits.type, _SQRT_0_75_BITS)), x.type)
    return mantissa, exponent


def _quotient(ops: Ops, numerator: ll.Value, denominator: Pair) -> Pair:
    """``numerator / denominator`` as a sum of two, right to 2**-104."""
    builder = ops.builder
    quotient = builder.fdiv(numerator, denominator[0])
    product, error = two_product(ops, quotient, denominator[0])
    rest = builder.fsub(builder.fsub(numerator, product), error)
    rest = builder.fsub(rest, builder.fmul(quotient, denominator[1]))
    return quotient, builder.fdiv(rest, denominator[0])


def _twice_atanh(ops: Ops, s: Pair) -> Pair:
    """``2 * (s + s**3 / 3 + s**5 * P(s**2))``, the cubic term as a sum of two."""
    builder = ops.builder

    def const(value: float) -> ll.Constant:
        return ops.const(s[0].type, value)

    square, square_low = two_product(ops, s[0], s[0])
    square_low = ops.fma(builder.fadd(s[0], s[0]), s[1], square_low)
    third, third_low = two_product(ops, square, const(_THIRD))
    third_low = ops.fma(square, const(_THIRD_REST), third_low)
    third_low = ops.fma(square_low, const(_THIRD), third_low)
    tail = builder.fmul(builder.fmul(square, square), horner(ops, square, _ATANH))
    series, series_low = fast_two_sum(ops, third, tail)
    series_low = builder.fadd(series_low, third_low)
    twice, twice_low = (builder.fadd(part, part) for part in s)
    more, more_low = two_product(ops, twice, series)
    more_low = ops.fma(twice, series_low, more_low)
    more_low = ops.fma(twice_low, series, more_low)
    high, low = fast_two_sum(ops, twice, more)
    return high, builder.fadd(low, builder.fadd(more_low, twice_low))


def _exp(ops: Ops, high: ll.Value, low: ll.Value) -> ll.Value:
    """``e**(high + low)`` with one rounding that counts: ``1 + r`` is kept as a sum of two."""
    builder, table = ops.builder, DOUBLE

    def const(value: float) -> ll.Constant:
        return ops.const(high.type, value)

    shifted = ops.fma(high, const(table.log2_e), const(table.rounder))
    multiple = builder.fsub(shifted, const(table.rounder))
    rest = builder.fsub(high, builder.fmul(multiple, const(_LN2)))
    low = builder.fsub(low, builder.fmul(multiple, const(_LN2_REST)))
    rest, low = two_sum(ops, rest, low)
    tail = builder.fmul(builder.fmul(rest, rest), horner(ops, rest, table.exp[2:]))
    total, lost = fast_two_sum(ops, const(1.0), rest)
    # exp(r + low) - 1 - r, of which low * exp(r) is taken for low * (1 + r).
    small = builder.fadd(tail, builder.fadd(ops.fma(low, rest, low), lost))
    power = builder.fadd(total, small)
    exponent = builder.sub(ops.bits(shifted), ops.bits(const(table.rounder)))
    return math.scale_by_power_of_two(ops, power, exponent)
