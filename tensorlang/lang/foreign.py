"""What NumPy's functions make of an expression: its operators are ours, the rest is refused, naming ours to use."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from tensorlang.errors import LanguageError, caller_location

OPERATORS: Mapping[np.ufunc, tuple[str, str]] = MappingProxyType(
    {
        np.add: ("__add__", "__radd__"),
        np.subtract: ("__sub__", "__rsub__"),
        np.multiply: ("__mul__", "__rmul__"),
        np.true_divide: ("__truediv__", "__rtruediv__"),
        np.floor_divide: ("__floordiv__", "__rfloordiv__"),
        np.remainder: ("__mod__", "__rmod__"),
        np.power: ("__pow__", "__rpow__"),
        np.bitwise_and: ("__and__", "__rand__"),
        np.bitwise_or: ("__or__", "__ror__"),
        np.bitwise_xor: ("__xor__", "__rxor__"),
        np.left_shift: ("__lshift__", "__rlshift__"),
        np.right_shift: ("__rshift__", "__rrshift__"),
        np.equal: ("__eq__", "__eq__"),
        np.not_equal: ("__ne__", "__ne__"),
        np.less: ("__lt__", "__gt__"),
        np.less_equal: ("__le__", "__ge__"),
        np.greater: ("__gt__", "__lt__"),
        np.greater_equal: ("__ge__", "__le__"),
    }
)
"""What a NumPy scalar on the left of an operator calls, and the methods of the left and of the right operand."""

COUNTERPARTS: Mapping[str, str] = MappingProxyType(
    {
        **{
            name: name
            for name in (
                "cos",
                "exp",
                "floor",
                "log",
                "maximum",
                "minimum",
                "pow",
                "round",
                "sin",
                "sqrt",
                "sum",
                "tanh",
            )
        },
        "absolute": "abs",
        "clip": "clamp",
        "fabs": "abs",
        "max": "maximum",
        "min": "minimum",
        "float_power": "pow",
        "power": "pow",
        "prod": "product",
        "rint": "round",
        "where": "select",
    }
)
"""Our functions by the names of NumPy's."""


def numpy_error(name: str, args: tuple[object, ...]) -> LanguageError:
    """NumPy's function `name` is called with `args`, among which there is an expression."""
    text = ", ".join(map(repr, args))
    ours = COUNTERPARTS.get(name)
    return LanguageError(
        f"np.{name} cannot take an expression, which has no value while the algorithm is written.",
        asked=f"np.{name}({text})",
        where=caller_location(),
        rule="expressions are made by operators and by the functions of tensorlang",
        legal="" if ours else f"operators | {' | '.join(f'tl.{our}' for our in sorted(set(COUNTERPARTS.values())))}",
        hint=f"tl.{ours}({text})" if ours else "",
    )


def number_error(kind: str, text: str, hint: str) -> LanguageError:
    """The expression `text` is asked for its value as a Python number of type `kind`."""
    return LanguageError(
        f"an expression is not a Python {kind}: it has no value while the algorithm is written.",
        asked=f"{kind}({text})",
        where=caller_location(),
        hint=hint,
    )
