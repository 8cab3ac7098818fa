"""Must-fail tests of expressions, names, Inputs and domains: whole error texts."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.errors import BoundsError, LanguageError, TensorlangError
from tensorlang.lang.foreign import COUNTERPARTS

from .refusals import refusal

i, j = tl.vars("i j")
X = tl.Input("x", (4, 8), tl.float32)
H = tl.Input("h", (8,), tl.bfloat16)
M = tl.Input("m", (8,), tl.bool_)
B = tl.Input("b", (8,), tl.int8)
R, S = tl.RDom("r s", 3, 3)
UNDEFINED = tl.Func("f")

CASES: dict[str, tuple[Callable[[], object], type[TensorlangError], str]] = {
    "truth": (
        lambda: bool(i < 3),
        LanguageError,
        """\
an expression has no truth value while the algorithm is written.
  asked       bool(i < 3)    HERE
  hint        use tl.select(c, a, b) for a choice; & | ~ for and, or, not; (a <= b) & (b < c) for a <= b < c""",
    ),
    "chained comparison": (
        lambda: 0 <= i + j < 8,
        LanguageError,
        """\
an expression has no truth value while the algorithm is written.
  asked       bool(i + j >= 0)    HERE
  hint        use tl.select(c, a, b) for a choice; & | ~ for and, or, not; (a <= b) & (b < c) for a <= b < c""",
    ),
    "text operand": (
        lambda: i + "j",  # type: ignore[operator]
        LanguageError,
        """\
'j' cannot stand in an expression.
  asked       HERE
  rule        operands are expressions, Vars, RVars, and Python or NumPy scalars""",
    ),
    "array operand": (
        lambda: np.ones(2) * i,  # type: ignore[operator]
        LanguageError,
        """\
array([1., 1.]) cannot stand in an expression.
  asked       HERE
  rule        operands are expressions, Vars, RVars, and Python or NumPy scalars
  hint        pass arrays as tl.Input""",
    ),
    "function of NumPy": (
        lambda: np.tanh(X[i, j]),
        LanguageError,
        """\
np.tanh cannot take an expression, which has no value while the algorithm is written.
  asked       np.tanh(x[i, j])    HERE
  rule        expressions are made by operators and by the functions of tensorlang
  hint        tl.tanh(x[i, j])""",
    ),
    "function of NumPy by another name": (
        lambda: np.abs(X[i, j]),
        LanguageError,
        """\
np.absolute cannot take an expression, which has no value while the algorithm is written.
  asked       np.absolute(x[i, j])    HERE
  rule        expressions are made by operators and by the functions of tensorlang
  hint        tl.abs(x[i, j])""",
    ),
    "maximum of NumPy": (
        lambda: np.maximum(X[i, j], 0),  # type: ignore[call-overload]
        LanguageError,
        """\
np.maximum cannot take an expression, which has no value while the algorithm is written.
  asked       np.maximum(x[i, j], 0)    HERE
  rule        expressions are made by operators and by the functions of tensorlang
  hint        tl.maximum(x[i, j], 0)""",
    ),
    "choice of NumPy": (
        lambda: np.where(X[i, j] > 0, X[i, j], 0),  # type: ignore[call-overload]
        LanguageError,
        """\
np.where cannot take an expression, which has no value while the algorithm is written.
  asked       np.where(x[i, j] > 0.0, x[i, j], 0)    HERE
  rule        expressions are made by operators and by the functions of tensorlang
  hint        tl.select(x[i, j] > 0.0, x[i, j], 0)""",
    ),
    "sum of NumPy": (
        lambda: np.sum(X[i, j]),  # type: ignore[call-overload]
        LanguageError,
        """\
np.sum cannot take an expression, which has no value while the algorithm is written.
  asked       np.sum(x[i, j])    HERE
  rule        expressions are made by operators and by the functions of tensorlang
  hint        tl.sum(x[i, j])""",
    ),
    "function of NumPy that is not here": (
        lambda: np.sinh(X[i, j]),
        LanguageError,
        """\
