"""sin and cos as polynomials over a quarter turn, one code for scalars and vectors, for arguments of any size.

``x == n * pi / 2 + r``, ``|r| <= pi / 4``. Up to `_LIMIT` the multiples of pi / 2 are taken off in parts of 33 bits,
whose products are exact (Cody and Waite 1980); above it `large_arguments` does it, out of line. float32 is computed in
float64, and rounded once.
"""

from __future__ import annotations

import math

from llvmlite import ir as ll

from tensorlang.codegen.double_double import Pair, fast_two_sum, two_sum
from tensorlang.codegen.large_arguments import reduce_large
from tensorlang.codegen.outline import outlined
from tensorlang.codegen.polynomials import horner
from tensorlang.codegen.types import F32, F64, I1, I64, element_of, lanes_of, vector
from tensorlang.codegen.values import Ops, int_constant

#: Arguments up to this have at most 20 bits of quarter turns: times 33 bits of pi / 2, exact in float64.
_LIMIT = 2.0**20
_ROUNDER = 1.5 * 2.0**52  # added to a float64, it rounds to an integer and leaves that in the low bits

#: pi / 2 in parts of 33 bits, and the rest.
_HALF_PI = tuple(
    float.fromhex(text)
    for text in ("0x1.921fb54400000p+0", "0x1.0b4611a600000p-34", "0x1.3198a2e000000p-69", "0x1.b839a252049c1p-104")
)

# (sin(r) / r - 1) / r**2 and (cos(r) - 1 + r**2 / 2) / r**4 as polynomials of r**2 for |r| <= pi / 4, interpolated at
# Chebyshev points with 70 digits: relative errors of 2**-57 and 2**-59, and for float32 of 2**-35 and 2**-39.
_SIN = (
    -0.16666666666666666,
    0.008333333333333331,
    -0.0001984126984126506,
    2.7557319219335453e-06,
    -2.5052106231157904e-08,
    1.605853141458901e-10,
    -7.586685070091267e-13,
)
_COS = (
    0.041666666666666664,
    -0.0013888888888887395,
    2.4801587298763433e-05,
    -2.7557317270560326e-07,
    2.0876146024689747e-09,
    -1.1382614868556325e-11,
)
_SIN_SHORT = (-0.16666666663853044, 0.008333331873837089, -0.00019840086263755443, 2.7249864655139585e-06)
_COS_SHORT = (0.04166666666431933, -0.0013888887671288108, 2.480059998353171e-05, -2.7300908167996537e-07)


def sin(ops: Ops, x: ll.Value) -> ll.Value:
    """The sine of `x` [rad]; NaN for infinities."""
    return outlined(ops, "sin", lambda inner, value: _of_quadrant(inner, value, 0), x)


def cos(ops: Ops, x: ll.Value) -> ll.Value:
    """The cosine of `x` [rad]; NaN for infinities."""
    return outlined(ops, "cos", lambda inner, value: _of_quadrant(inner, value, 1), x)


def _of_quadrant(ops: Ops, x: ll.Value, quarters: int) -> ll.Value:
    """``sin(x + quarters * pi / 2)``."""
    builder, is_single = ops.builder, element_of(x.type) == F32
    wide = builder.fpext(x, vector(F64, lanes_of(x.type))) if is_single else x

    def const(value: float) -> ll.Constant:
        return ops.const(wide.type, value)

    shifted = ops.fma(wide, const(2.0 / math.pi), const(_ROUNDER))
    turns = builder.fsub(shifted, const(_ROUNDER))
    rest, lack = _reduce_single(ops, wide, turns) if is_single else _reduce_double(ops, wide, turns)
    result = _turned(ops, rest, lack, ops.bits(shifted), quarters)
    if quarters == 0:
        # The sign of a zero is lost in the sum.
        result = ops.select(builder.fcmp_ordered("==", wide, const(0.0)), wide, result)
    magnitude = ops.unary("fabs", wide)
    is_finite = builder.fcmp_ordered("<", magnitude, const(float("inf")))
    is_large = builder.and_(is_finite, builder.fcmp_ordered(">", magnitude, const(_LIMIT)))
    result = _replace_large(ops, wide, result, is_large, quarters)
    return builder.fptrunc(result, x.type) if is_single else result


def _reduce_single(ops: Ops, x: ll.Value, turns: ll.Value) -> tuple[ll.Value, None]:
    """``x - turns * pi / 2``, right to 2**-80 for an x of 24 bits."""
    negative, rest = ops.builder.fneg(turns), x
    for part in (_HALF_PI[0], _HALF_PI[1], _HALF_PI[2]):
        rest = ops.fma(negative, ops.const(x.type, part), rest)
    return rest, None


def _reduce_double(ops: Ops, x: ll.Value, turns: ll.Value) -> Pair:
    """``x - turns * pi / 2`` as a sum of two, right to 2**-130: no float64 comes closer than 2**-62 to a multiple."""
    builder = ops.builder
    products = [builder.fmul(turns, ops.const(x.type, part)) for part in _HALF_PI]
    rest = builder.fsub(x, products[0])
    rest, lack = two_sum(ops, rest, builder.fneg(products[1]))
    rest, more = two_sum(ops, rest, builder.fneg(products[2]))
    lack = builder.fsub(builder.fadd(lack, more), products[3])
    return fast_two_sum(ops, rest, lack)


