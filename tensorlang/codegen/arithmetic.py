"""Operators of the IR on LLVM values, with its meaning: wrapping, floor division, x // 0 == 0, minimum with NaN."""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir as ll

from tensorlang.codegen import math, trigonometry
from tensorlang.codegen.power import emit_pow
from tensorlang.codegen.types import element_of
from tensorlang.codegen.values import Ops
from tensorlang.dtypes import DType, Kind
from tensorlang.errors import InternalError
from tensorlang.ir.expr import BinaryOp, CompareOp, UnaryOp

_FLOAT = {BinaryOp.ADD: "fadd", BinaryOp.SUB: "fsub", BinaryOp.MUL: "fmul", BinaryOp.TRUE_DIV: "fdiv"}
_INTEGER = {
    BinaryOp.ADD: "add",
    BinaryOp.SUB: "sub",
    BinaryOp.MUL: "mul",
    BinaryOp.BIT_AND: "and_",
    BinaryOp.BIT_OR: "or_",
    BinaryOp.BIT_XOR: "xor",
}
_BOOL = {
    BinaryOp.AND: "and_",
    BinaryOp.OR: "or_",
    BinaryOp.BIT_AND: "and_",
    BinaryOp.BIT_OR: "or_",
    BinaryOp.BIT_XOR: "xor",
    BinaryOp.MUL: "and_",
    BinaryOp.ADD: "or_",
    BinaryOp.MIN: "and_",
    BinaryOp.MAX: "or_",
}
_FLOAT_UNARY: dict[UnaryOp, Callable[[Ops, ll.Value], ll.Value]] = {
    UnaryOp.NEG: lambda ops, x: ops.builder.fneg(x),
    UnaryOp.ABS: lambda ops, x: ops.unary("fabs", x),
    UnaryOp.SQRT: lambda ops, x: ops.unary("sqrt", x),
    UnaryOp.FLOOR: lambda ops, x: ops.unary("floor", x),
    UnaryOp.ROUND: lambda ops, x: ops.unary("roundeven", x),
    UnaryOp.EXP: math.exp,
    UnaryOp.LOG: math.log,
    UnaryOp.TANH: math.tanh,
    UnaryOp.ERF: math.erf,
    UnaryOp.SIN: trigonometry.sin,
    UnaryOp.COS: trigonometry.cos,
}


def emit_binary(ops: Ops, op: BinaryOp, a: ll.Value, b: ll.Value, type_: DType) -> ll.Value:
    """Emit ``a op b`` for operands of element type `type_`.

    Raises
    ------
    InternalError
        If the operator is not defined on the type.
    """
    if type_.is_storage_only:
        raise InternalError(f"code generation: {op.value!r} on {type_}, a type that is only stored.")
    if type_.is_bool and op in _BOOL:
        return getattr(ops.builder, _BOOL[op])(a, b)
    if type_.is_float and op in _FLOAT:
        return getattr(ops.builder, _FLOAT[op])(a, b)
    if type_.is_float and op in (BinaryOp.MIN, BinaryOp.MAX):
        return _float_extreme(ops, ">" if op is BinaryOp.MAX else "<", a, b)
    if type_.is_float and op in (BinaryOp.FLOOR_DIV, BinaryOp.MOD):
        return _float_floor(ops, op, a, b)
    if type_.is_float and op is BinaryOp.POW:
        return emit_pow(ops, a, b)
    if type_.is_integer and op in _INTEGER:
        return getattr(ops.builder, _INTEGER[op])(a, b)
    if type_.is_integer and op in (BinaryOp.MIN, BinaryOp.MAX):
        name = ("s" if type_.kind is Kind.INT else "u") + op.value
        return ops.intrinsic(name, a.type, [a, b], [a.type])
    if type_.is_integer and op in (BinaryOp.SHL, BinaryOp.SHR):
        return _shift(ops, op, a, b, type_)
    if type_.is_integer and op in (BinaryOp.FLOOR_DIV, BinaryOp.MOD):
        return (_signed_floor if type_.kind is Kind.INT else _unsigned_floor)(ops, op, a, b)
    raise InternalError(f"code generation: operator {op.value!r} on {type_}.")


