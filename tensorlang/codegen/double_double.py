"""Sums and products of floats with their rounding errors: what more than 53 bits of a logarithm are made of."""

from __future__ import annotations

from typing import TypeAlias

from llvmlite import ir as ll

from tensorlang.codegen.values import Ops

#: A value as an unevaluated sum: the nearest float, and what it lacks.
Pair: TypeAlias = tuple[ll.Value, ll.Value]

_SPLITTER = 2.0**27 + 1


def fast_two_sum(ops: Ops, a: ll.Value, b: ll.Value) -> Pair:
    """``a + b`` exactly, for ``|a| >= |b|`` or ``a == 0`` (Dekker 1971)."""
    total = ops.builder.fadd(a, b)
    return total, ops.builder.fsub(b, ops.builder.fsub(total, a))


def two_sum(ops: Ops, a: ll.Value, b: ll.Value) -> Pair:
    """``a + b`` exactly, whichever is larger (Knuth, "The Art of Computer Programming", 4.2.2, Theorem B)."""
    builder = ops.builder
    total = builder.fadd(a, b)
    of_b = builder.fsub(total, a)
    of_a = builder.fsub(total, of_b)
    return total, builder.fadd(builder.fsub(a, of_a), builder.fsub(b, of_b))


def two_product(ops: Ops, a: ll.Value, b: ll.Value) -> Pair:
    """``a * b`` exactly, for float64 below 2**990: by a fused multiply-add, or else by Dekker's splitting (1971)."""
    builder = ops.builder
    product = builder.fmul(a, b)
    if ops.target.has_fma:
        return product, ops.fma(a, b, builder.fneg(product))
    a_high, a_low = _halves(ops, a)
    b_high, b_low = _halves(ops, b)
    error = builder.fsub(builder.fmul(a_high, b_high), product)
    error = builder.fadd(error, builder.fmul(a_high, b_low))
    error = builder.fadd(error, builder.fmul(a_low, b_high))
    return product, builder.fadd(error, builder.fmul(a_low, b_low))


def _halves(ops: Ops, value: ll.Value) -> Pair:
    """`value` as a sum of two floats of 26 bits each (Veltkamp 1968)."""
    builder = ops.builder
    scaled = builder.fmul(value, ops.const(value.type, _SPLITTER))
    high = builder.fsub(scaled, builder.fsub(scaled, value))
    return high, builder.fsub(value, high)
