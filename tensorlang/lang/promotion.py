"""Types of operators by NumPy 2 promotion, and the expression nodes that carry them out.

An operand is an `ir` expression or a Python scalar. Python scalars are weak: they take the type they meet. Where NumPy
would answer float16, a type that is stored but not computed with, the answer here is float32.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from tensorlang.dtypes import DType, bool_, float32, float64, int8, int64, promote, uint64
from tensorlang.errors import LanguageError, caller_location
from tensorlang.ir.expr import Binary, BinaryOp, Cast, Compare, CompareOp, Const, Expr, Select, Unary, UnaryOp
from tensorlang.ir.printer import format_expr

Scalar: TypeAlias = bool | int | float
Operand: TypeAlias = Expr | Scalar

_BOOL_OPERATORS = {
    BinaryOp.ADD: BinaryOp.OR,
    BinaryOp.MUL: BinaryOp.AND,
    BinaryOp.MIN: BinaryOp.AND,
    BinaryOp.MAX: BinaryOp.OR,
    BinaryOp.BIT_AND: BinaryOp.AND,
    BinaryOp.BIT_OR: BinaryOp.OR,
}
_BIT_OPERATORS = {BinaryOp.BIT_AND, BinaryOp.BIT_OR, BinaryOp.BIT_XOR, BinaryOp.SHL, BinaryOp.SHR}
_KEEPS_INTEGERS = {UnaryOp.FLOOR, UnaryOp.ROUND}


def default_type(value: Scalar) -> DType:
    """The type of a Python scalar that meets no other type: bool, int64 or float64."""
    return bool_ if isinstance(value, bool) else int64 if isinstance(value, int) else float64


def operand_type(value: Operand) -> DType:
    """The type of an expression, or the default type of a Python scalar."""
    return default_type(value) if isinstance(value, bool | int | float) else value.type


def common_type(a: Operand, b: Operand) -> DType:
    """The type in which NumPy 2 combines `a` and `b`."""
    if not isinstance(a, bool | int | float):
        return widened(a.type, b)
    if not isinstance(b, bool | int | float):
        return widened(b.type, a)
    return promote(default_type(a), default_type(b))


def widened(dtype: DType, value: Operand) -> DType:
    """The type in which NumPy 2 combines something of type `dtype` with `value`."""
    if not isinstance(value, bool | int | float):
        return promote(dtype, value.type)
    if isinstance(value, bool):
        return dtype
    if isinstance(value, int):
        return int64 if dtype.is_bool else dtype
    return dtype if dtype.is_float else float64


def literal(value: Scalar, dtype: DType) -> Const:
    """The Python scalar `value` as a constant of type `dtype`; floats round to the type and may become infinite.

    Raises
    ------
    LanguageError
        If `value` is an integer outside the range of `dtype`.
    """
    if dtype.is_bool:
        return Const(bool(value), dtype)
    if dtype.is_float:
        return Const(_rounded(value, dtype), dtype)
    if not dtype.minimum <= value <= dtype.maximum:
        raise LanguageError(
            f"{value} does not fit {dtype}.",
            where=caller_location(),
            rule=f"a Python number takes the type it meets: {dtype} holds {dtype.minimum} to {dtype.maximum}",
            hint="tl.cast the other operand to a wider type",
        )
    return Const(int(value), dtype)


def _rounded(value: Scalar, dtype: DType) -> float:
    try:
        wide = float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    if dtype.numpy.kind != "f":
        return wide
    # The shortest text that reads back as the rounded number keeps printed algorithms readable: 0.1, not 0.10000000149.
    with np.errstate(over="ignore"):
        return float(str(dtype.numpy.type(wide)))


def convert(value: Operand, dtype: DType) -> Expr:
    """`value` in type `dtype`: a literal for a Python scalar, a cast only where the type changes."""
    if isinstance(value, bool | int | float):
        return literal(value, dtype)
    if value.type == dtype:
        return value
    if isinstance(value, Const) and dtype.is_integer and dtype.minimum <= value.value <= dtype.maximum:
        if not value.type.is_float:
            return Const(int(value.value), dtype)
    return Cast(dtype, value)


def binary_node(op: BinaryOp, a: Operand, b: Operand) -> Expr:
    """The expression ``a op b``.

    Bools follow NumPy: ``+`` is or, ``*`` is and, ``//``, ``%`` and shifts give int8. ``//`` and ``%`` of floats are
    exact, as NumPy's, and so slow: where the last bit does not matter, ``tl.floor(a / b)`` is faster.

    Raises
    ------
    LanguageError
        For ``-`` of bools, bit operators of floats, and anything computed in a storage type.
    """
    dtype = common_type(a, b)
    if dtype.is_bool:
        return _bool_node(op, convert(a, bool_), convert(b, bool_))
    if op is BinaryOp.TRUE_DIV and not dtype.is_float:
        dtype = float64
    _check_computable(f"{_text(a)} {op} {_text(b)}", dtype)
    if op in _BIT_OPERATORS and dtype.is_float:
        raise _no_operator(f"{_text(a)} {op} {_text(b)}", str(op), dtype, "tl.cast to an integer type first")
    left, right = convert(a, dtype), convert(b, dtype)
    return Binary(op, left, right)


def _bool_node(op: BinaryOp, a: Expr, b: Expr) -> Expr:
    if op in _BOOL_OPERATORS:
        return Binary(_BOOL_OPERATORS[op], a, b)
    if op is BinaryOp.BIT_XOR:
        return Compare(CompareOp.NE, a, b)
    if op is BinaryOp.SUB:
        raise _no_operator(f"{_text(a)} - {_text(b)}", "-", bool_, "use ^ for exclusive or, or tl.cast to an integer")
    dtype = float64 if op is BinaryOp.TRUE_DIV else int8
    return Binary(op, Cast(dtype, a), Cast(dtype, b))


def compare_node(op: CompareOp, a: Operand, b: Operand) -> Expr:
    """The bool expression ``a op b``, exact for integers of any two types, and for any Python integer.

    Raises
    ------
    LanguageError
        If the comparison would be made in a storage type.
    """
    for value, other, mirrored in ((a, b, op.mirrored), (b, a, op)):
        if isinstance(value, int) and not isinstance(other, bool | int | float) and other.type.is_integer:
            if not other.type.minimum <= value <= other.type.maximum:
                return Const(_compare_with_far(mirrored, value), bool_)
    types = (operand_type(a), operand_type(b))
    if uint64 in types and any(t.is_integer and t.minimum < 0 for t in types) and common_type(a, b) == float64:
        return _compare_signed_unsigned(op, convert(a, types[0]), convert(b, types[1]))
    dtype = common_type(a, b)
    _check_computable(f"{_text(a)} {op} {_text(b)}", dtype)
    return Compare(op, convert(a, dtype), convert(b, dtype))


def _compare_with_far(op: CompareOp, far: int) -> bool:
    """``x op far`` where `far` lies outside the range of x."""
    if op in (CompareOp.EQ, CompareOp.NE):
        return op is CompareOp.NE
    return (op in (CompareOp.LT, CompareOp.LE)) == (far > 0)


def _compare_signed_unsigned(op: CompareOp, a: Expr, b: Expr) -> Expr:
    if a.type == uint64:
        return _compare_signed_unsigned(op.mirrored, b, a)
    negative = Compare(CompareOp.LT, a, Const(0, a.type))
    result = op in (CompareOp.NE, CompareOp.LT, CompareOp.LE)
    return Select(negative, Const(result, bool_), Compare(op, Cast(uint64, a), b))


def unary_node(op: UnaryOp, value: Operand) -> Expr:
    """The expression ``op(value)``; exp, log, sin and the like of integers give float32 up to 16 bits, else float64.

    Raises
    ------
    LanguageError
        For ``-`` of bools, ``~`` of floats, and anything computed in a storage type.
    """
    node = convert(value, operand_type(value))
    dtype = node.type
    text = f"{op}({_text(value)})"
    _check_computable(text, dtype)
    if op in (UnaryOp.NOT, UnaryOp.BIT_NOT):
        if dtype.is_float:
            raise _no_operator(text, "~", dtype, "tl.cast to an integer type first")
        return Unary(UnaryOp.NOT if dtype.is_bool else UnaryOp.BIT_NOT, node)
    if op is UnaryOp.NEG:
        if dtype.is_bool:
            raise _no_operator(text, "-", dtype, "use ~ for not, or tl.cast to an integer type")
        return Unary(op, node)
    if op is UnaryOp.ABS:
        return node if dtype.minimum == 0 else Unary(op, node)
    if dtype.is_float:
        return Unary(op, node)
    if op in _KEEPS_INTEGERS:
        return node
    return Unary(op, Cast(_float_for(dtype), node))


def pow_node(a: Operand, b: Operand) -> Expr:
    """The expression ``pow(a, b)``; integers of up to 16 bits are taken as float32, wider ones as float64.

    Raises
    ------
    LanguageError
        If it would be computed in a storage type.
    """
    dtype = common_type(a, b)
    if not dtype.is_float:
        dtype = _float_for(dtype)
    _check_computable(f"pow({_text(a)}, {_text(b)})", dtype)
    return Binary(BinaryOp.POW, convert(a, dtype), convert(b, dtype))


def power_operator_node(a: Operand, b: Operand) -> Expr:
    """The expression ``a ** b``, which is `pow_node` where NumPy's is a float.

    Raises
    ------
    LanguageError
        For two integers, or anything computed in a storage type.
    """
    dtype = common_type(a, b)
    if not dtype.is_float:
        raise _no_operator(f"{_text(a)} ** {_text(b)}", "**", dtype, "multiply, or tl.pow for a float")
    return pow_node(a, b)


def _float_for(dtype: DType) -> DType:
    """The float type that functions of integers or bools are computed in."""
    return float32 if dtype.bits <= 16 else float64


def select_node(condition: Operand, if_true: Operand, if_false: Operand) -> Expr:
    """The expression ``if_true where condition else if_false``.

    Raises
    ------
    LanguageError
        If the condition is not a bool.
    """
    dtype = operand_type(condition)
    if not dtype.is_bool:
        raise LanguageError(
            f"the condition of a select is {dtype}.",
            asked=f"tl.select({_text(condition)}, ...)",
            where=caller_location(),
            rule="a condition is bool",
            hint=f"compare: {_text(condition)} != 0",
        )
    result = common_type(if_true, if_false)
    return Select(convert(condition, bool_), convert(if_true, result), convert(if_false, result))


def cast_node(dtype: DType, value: Operand) -> Expr:
    """`value` converted to `dtype` as `Cast` does: integers wrap, float to integer saturates."""
    return convert(convert(value, operand_type(value)), dtype)


def _check_computable(text: str, dtype: DType) -> None:
    if dtype.is_storage_only:
        raise LanguageError(
            f"{text} would be computed in {dtype}, a storage type.",
            asked=text,
            where=caller_location(),
            rule=f"{dtype} values are loaded, stored and cast, not computed with",
            hint="tl.cast(tl.float32, x) first, and tl.cast back where the result is stored",
        )


def _no_operator(text: str, op: str, dtype: DType, hint: str) -> LanguageError:
    return LanguageError(
        f"{op} is not defined for {dtype}.",
        asked=text,
        where=caller_location(),
        rule="operators are defined for the types that NumPy's are",
        hint=hint,
    )


def _text(value: Operand) -> str:
    return str(value) if isinstance(value, bool | int | float) else format_expr(value, 9)
