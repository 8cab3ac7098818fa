"""Polynomials with literal coefficients."""

from __future__ import annotations

from collections.abc import Sequence

from llvmlite import ir as ll

from tensorlang.codegen.values import Ops


def horner(ops: Ops, x: ll.Value, coefficients: Sequence[float]) -> ll.Value:
    """``coefficients[0] + coefficients[1] * x + ...`` by fused multiply-adds."""
    result = ops.const(x.type, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        result = ops.fma(result, x, ops.const(x.type, coefficient))
    return result