np.sinh cannot take an expression, which has no value while the algorithm is written.
  asked       np.sinh(x[i, j])    HERE
  rule        expressions are made by operators and by the functions of tensorlang
  legal here  operators | tl.abs | tl.clamp | tl.cos | tl.exp | tl.floor | tl.log | tl.maximum | tl.minimum \
| tl.pow | tl.product | tl.round | tl.select | tl.sin | tl.sqrt | tl.sum | tl.tanh""",
    ),
    "method of a function of NumPy": (
        lambda: np.add.reduce(X[i, j]),  # type: ignore[call-overload]
        LanguageError,
        """\
np.add.reduce cannot take an expression, which has no value while the algorithm is written.
  asked       np.add.reduce(x[i, j])    HERE
  rule        expressions are made by operators and by the functions of tensorlang
  legal here  operators | tl.abs | tl.clamp | tl.cos | tl.exp | tl.floor | tl.log | tl.maximum | tl.minimum \
| tl.pow | tl.product | tl.round | tl.select | tl.sin | tl.sqrt | tl.sum | tl.tanh""",
    ),
    "function of Python": (
        lambda: math.exp(X[i, j]),
        LanguageError,
        """\
an expression is not a Python float: it has no value while the algorithm is written.
  asked       float(x[i, j])    HERE
  hint        for math.exp(x) write tl.exp(x), and so for the others; tl.cast(tl.float32, x) changes the type""",
    ),
    "whole number of Python": (
        lambda: int(X[i, j]),
        LanguageError,
        """\
an expression is not a Python int: it has no value while the algorithm is written.
  asked       int(x[i, j])    HERE
  hint        tl.cast(tl.int64, x) changes the type""",
    ),
    "input without indices": (
        lambda: i + X,  # type: ignore[operator]
        LanguageError,
        """\
x stands in an expression without indices.
  asked       HERE
  hint        index it: x[i, j]""",
    ),
    "two inputs of one name": (
        lambda: X[i, j] + tl.Input("x", (4,), tl.float32)[i],
        LanguageError,
        """\
x names two different things in one expression.
  asked       HERE
  rule        Funcs and Inputs of one algorithm have names of their own""",
    ),
    "var and rvar of one name": (
        lambda: X[i, tl.RDom("i", 8)],
        LanguageError,
        """\
i names two different things in one expression.
  asked       HERE
  rule        within a definition, a name is a Var, or a dimension of one RDom""",
    ),
    "storage type": (
        lambda: H[i] + H[i],
        LanguageError,
        """\
h[i] + h[i] would be computed in bfloat16, a storage type.
  asked       h[i] + h[i]    HERE
  rule        bfloat16 values are loaded, stored and cast, not computed with
  hint        tl.cast(tl.float32, x) first, and tl.cast back where the result is stored""",
    ),
    "storage type in a function": (
        lambda: tl.exp(H[i]),
        LanguageError,
        """\
exp(h[i]) would be computed in bfloat16, a storage type.
  asked       exp(h[i])    HERE
  rule        bfloat16 values are loaded, stored and cast, not computed with
  hint        tl.cast(tl.float32, x) first, and tl.cast back where the result is stored""",
    ),
    "weak integer out of range": (
        lambda: B[i] + 300,
        LanguageError,
        """\
300 does not fit int8.
  asked       HERE
  rule        a Python number takes the type it meets: int8 holds -128 to 127
  hint        tl.cast the other operand to a wider type""",
    ),
    "bool difference": (
        lambda: M[i] - M[i],
        LanguageError,
        """\
- is not defined for bool.
  asked       m[i] - m[i]    HERE
  rule        operators are defined for the types that NumPy's are
  hint        use ^ for exclusive or, or tl.cast to an integer""",
    ),
    "negated bool": (
        lambda: -M[i],
        LanguageError,
        """\