def _turned(ops: Ops, rest: ll.Value, lack: ll.Value | None, turns: ll.Value, quarters: int) -> ll.Value:
    """``sin(rest + lack + (turns + quarters) * pi / 2)``, of `turns` the low two bits."""
    builder = ops.builder
    square = builder.fmul(rest, rest)
    if lack is None:
        sine, cosine = _short_polynomials(ops, rest, square)
    else:
        sine, cosine = _sin_polynomial(ops, rest, lack, square), _cos_polynomial(ops, rest, lack, square)
    quadrant = builder.add(turns, ops.const(turns.type, quarters))
    zero = ops.const(turns.type, 0)
    is_odd = builder.icmp_signed("!=", builder.and_(quadrant, ops.const(turns.type, 1)), zero)
    value = ops.select(is_odd, cosine, sine)
    is_negative = builder.icmp_signed("!=", builder.and_(quadrant, ops.const(turns.type, 2)), zero)
    return ops.select(is_negative, builder.fneg(value), value)


def _short_polynomials(ops: Ops, r: ll.Value, square: ll.Value) -> tuple[ll.Value, ll.Value]:
    builder = ops.builder
    sine = ops.fma(builder.fmul(r, square), horner(ops, square, _SIN_SHORT), r)
    return sine, horner(ops, square, (1.0, -0.5, *_COS_SHORT))


def _sin_polynomial(ops: Ops, r: ll.Value, lack: ll.Value, square: ll.Value) -> ll.Value:
    """``sin(r + lack) == r + (lack + r**3 * S - lack * r**2 / 2)``, the small terms first."""
    builder = ops.builder
    cubic = builder.fmul(builder.fmul(r, square), horner(ops, square, _SIN))
    of_lack = ops.fma(builder.fmul(square, ops.const(r.type, -0.5)), lack, lack)
    return builder.fadd(r, builder.fadd(cubic, of_lack))


def _cos_polynomial(ops: Ops, r: ll.Value, lack: ll.Value, square: ll.Value) -> ll.Value:
    """``cos(r + lack) == (1 - r**2 / 2) + (r**4 * C - r * lack)``, with what the first difference rounds away."""
    builder, one = ops.builder, ops.const(r.type, 1.0)
    half = builder.fmul(square, ops.const(r.type, 0.5))
    first, rounded_away = fast_two_sum(ops, one, builder.fneg(half))
    quartic = builder.fmul(builder.fmul(square, square), horner(ops, square, _COS))
    small = builder.fsub(quartic, builder.fmul(r, lack))
    return builder.fadd(first, builder.fadd(rounded_away, small))


def _replace_large(ops: Ops, x: ll.Value, result: ll.Value, is_large: ll.Value, quarters: int) -> ll.Value:
    """`result`, with the lanes that are large computed again, one by one: they are rare."""
    builder, lanes = ops.builder, lanes_of(x.type)
    is_any = is_large if lanes == 1 else ops.intrinsic("vector.reduce.or", I1, [is_large], [is_large.type])
    # A lane that is not large still goes through, so it needs an argument that may.
    safe = ops.select(is_large, x, ops.const(x.type, 2.0 * _LIMIT))
    start = builder.block
    with builder.if_then(is_any, likely=False):
        if lanes == 1:
            replaced = _large(ops, safe, quarters)
        else:
            replaced = _each_lane(ops, safe, quarters)
        replaced = ops.select(is_large, replaced, result)
        end = builder.block
    merged = builder.phi(result.type)
    merged.add_incoming(result, start)
    merged.add_incoming(replaced, end)
    return merged


def _each_lane(ops: Ops, x: ll.Value, quarters: int) -> ll.Value:
    """A loop over lanes, as the code for each of them is long."""
    builder = ops.builder
    before = builder.block
    body, after = builder.append_basic_block("lane"), builder.append_basic_block("lanes_done")
    builder.branch(body)
    builder.position_at_end(body)
    lane, results = builder.phi(I64), builder.phi(x.type)
    value = _large(ops, builder.extract_element(x, lane), quarters)
    filled = builder.insert_element(results, value, lane)
    following = builder.add(lane, int_constant(1))
    lane.add_incoming(int_constant(0), before)
    lane.add_incoming(following, body)
    results.add_incoming(x, before)
    results.add_incoming(filled, body)
    builder.cbranch(builder.icmp_signed("<", following, int_constant(lanes_of(x.type))), body, after)
    builder.position_at_end(after)
    return filled


def _large(ops: Ops, x: ll.Value, quarters: int) -> ll.Value:
    def build(inner: Ops, value: ll.Value, turned: ll.Value) -> ll.Value:
        rest, lack, turns = reduce_large(inner, value)
        return _turned(inner, rest, lack, inner.builder.add(turns, turned), 0)

    return outlined(ops, "sin.large", build, x, int_constant(quarters), attributes=("noinline", "cold"))
