"""exp, log, tanh and erf as polynomials, one code for scalars and vectors: a tail computes what a vector does.

`tensorlang.lang.accuracy` states their errors; `trigonometry` and `power` have sin, cos and pow.
"""

from __future__ import annotations

from llvmlite import ir as ll

from tensorlang.codegen.math_tables import DOUBLE, SINGLE, MathTable
from tensorlang.codegen.polynomials import horner
from tensorlang.codegen.types import F32, element_of
from tensorlang.codegen.values import Ops


def exp(ops: Ops, x: ll.Value) -> ll.Value:
    """``e**x``, about 1 unit in the last place; overflow gives inf, underflow denormals, then 0.

    ``x == n * ln 2 + r``, ``e**x == 2**n * e**r``, after Cody and Waite (1980).
    """
    table, builder = _table(x), ops.builder

    def const(value: float) -> ll.Constant:
        return ops.const(x.type, value)

    # Comparisons are false for NaN, so that NaN goes through.
    x = ops.select(builder.fcmp_ordered(">", x, const(table.exp_max)), const(table.exp_max), x)
    x = ops.select(builder.fcmp_ordered("<", x, const(table.exp_min)), const(table.exp_min), x)
    # Adding 1.5 * 2**mantissa rounds to the nearest integer and leaves it in the low bits.
    shifted = ops.fma(x, const(table.log2_e), const(table.rounder))
    multiple = builder.fsub(shifted, const(table.rounder))
    rest = ops.fma(multiple, const(-table.ln2_short), x)
    rest = ops.fma(multiple, const(-table.ln2_rest), rest)
    power = horner(ops, rest, table.exp)
    bits = ops.bits(shifted)
    exponent = builder.sub(bits, ops.bits(const(table.rounder)))
    return scale_by_power_of_two(ops, power, exponent)


def log(ops: Ops, x: ll.Value) -> ll.Value:
    """Natural logarithm, about 1 unit in the last place; log(0) is -inf, of a negative number NaN.

    Algorithm and coefficients after FreeBSD's ``e_log.c`` (Sun Microsystems 1993) and ``e_logf.c``.
    """
    table, builder = _table(x), ops.builder

    def const(value: float) -> ll.Constant:
        return ops.const(x.type, value)

    is_tiny = builder.fcmp_ordered("<", x, const(table.min_normal))
    scaled = ops.select(is_tiny, builder.fmul(x, const(2.0**table.mantissa_bits)), x)
    bits = ops.bits(scaled)

    def integer(value: int) -> ll.Constant:
        return ops.const(bits.type, value)

    above = builder.sub(bits, integer(table.sqrt_half_bits))
    exponent = builder.sitofp(builder.ashr(above, integer(table.mantissa_bits)), x.type)
    exponent = ops.select(is_tiny, builder.fsub(exponent, const(table.mantissa_bits)), exponent)
    mantissa = builder.and_(above, integer((1 << table.mantissa_bits) - 1))
    mantissa = ops.from_bits(builder.add(mantissa, integer(table.sqrt_half_bits)), x.type)
    f = builder.fsub(mantissa, const(1.0))
    s = builder.fdiv(f, builder.fadd(f, const(2.0)))
    z = builder.fmul(s, s)
    series = builder.fmul(z, horner(ops, z, table.log))
    half_square = builder.fmul(const(0.5), builder.fmul(f, f))
    low = ops.fma(s, builder.fadd(half_square, series), builder.fmul(exponent, const(table.ln2_low)))
    result = ops.fma(exponent, const(table.ln2_high), builder.fsub(f, builder.fsub(half_square, low)))
    result = ops.select(builder.fcmp_ordered("==", x, const(0.0)), const(float("-inf")), result)
    result = ops.select(builder.fcmp_unordered("<", x, const(0.0)), const(float("nan")), result)
    return ops.select(builder.fcmp_ordered("==", x, const(float("inf"))), x, result)


def tanh(ops: Ops, x: ll.Value) -> ll.Value:
    """Hyperbolic tangent: a polynomial or rational function near 0, ``1 - 2 / (exp(2 |x|) + 1)`` elsewhere (Cephes)."""
    table, builder = _table(x), ops.builder

    def const(value: float) -> ll.Constant:
        return ops.const(x.type, value)

    magnitude = ops.unary("fabs", x)
    square = builder.fmul(x, x)
    near = horner(ops, square, table.tanh_numerator)
    if table.tanh_denominator:
        near = builder.fdiv(near, horner(ops, square, table.tanh_denominator))
    near = ops.fma(builder.fmul(x, square), near, x)
    power = exp(ops, builder.fadd(magnitude, magnitude))
    far = builder.fsub(const(1.0), builder.fdiv(const(2.0), builder.fadd(power, const(1.0))))
    result = ops.select(builder.fcmp_ordered("<", magnitude, const(0.625)), near, far)
    # The sum of `near` loses the sign of -0.0.
    return ops.intrinsic("copysign", x.type, [result, x], [x.type])


def erf(ops: Ops, x: ll.Value) -> ll.Value:
    """Error function: odd polynomial below 1, ``1 - exp(-x**2) * erfcx(x)`` above, erfcx in ``(x - 2) / (x + 2)``."""
    table, builder = _table(x), ops.builder

    def const(value: float) -> ll.Constant:
        return ops.const(x.type, value)

    magnitude = ops.unary("fabs", x)
    # The first coefficient less 1, which is added last: the error of the polynomial then counts an eighth.
    first, *others = table.erf_near
    near = ops.fma(x, horner(ops, builder.fmul(x, x), (first - 1.0, *others)), x)
    clamped = ops.select(builder.fcmp_ordered(">", magnitude, const(table.erf_max)), const(table.erf_max), magnitude)
    t = builder.fdiv(builder.fsub(clamped, const(2.0)), builder.fadd(clamped, const(2.0)))
    decay = exp(ops, builder.fneg(builder.fmul(clamped, clamped)))
    far = builder.fsub(const(1.0), builder.fmul(decay, horner(ops, t, table.erfcx)))
    far = ops.intrinsic("copysign", x.type, [far, x], [x.type])
    return ops.select(builder.fcmp_ordered("<", magnitude, const(1.0)), near, far)


def scale_by_power_of_two(ops: Ops, x: ll.Value, exponent: ll.Value) -> ll.Value:
    """``x * 2**exponent``; in two steps, as the power alone may be out of range where the product is not."""
    builder, table = ops.builder, _table(x)
    half = builder.ashr(exponent, ops.const(exponent.type, 1))
    for part in (half, builder.sub(exponent, half)):
        x = builder.fmul(x, _power_of_two(ops, part, x.type, table))
    return x


def _table(x: ll.Value) -> MathTable:
    return SINGLE if element_of(x.type) == F32 else DOUBLE


def _power_of_two(ops: Ops, exponent: ll.Value, type_: ll.Type, table: MathTable) -> ll.Value:
    biased = ops.builder.add(exponent, ops.const(exponent.type, table.exponent_bias))
    return ops.from_bits(ops.builder.shl(biased, ops.const(exponent.type, table.mantissa_bits)), type_)
