"""What rounding may do to an algorithm's results: nothing, for small integers; else how much, at most."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, floor, inf, isinf, prod, sqrt

from tensorlang.dtypes import DType, Kind
from tensorlang.ir.algorithm import Algorithm, Definition, FuncDef, InputDef
from tensorlang.ir.expr import Binary, BinaryOp, Call, Cast, Const, Expr, Select, Unary, UnaryOp, Variable
from tensorlang.ir.scalar import Scalar
from tensorlang.ir.visitor import walk

_CANDIDATES = (4, 2, 1)
_MANTISSA_BITS = {(Kind.FLOAT, 64): 53, (Kind.FLOAT, 32): 24, (Kind.FLOAT, 16): 11, (Kind.BFLOAT, 16): 8}
_EXACT_UNARY = {UnaryOp.NEG, UnaryOp.ABS, UnaryOp.FLOOR, UnaryOp.ROUND}
_GREATEST_INDEX = 2.0**20  # magnitude taken for a Var used as a value; its extent is not part of an algorithm


def exact_magnitude(algorithm: Algorithm) -> int | None:
    """Return the greatest n <= 4 such that, with all inputs integers in [-n, n], no operation ever rounds.

    Then every order of summation, fused or not, gives the same bits, and a kernel must equal the oracle exactly. None
    if there is none that can be proven: long reductions in short types, fractions, transcendental functions.
    """
    for greatest in _CANDIDATES:
        magnitudes = {item.name: _input_magnitude(item, greatest) for item in algorithm.inputs}
        for func in algorithm.funcs:
            magnitudes |= _func_magnitudes(func, magnitudes)
        if inf not in magnitudes.values():
            return greatest
    return None


def scalar_span(item: InputDef, scalar: Scalar, greatest: int) -> tuple[float, float]:
    """Where the test values of a Param lie: within its limits, and on a side without one no further than `greatest`."""
    least = 0 if item.type.kind is Kind.UINT else -greatest
    low = least if scalar.min is None else scalar.min
    high = greatest if scalar.max is None else scalar.max
    return (min(low, high), high) if scalar.min is None else (low, max(low, high))


def _input_magnitude(item: InputDef, greatest: int) -> float:
    if item.scalar is None or item.type.is_bool:
        return float(greatest)
    low, high = scalar_span(item, item.scalar, greatest)
    # Between fractions there may be no whole number to take.
    return max(abs(low), abs(high)) if ceil(low) <= floor(high) else inf


def error_bound(algorithm: Algorithm) -> float:
    """Greatest difference between two right answers, relative to the largest output, on random inputs.

    ``eps * (16 + 8 * sqrt(terms))``: a sum of `terms` roundings, each a random half ulp of the partial sum, drifts by
    about ``eps / 2 * sqrt(terms)`` (the statistical rule of thumb, as in Higham, "Accuracy and Stability of
    Numerical Algorithms"), and two sums in different orders by sqrt(2) times as much; the factor leaves some ten
    deviations of room, far below what a missing or doubled term costs. The constant covers polynomials of a few ulps.
    `eps` is that of the coarsest type that is stored or computed with.
    """
    stored = (kind for func in algorithm.funcs for kind in func.types)
    values = (value for func in algorithm.funcs for definition in func.definitions for value in definition.values)
    computed = (node.type for value in values for node in walk(value) if isinstance(node, Unary | Binary | Cast))
    eps = max(map(_eps, (*stored, *computed)), default=0.0)
    return eps * (16 + 8 * sqrt(reduction_length(algorithm)))


def reduction_length(algorithm: Algorithm) -> int:
    """Number of terms that may be added up in an output: every definition counts its whole RDom."""
    return sum(_points(definition) for func in algorithm.funcs for definition in func.definitions)


def _points(definition: Definition) -> int:
    return prod(rvar.extent for rvar in definition.rvars)


def _eps(dtype: DType) -> float:
    """Distance from 1 to the next number; 0 for types that do not round."""
    bits = _MANTISSA_BITS.get((dtype.kind, dtype.bits))
    return 0.0 if bits is None else 2.0 ** (1 - bits)


def _exact_limit(dtype: DType) -> float:
    """Integers up to this are exact in float `dtype`."""
    return 2.0 ** _MANTISSA_BITS[dtype.kind, dtype.bits]


def _func_magnitudes(func: FuncDef, magnitudes: Mapping[str, float]) -> dict[str, float]:
    """Bounds of the absolute values of each element of a Func, partial sums included; infinite where there is none."""
    names = [name for name, _ in func.elements]
    bounds = dict(zip(names, (_magnitude(value, magnitudes) for value in func.pure.values), strict=True))
    for update in func.updates:
        before = last = bounds
        # Values that only choose among what is there, such as running maxima or swaps, stop growing after a few steps.
        rounds = min(_points(update), len(names) + 1)
        for _ in range(rounds):
            last, bounds = bounds, _after_update(func, update, before, {**magnitudes, **bounds})
        if bounds != last and _points(update) > rounds:
            bounds = dict.fromkeys(names, inf)
    return {name: _held(bounds[name], kind) for name, kind in func.elements}


def _after_update(
    func: FuncDef, update: Definition, before: Mapping[str, float], now: Mapping[str, float]
) -> dict[str, float]:
    """Bounds after a step of an update, given those before its first step and now; of a sum, after all of them."""
    bounds: dict[str, float] = {}
    for (name, _), value in zip(func.elements, update.values, strict=True):
        term = _find_term(value, func.name, name)
        if term is not None:
            bounds[name] = before[name] + _points(update) * _magnitude(term, now)
        else:
            bounds[name] = max(now[name], _magnitude(value, now))
    return bounds


def _find_term(value: Expr, func: str, buffer: str) -> Expr | None:
    """What an update adds to element `buffer` of its Func in each step, or None if it is not f + e, f - e or e + f."""
    match value:
        case Binary(BinaryOp.ADD | BinaryOp.SUB, Call() as call, term) if call.buffer == buffer and not _reads(
            term, func
        ):
            return term
        case Binary(BinaryOp.ADD, term, Call() as call) if call.buffer == buffer and not _reads(term, func):
            return term
    return None


def _reads(expr: Expr, name: str) -> bool:
    return any(isinstance(node, Call) and node.name == name for node in walk(expr))


def _magnitude(expr: Expr, magnitudes: Mapping[str, float]) -> float:
    """A bound of the absolute value of `expr`; infinite if it may be a fraction, or round on the way."""
    match expr:
        case Const(value=value):
            # Infinities start running maxima; nothing that meets them rounds.
            bound = abs(float(value)) if float(value).is_integer() else 0.0 if isinf(value) else inf
        case Variable():
            bound = _GREATEST_INDEX
        case Call():
            bound = magnitudes[expr.buffer]
        case Select(_, a, b):
            bound = max(_magnitude(a, magnitudes), _magnitude(b, magnitudes))
        case Unary(op, value) if op in _EXACT_UNARY:
            bound = _magnitude(value, magnitudes)
        case Cast(_, value):
            bound = _magnitude(value, magnitudes)
        case Binary(op, a, b):
            bound = _combine(op, _magnitude(a, magnitudes), _magnitude(b, magnitudes))
        case _:
            bound = inf
    return _held(bound, expr.type)


def _held(bound: float, dtype: DType) -> float:
    """`bound` as far as `dtype` holds it exactly: integers wrap, floats round."""
    if not dtype.is_float:
        return min(bound, float(dtype.maximum) + 1)
    return bound if bound <= _exact_limit(dtype) else inf


def _combine(op: BinaryOp, a: float, b: float) -> float:
    match op:
        case BinaryOp.ADD | BinaryOp.SUB:
            return a + b
        case BinaryOp.MUL:
            return 0.0 if 0.0 in (a, b) else a * b
        case BinaryOp.MIN | BinaryOp.MAX:
            return max(a, b)
    return inf
