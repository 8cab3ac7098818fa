"""What a call must meet before anything of it runs: conditions on its scalar arguments."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tensorlang.bounds.params import param_variable, params_in
from tensorlang.errors import InternalError, LanguageError
from tensorlang.ir.expr import Binary, BinaryOp, Cast, Compare, CompareOp, Const, Expr, Select, Unary, UnaryOp, Variable
from tensorlang.ir.module import BufferParam, Requirement
from tensorlang.runtime.buffers import Array

_COMPARE = {
    CompareOp.EQ: operator.eq,
    CompareOp.NE: operator.ne,
    CompareOp.LT: operator.lt,
    CompareOp.LE: operator.le,
    CompareOp.GT: operator.gt,
    CompareOp.GE: operator.ge,
}


class Requirements:
    """The requirements that the arguments of one function decide.

    Parameters
    ----------
    requirements : sequence of Requirement
    params : sequence of BufferParam
        The arrays that the function takes, in order.
    """

    def __init__(self, requirements: Sequence[Requirement], params: Sequence[BufferParam]) -> None:
        places = {p.name: n for n, p in enumerate(params)}
        names = {name for r in requirements for name in params_in(*r.conditions)}
        self._places = {name: places[name] for name in names if name in places}
        self._asked = [r for r in requirements if all(name in places for name in params_in(*r.conditions))]

    @property
    def are_any(self) -> bool:
        """Whether there is anything to check."""
        return bool(self._asked)

    def check(self, arrays: Sequence[Array]) -> None:
        """Raise unless all are met.

        Raises
        ------
        LanguageError
            With the message of the first that is not.
        """
        if not self._asked:
            return
        given = {name: arrays[place][()] for name, place in self._places.items()}
        values = {param_variable(name): value for name, value in given.items()}
        for requirement in self._asked:
            if not any(_value(condition, values) for condition in requirement.conditions):
                names = dict.fromkeys(name for condition in requirement.conditions for name in params_in(condition))
                raise LanguageError(
                    f"{requirement.message}: this call has {', '.join(f'{name} = {given[name]}' for name in names)}.",
                    rule="the schedule refuses calls that meet the condition of no case, by specialize_fail",
                )


def _value(expr: Expr, values: Mapping[str, Any]) -> Any:
    """The value of a condition, in the types of the language: NumPy's scalars have them."""
    match expr:
        case Const(value, kind):
            return kind.numpy.type(value)
        case Variable(name, _):
            return values[name]
        case Cast(kind, value):
            return kind.numpy.type(_value(value, values))
        case Compare(op, a, b):
            return _COMPARE[op](_value(a, values), _value(b, values))
        case Unary(UnaryOp.NOT, value):
            return not _value(value, values)
        case Binary(BinaryOp.AND, a, b):
            return _value(a, values) and _value(b, values)
        case Binary(BinaryOp.MOD, a, b):
            return np.remainder(_value(a, values), _value(b, values))
        case Select(condition, a, b):
            return _value(a if _value(condition, values) else b, values)
    raise InternalError(f"a condition on Params holds a {type(expr).__name__}.")
