"""Whether an update is a reduction whose result does not depend on the order of its terms."""

from __future__ import annotations

from dataclasses import dataclass

from tensorlang.ir.algorithm import Definition, FuncDef
from tensorlang.ir.associative import IDENTITIES, rounded_product
from tensorlang.ir.expr import Binary, BinaryOp, Call, Cast, Expr, Fma, Unary, UnaryOp
from tensorlang.ir.printer import format_expr
from tensorlang.ir.visitor import walk


@dataclass(frozen=True, slots=True)
class Accumulation:
    """An element ``f[args] = f[args] op term``, with an associative and commutative `op`; the term does not read f.

    The term of a float16 or bfloat16 element is in the type that is computed in; the element is widened and narrowed
    around the operator.
    """

    op: BinaryOp
    term: Expr


def find_accumulation(old: Call, value: Expr) -> Accumulation | None:
    """What an update that replaces `old` by `value` accumulates, or None if it is not proven to be of that form.

    ``f - term`` counts as ``f + (-term)``, and ``a * b + f`` that is rounded once as adding a product.
    """
    if _why_not(old, value):
        return None
    match _without_float_cast(value):
        case Fma(a, b, _):
            return Accumulation(BinaryOp.ADD, rounded_product(a, b))
        case Binary(BinaryOp.SUB, _, b):
            return Accumulation(BinaryOp.ADD, Unary(UnaryOp.NEG, b))
        case Binary(op, a, b):
            return Accumulation(op, b if _is_self(a, old) else a)
    raise AssertionError("what _why_not lets pass is one of these")


def old_values(definition: Definition, func: str) -> tuple[Call, ...]:
    """What each element of Func `func` is before the update `definition` replaces it by its value."""
    kinds = [value.type for value in definition.values]
    return FuncDef(func, (), tuple(kinds), definition).calls(definition.args)


def is_associative_update(definition: Definition, func: str) -> bool:
    """Whether an update of Func `func` is proven to give the same result in any order of its iterations."""
    return why_not_associative(definition, func) == ""


def why_not_associative(definition: Definition, func: str) -> str:
    """Which condition of an accumulation an update fails, as the end of a sentence; "" if it fails none.

    Each element of a tuple accumulates by itself, or keeps its value.
    """
    for old, value in zip(old_values(definition, func), definition.values, strict=True):
        why = "" if value == old else _why_not(old, value)
        if why:
            return why
    return ""


def _why_not(old: Call, value: Expr) -> str:
    func = old.name
    for arg in old.args:
        if _reads(arg, func):
            return f"its index {format_expr(arg)} reads {func}"
    node = _without_float_cast(value)
    if not _reads(node, func):
        return f"it replaces the value of {func}, and does not accumulate"
    operands: tuple[Expr, Expr]
    if isinstance(node, Fma):
        operands, op = (node.c, Binary(BinaryOp.MUL, node.a, node.b)), BinaryOp.ADD
    elif isinstance(node, Binary):
        operands, op = (node.a, node.b), node.op
    else:
        return f"{func} is not an operand of its outermost operator"
    selves = [_is_self(operand, old) for operand in operands]
    if not any(selves):
        return f"{func} at the indices on the left is not an operand of its outermost operator"
    if op not in IDENTITIES and not (op is BinaryOp.SUB and selves[0]):
        return f"{op} is not associative"
    if _reads(operands[1 if selves[0] else 0], func):
        return f"its term reads {func}"
    return ""


def _is_self(node: Expr, old: Call) -> bool:
    return _without_float_cast(node) == old


def _without_float_cast(node: Expr) -> Expr:
    return node.value if isinstance(node, Cast) and node.type.is_float and node.value.type.is_float else node


def _reads(node: Expr, func: str) -> bool:
    return any(isinstance(item, Call) and item.name == func for item in walk(node))