def emit_unary(ops: Ops, op: UnaryOp, x: ll.Value, type_: DType) -> ll.Value:
    """Emit ``op x`` for an operand of element type `type_`.

    Raises
    ------
    InternalError
        If the operator is not defined on the type.
    """
    if type_.is_float and not type_.is_storage_only and op in _FLOAT_UNARY:
        return _FLOAT_UNARY[op](ops, x)
    if type_.is_bool and op in (UnaryOp.NOT, UnaryOp.BIT_NOT):
        return ops.not_(x)
    if type_.is_integer:
        if op is UnaryOp.BIT_NOT:
            return ops.not_(x)
        if op is UnaryOp.NEG:
            return ops.builder.neg(x)
        if op is UnaryOp.ABS and type_.kind is Kind.INT:
            negative = ops.builder.icmp_signed("<", x, ops.const(x.type, 0))
            return ops.select(negative, ops.builder.neg(x), x)
        if op in (UnaryOp.ABS, UnaryOp.FLOOR, UnaryOp.ROUND):
            return x
    raise InternalError(f"code generation: operator {op.value!r} on {type_}.")


def emit_compare(ops: Ops, op: CompareOp, a: ll.Value, b: ll.Value, type_: DType) -> ll.Value:
    """Emit a comparison; with NaN only ``!=`` is true."""
    if type_.is_float:
        compare = ops.builder.fcmp_unordered if op is CompareOp.NE else ops.builder.fcmp_ordered
        return compare(op.value, a, b)
    compare = ops.builder.icmp_signed if type_.kind is Kind.INT else ops.builder.icmp_unsigned
    return compare(op.value, a, b)


def _float_extreme(ops: Ops, sign: str, a: ll.Value, b: ll.Value) -> ll.Value:
    """NaN-propagating minimum or maximum.

    ``a > b ? a : b`` is one machine instruction and gives b, the second operand, if either is NaN: so a literal goes
    first (it is no NaN), and only an unknown first operand needs a second select.
    """
    if _is_number_literal(b):
        a, b = b, a
    extreme = ops.select(ops.builder.fcmp_ordered(sign, a, b), a, b)
    return extreme if _is_number_literal(a) else ops.select(ops.is_nan(a), a, extreme)


def _is_number_literal(value: ll.Value) -> bool:
    """True for a float literal, the same in all lanes, that is not NaN."""
    if not isinstance(value, ll.Constant):
        return False
    constant = value.constant[0] if isinstance(value.constant, list) else value.constant
    constant = getattr(constant, "constant", constant)
    return constant is None or bool(constant == constant)


def _float_floor(ops: Ops, op: BinaryOp, a: ll.Value, b: ll.Value) -> ll.Value:
    """NumPy's // and % of floats; ``x // 0.0`` is ``x / 0.0`` and ``x % 0.0`` is NaN."""
    builder, zero = ops.builder, ops.const(a.type, 0.0)
    remainder = builder.frem(a, b)
    signs_differ = builder.xor(builder.fcmp_ordered("<", remainder, zero), builder.fcmp_ordered("<", b, zero))
    fix = builder.and_(builder.fcmp_unordered("!=", remainder, zero), signs_differ)
    if op is BinaryOp.MOD:
        signed_zero = ops.intrinsic("copysign", a.type, [zero, b], [a.type])
        is_zero = builder.fcmp_ordered("==", remainder, zero)
        return ops.select(is_zero, signed_zero, ops.select(fix, builder.fadd(remainder, b), remainder))
    quotient = builder.fdiv(builder.fsub(a, remainder), b)
    quotient = ops.select(fix, builder.fsub(quotient, ops.const(a.type, 1.0)), quotient)
    quotient = ops.unary("roundeven", quotient)
    return ops.select(builder.fcmp_ordered("==", b, zero), builder.fdiv(a, b), quotient)


