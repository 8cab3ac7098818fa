"""Whether an update is a reduction whose result does not depend on the order of its terms."""

from __future__ import annotations

from tensorlang.ir.algorithm import Definition
from tensorlang.ir.expr import Binary, BinaryOp, Call, Cast, Expr
from tensorlang.ir.visitor import walk

_OPERATORS = frozenset(
    {
        BinaryOp.ADD,
        BinaryOp.MUL,
        BinaryOp.MIN,
        BinaryOp.MAX,
        BinaryOp.AND,
        BinaryOp.OR,
        BinaryOp.BIT_AND,
        BinaryOp.BIT_OR,
        BinaryOp.BIT_XOR,
    }
)


def is_associative_update(definition: Definition, func: str) -> bool:
    """Whether an update of Func `func` is proven to give the same result in any order of its iterations.

    It is so for ``f[args] = f[args] op term``, with an associative and commutative `op`, and `args` and `term` that do
    not read f; ``f - term`` counts as ``f + (-term)``. Floating-point operators count as associative, as they do in
    every compiler of this kind: results then differ in the order of rounding. A float16 or bfloat16 Func may be widened
    and narrowed around the operator.
    """
    value = _without_float_cast(definition.value)
    if not isinstance(value, Binary) or any(_reads(arg, func) for arg in definition.args):
        return False
    if _is_self(value.a, definition, func):
        return value.op in _OPERATORS | {BinaryOp.SUB} and not _reads(value.b, func)
    return _is_self(value.b, definition, func) and value.op in _OPERATORS and not _reads(value.a, func)


def _is_self(node: Expr, definition: Definition, func: str) -> bool:
    call = _without_float_cast(node)
    return isinstance(call, Call) and call.name == func and call.args == definition.args


def _without_float_cast(node: Expr) -> Expr:
    return node.value if isinstance(node, Cast) and node.type.is_float and node.value.type.is_float else node


def _reads(node: Expr, func: str) -> bool:
    return any(isinstance(item, Call) and item.name == func for item in walk(node))
