"""Whether iterations of an RVar can touch the same element of the Func they update."""

from __future__ import annotations

from tensorlang.ir.algorithm import Definition
from tensorlang.ir.expr import Binary, BinaryOp, Call, Const, Expr, Unary, UnaryOp, Variable
from tensorlang.ir.visitor import free_variables, walk
from tensorlang.schedule.nest import LoopPlan, StagePlan
from tensorlang.schedule.reads import calls


def may_race(stage: StagePlan, loop: LoopPlan) -> bool:
    """Whether two iterations of `loop` may touch the same element of the Func that `stage` defines."""
    return loop.is_reduction and not all(is_race_free(stage.definition, stage.name.func, root) for root in loop.roots)


def is_race_free(definition: Definition, func: str, rvar: str) -> bool:
    """Whether two iterations that differ in `rvar` are proven never to store to one place, or load what another stores.

    That is so where some left-hand index is ``a * rvar + c``, with a constant ``a != 0`` and a `c` of constants and
    pure Vars, and the update reads its own Func only at exactly the left-hand indices. Two iterations that agree in
    the pure Vars then differ in that index; two that do not, differ in the index that is the pure Var.
    """
    if any(isinstance(node, Call) and node.name == func for arg in definition.args for node in walk(arg)):
        return False
    if any(call.args != definition.args for call in calls(definition, func)):
        return False
    rvars = {item.name for item in definition.rvars}
    pure = {arg.name for arg in definition.args if isinstance(arg, Variable) and arg.name not in rvars}
    return any(_coefficient(arg, rvar, pure) not in (None, 0) for arg in definition.args)


def _coefficient(node: Expr, rvar: str, pure: set[str]) -> int | None:
    """The `a` of ``a * rvar + c``, with a `c` of constants and `pure` Vars; None where `node` is not of that form."""
    match node:
        case Variable(name, _) if name == rvar:
            return 1
        case Const() | Variable() | Call():
            return 0 if _is_fixed(node, pure) else None
        case Unary(UnaryOp.NEG, value):
            a = _coefficient(value, rvar, pure)
            return None if a is None else -a
        case Binary(BinaryOp.ADD | BinaryOp.SUB as op, left, right):
            a, b = _coefficient(left, rvar, pure), _coefficient(right, rvar, pure)
            if a is None or b is None:
                return None
            return a + b if op is BinaryOp.ADD else a - b
        case Binary(BinaryOp.MUL, Const(int(factor)), value) | Binary(BinaryOp.MUL, value, Const(int(factor))):
            a = _coefficient(value, rvar, pure)
            return None if a is None else a * factor
    return 0 if _is_fixed(node, pure) else None


def _is_fixed(node: Expr, pure: set[str]) -> bool:
    return free_variables(node) <= pure and not any(isinstance(item, Call) for item in walk(node))
