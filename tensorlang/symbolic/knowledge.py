"""What a condition on scalar arguments says of the code that it guards: values, truths, limits."""

from __future__ import annotations

from dataclasses import dataclass

from tensorlang.dtypes import bool_
from tensorlang.ir.expr import Compare, CompareOp, Const, Expr, Unary, UnaryOp, Variable
from tensorlang.ir.visitor import conjuncts, map_children, walk


@dataclass(frozen=True)
class Knowledge:
    """Expressions with what they are known to be."""

    values: dict[Expr, Expr]

    def apply(self, expr: Expr) -> Expr:
        """`expr` with everything known put in."""
        known = self.values.get(expr)
        return map_children(expr, self.apply) if known is None else known


def knowledge_of(condition: Expr, *, holds: bool) -> Knowledge:
    """What is known where `condition`, which reads variables only, holds or does not hold.

    An integer or a bool that equals a literal is that literal; so is a float, but for 0, which has two signs.
    """
    values: dict[Expr, Expr] = {condition: Const(holds, bool_)}
    if not holds:
        return Knowledge(values)
    for part in conjuncts(condition):
        values[part] = Const(True, bool_)
        match part:
            case Unary(UnaryOp.NOT, value):
                values[value] = Const(False, bool_)
            case Compare(CompareOp.EQ, a, b):
                for side, literal in ((a, b), (b, a)):
                    if isinstance(literal, Const) and (literal.value or not literal.type.is_float):
                        values[side] = literal
    return Knowledge(values)


def is_about_scalars(condition: Expr, suffix: str) -> bool:
    """Whether `condition` reads nothing but variables whose names end in `suffix`, and at least one."""
    names = [node.name for node in walk(condition) if isinstance(node, Variable)]
    return bool(names) and all(name.endswith(suffix) for name in names)