- is not defined for bool.
  asked       -(m[i])    HERE
  rule        operators are defined for the types that NumPy's are
  hint        use ~ for not, or tl.cast to an integer type""",
    ),
    "bits of floats": (
        lambda: X[i, j] & 1,
        LanguageError,
        """\
& is not defined for float32.
  asked       x[i, j] & 1    HERE
  rule        operators are defined for the types that NumPy's are
  hint        tl.cast to an integer type first""",
    ),
    "inverted float": (
        lambda: ~X[i, j],
        LanguageError,
        """\
~ is not defined for float32.
  asked       ~(x[i, j])    HERE
  rule        operators are defined for the types that NumPy's are
  hint        tl.cast to an integer type first""",
    ),
    "select on a number": (
        lambda: tl.select(B[i], 1, 0),
        LanguageError,
        """\
the condition of a select is int8.
  asked       tl.select(b[i], ...)    HERE
  rule        a condition is bool
  hint        compare: b[i] != 0""",
    ),
    "unknown type": (
        lambda: tl.cast("float31", i),
        LanguageError,
        """\
'float31' is not an element type.
  legal here  bool | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float16 | bfloat16 | float32 | \
float64
  hint        pass one of these, as tl.float32 or 'float32'""",
    ),
    "float index": (
        lambda: B[X[0, i]],
        LanguageError,
        """\
index 0 of b is float32.
  asked       b[x[0, i]]    HERE
  rule        an index is an integer
  hint        tl.cast(tl.int64, tl.floor(x))""",
    ),
    "bool index": (
        lambda: X[i, M[j]],
        LanguageError,
        """\
index 1 of x is bool.
  asked       x[i, m[j]]    HERE
  rule        an index is an integer
  hint        tl.cast(tl.int64, x)""",
    ),
    "too few indices": (
        lambda: X[i],
        LanguageError,
        """\
x has 2 dimensions and got 1 index.
  asked       x[i]    HERE
  rule        one index for each dimension, outermost first""",
    ),
    "slice": (
        lambda: X[i, 1:],  # type: ignore[index]
        LanguageError,
        """\
index 1 of x is a slice.
  asked       x[i, 1:]    HERE
  rule        a Func or an Input is read one element at a time; Vars stand for whole dimensions""",
    ),
    "negative index": (
        lambda: X[i, -1],
        BoundsError,
        """\
index -1 of dimension 1 of x is outside [0, 8).
  asked       x[i, -1]    HERE
  hint        count from the start: 7""",
    ),
    "index past the end": (
        lambda: X[4, i],
        BoundsError,
        """\
index 4 of dimension 0 of x is outside [0, 4).
  asked       x[4, i]    HERE""",
    ),
    "written input": (
        lambda: X.__setitem__((i, j), 0.0),
        LanguageError,
        """\
x is an Input, which is read only.
  asked       x[...] = ...    HERE
  hint        define a tl.Func""",
    ),
    "input shape": (
        lambda: tl.Input("y", (4, -1), tl.float32),
        LanguageError,
        """\
(4, -1) is not the shape of an Input.
  asked       tl.Input('y', (4, -1), ...)    HERE
  rule        a shape is a sequence of constant integers of at least 0""",
    ),
    "var name": (
        lambda: tl.Var("1st"),
        LanguageError,
        """\
'1st' cannot name a Var.
  asked       tl.Var('1st')    HERE
  rule        names are letters, digits and underscores, at most 128, and do not start with a digit""",
    ),
    "no vars": (
        lambda: tl.vars(" "),
        LanguageError,
        """\
' ' cannot name a Var.
  asked       tl.Var(' ')    HERE
  rule        names are letters, digits and underscores, at most 128, and do not start with a digit""",
    ),
    "vars twice": (
        lambda: tl.vars("i i"),
        LanguageError,
        """\