def _shift(ops: Ops, op: BinaryOp, a: ll.Value, b: ll.Value, type_: DType) -> ll.Value:
    count = ops.builder.and_(b, ops.const(b.type, type_.bits - 1))
    if op is BinaryOp.SHL:
        return ops.builder.shl(a, count)
    return (ops.builder.ashr if type_.kind is Kind.INT else ops.builder.lshr)(a, count)


def _uniform_literal(value: ll.Value) -> int | None:
    """The value of an integer literal that is the same in all lanes and not 0."""
    if not isinstance(value, ll.Constant):
        return None
    constant = value.constant
    if isinstance(constant, list):
        lanes = {getattr(lane, "constant", lane) for lane in constant}
        constant = lanes.pop() if len(lanes) == 1 else None
    return constant if isinstance(constant, int) else None


def _unsigned_floor(ops: Ops, op: BinaryOp, a: ll.Value, b: ll.Value) -> ll.Value:
    zero, one = ops.const(a.type, 0), ops.const(a.type, 1)
    if _uniform_literal(b):
        return (ops.builder.udiv if op is BinaryOp.FLOOR_DIV else ops.builder.urem)(a, b)
    is_zero = ops.builder.icmp_unsigned("==", b, zero)
    divisor = ops.select(is_zero, one, b)
    result = (ops.builder.udiv if op is BinaryOp.FLOOR_DIV else ops.builder.urem)(a, divisor)
    return ops.select(is_zero, zero, result)


def _signed_floor(ops: Ops, op: BinaryOp, a: ll.Value, b: ll.Value) -> ll.Value:
    """Python's // and %: the hardware's divide truncates, and faults for 0 and for the smallest integer over -1."""
    builder, zero, one = ops.builder, ops.const(a.type, 0), ops.const(a.type, 1)
    literal = _uniform_literal(b)
    if literal is not None and literal > 0:
        return _floor_by_positive(ops, op, a, b, literal)
    is_zero = builder.icmp_signed("==", b, zero)
    is_minus_one = builder.icmp_signed("==", b, ops.const(b.type, -1))
    divisor = ops.select(builder.or_(is_zero, is_minus_one), one, b)
    quotient = builder.sdiv(a, divisor)
    remainder = builder.sub(a, builder.mul(quotient, divisor))
    signs_differ = builder.icmp_signed("<", builder.xor(remainder, divisor), zero)
    fix = builder.and_(builder.icmp_signed("!=", remainder, zero), signs_differ)
    if op is BinaryOp.MOD:
        result = ops.select(fix, builder.add(remainder, divisor), remainder)
        return ops.select(builder.or_(is_zero, is_minus_one), zero, result)
    result = ops.select(fix, builder.sub(quotient, one), quotient)
    result = ops.select(is_minus_one, builder.neg(a), result)
    return ops.select(is_zero, zero, result)


def _floor_by_positive(ops: Ops, op: BinaryOp, a: ll.Value, b: ll.Value, literal: int) -> ll.Value:
    builder, zero = ops.builder, ops.const(a.type, 0)
    if literal & (literal - 1) == 0:
        if op is BinaryOp.MOD:
            return builder.and_(a, ops.const(a.type, literal - 1))
        return builder.ashr(a, ops.const(a.type, literal.bit_length() - 1))
    # Literals fit their type, so the remainder's sign alone says whether truncation went the wrong way.
    remainder = builder.srem(a, b)
    is_negative = builder.icmp_signed("<", remainder, zero)
    if op is BinaryOp.MOD:
        return ops.select(is_negative, builder.add(remainder, b), remainder)
    fix = builder.ashr(remainder, ops.const(a.type, element_of(a.type).width - 1))
    return builder.add(builder.sdiv(a, b), fix)
