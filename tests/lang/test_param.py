"""Scalar arguments in expressions, and what their declarations refuse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.errors import LanguageError
from tensorlang.ir.algorithm import InputDef
from tensorlang.ir.scalar import Scalar
from tensorlang.lang.build import build_algorithm

from .refusals import refusal

i = tl.Var("i")
X = tl.Input("x", (8,), tl.float32)


def test_a_param_stands_in_expressions_as_its_type() -> None:
    scale, count = tl.Param("scale", tl.float32), tl.Param("count", "int16", min=1, max=4)
    assert repr(X[i] * scale + 1) == "x[i] * scale + 1.0"
    assert (X[i] * scale).type == tl.float32
    assert (count + 1).type == tl.int16
    assert (scale * count).type == tl.float32
    assert repr(X[i + count]) == "x[i + int64(count)]"
    assert tl.Param("flag", bool, default=True).type == tl.bool_


def test_it_is_an_input_without_dimensions_in_order_of_first_use() -> None:
    scale = tl.Param("scale", tl.float32, min=0, default=0.5, constant=True)
    bias, f = tl.Param("bias", tl.float64), tl.Func("f")
    f[i] = scale * X[i] + bias
    definitions = (
        InputDef("scale", (), tl.float32, True, Scalar(0.0, None, 0.5)),
        X.definition,
        InputDef("bias", (), tl.float64, False, Scalar()),
    )
    assert build_algorithm(f).inputs == definitions
    assert build_algorithm(f, [bias, X, scale]).inputs == (definitions[2], definitions[1], definitions[0])


def test_limits_are_in_the_type_of_the_param() -> None:
    assert tl.Param("n", tl.int8, min=np.int8(-3), max=7).scalar == Scalar(-3, 7, None)
    assert tl.Param("s", tl.float32, max=0.1).scalar.max == float(np.float32(0.1))
    assert (Scalar(0, 8).text, Scalar(None, 8).text, Scalar(2).text, Scalar().text) == (
        "[0, 8]",
        "(-inf, 8]",
        "[2, inf)",
        "",
    )


CASES: dict[str, tuple[Callable[[], object], str]] = {
    "storage type": (
        lambda: tl.Param("s", tl.bfloat16),
        """\
Param 's' is bfloat16, a storage type.
  asked       HERE
  rule        bfloat16 values are loaded, stored and cast, not computed with
  hint        tl.Param('s', tl.float32)""",
    ),
    "name": (
        lambda: tl.Param("a b", tl.int32),
        """\
'a b' cannot name a Param.
  asked       tl.Param('a b')    HERE
  rule        names are letters, digits and underscores, at most 128, and do not start with a digit""",
    ),
    "limit of another type": (
        lambda: tl.Param("n", tl.int32, min=0.5),
        """\
min=0.5 does not fit Param 'n' of type int32: a Python float is not a int32.
  asked       HERE
  rule        the limits and the default of a Param are numbers of its type""",
    ),
    "default out of range": (
        lambda: tl.Param("n", tl.uint8, default=300),
        """\
default=300 does not fit Param 'n' of type uint8: uint8 holds 0 to 255.
  asked       HERE
  rule        the limits and the default of a Param are numbers of its type""",
    ),
    "empty": (
        lambda: tl.Param("n", tl.int32, min=3, max=2),
        """\
Param 'n' has the limits [3, 2].
  asked       HERE
  rule        min <= default <= max""",
    ),
    "default beyond a limit": (
        lambda: tl.Param("s", tl.float32, max=1, default=2),
        """\
Param 's' has the limits (-inf, 1.0] and the default 2.0.
  asked       HERE
  rule        min <= default <= max""",
    ),
    "two of one name": (
        lambda: tl.Param("s", tl.float32) * tl.Param("s", tl.float32),
        """\
s names two different things in one expression.
  asked       HERE
  rule        Funcs and Inputs of one algorithm have names of their own""",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refusal(case: str) -> None:
    call, text = CASES[case]
    assert refusal(call, LanguageError) == text