'i i' has the same name twice.
  asked       HERE
  rule        each Var has a name of its own""",
    ),
    "domain bounds missing": (
        lambda: tl.RDom("r s", 3),
        LanguageError,
        """\
RDom 'r s' has 2 names and 1 bounds.
  asked       HERE
  rule        each dimension has a name and an extent
  hint        tl.RDom("r s", 3, 3)""",
    ),
    "domain empty": (
        lambda: tl.RDom("r", (0, -1)),
        LanguageError,
        """\
(0, -1) does not bound dimension r of an RDom.
  asked       HERE
  rule        a bound is an extent of at least 0, or a pair (min, extent), constant integers both""",
    ),
    "power of integers": (
        lambda: B[i] ** 2,
        LanguageError,
        """\
** is not defined for int8.
  asked       b[i] ** 2    HERE
  rule        operators are defined for the types that NumPy's are
  hint        multiply, or tl.pow for a float""",
    ),
    "pow in a storage type": (
        lambda: tl.pow(H[i], 2),
        LanguageError,
        """\
pow(h[i], 2) would be computed in bfloat16, a storage type.
  asked       pow(h[i], 2)    HERE
  rule        bfloat16 values are loaded, stored and cast, not computed with
  hint        tl.cast(tl.float32, x) first, and tl.cast back where the result is stored""",
    ),
    "domain bound by an expression": (
        lambda: tl.RDom("r", i),  # type: ignore[arg-type]
        LanguageError,
        """\
i does not bound dimension r of an RDom.
  asked       HERE
  rule        a bound is an extent of at least 0, or a pair (min, extent), constant integers both""",
    ),
    "domain as an index": (
        lambda: X[tl.RDom("r s", 3, 3), 0],
        LanguageError,
        """\
an RDom of 2 dimensions stands in an expression.
  asked       HERE
  rule        only an RDom of one dimension is itself an index
  hint        unpack it: r, s = tl.RDom(...)""",
    ),
    "undefined func": (
        lambda: UNDEFINED[i] + 1,
        LanguageError,
        """\
f is read and has no definition yet.
  asked       HERE
  rule        a Func is defined before it is read
  hint        f[...] = ..., or += to start from 0""",
    ),
    "reduction without a domain": (
        lambda: tl.maximum(X[i, j]),
        LanguageError,
        """\
tl.maximum reduces x[i, j], which does not use any RDom.
  asked       HERE
  rule        an inline reduction runs over an RDom that its operand uses
  hint        tl.maximum(a, b) is elementwise""",
    ),
    "reduction over another domain": (
        lambda: tl.sum(B[R], over=tl.RDom("k", 3)),
        LanguageError,
        """\
tl.sum reduces b[r], which does not use RDom(k in [0, 3)).
  asked       HERE
  rule        an inline reduction runs over an RDom that its operand uses""",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refusal(case: str) -> None:
    call, kind, text = CASES[case]
    assert refusal(call, kind) == text


def test_if_on_an_expression_points_at_the_if() -> None:
    def choose() -> int:
        return 1 if X[i, j] > 0 else 0

    assert refusal(choose, LanguageError) == (
        "an expression has no truth value while the algorithm is written.\n"
        "  asked       bool(x[i, j] > 0.0)    HERE\n"
        "  hint        use tl.select(c, a, b) for a choice; & | ~ for and, or, not; "
        "(a <= b) & (b < c) for a <= b < c"
    )


@pytest.mark.parametrize("name", COUNTERPARTS)
def test_counterparts_of_functions_of_numpy_exist(name: str) -> None:
    assert callable(getattr(np, name)) and callable(getattr(tl, COUNTERPARTS[name]))


@pytest.mark.parametrize("source", [X, UNDEFINED], ids=["Input", "Func"])
def test_arrays_of_the_language_do_not_iterate(source: object) -> None:
    with pytest.raises(TypeError, match="not iterable"):
        iter(source)  # type: ignore[call-overload]
