"""Must-fail tests of tuples: whole error texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.errors import LanguageError

from .refusals import refusal

i, j = tl.vars("i j")
k = tl.RDom("k", 8)
X = tl.Input("x", (8, 8), tl.float32)


def pair(name: str = "f") -> tl.Func:
    func = tl.Func(name)
    func[i] = (i, X[i, 0])
    return func


def single() -> tl.Func:
    func = tl.Func("f")
    func[i] = X[i, 0]
    return func


def assign(func: tl.Func, value: Any) -> Callable[[], None]:
    return lambda: func.__setitem__(i, value)


def assign_element(func: tl.Func, element: Any, value: Any) -> Callable[[], None]:
    return lambda: func[i].__setitem__(element, value)


def increase(func: tl.Func, value: Any) -> Callable[[], None]:
    def statement() -> None:
        func[i] += value

    return statement


def increase_element(func: tl.Func, value: Any) -> Callable[[], None]:
    def statement() -> None:
        func[i][0] += value

    return statement


EVERY = "\n  rule        every definition of a Func gives as many values, one for each element"
ALONE = "\n  hint        an update of one element leaves the others as they are: f[...][0] = ..."
NAMED = "\n  rule        an element is named by a constant integer, here 0 to 1"
ONE = "\n  hint        indices of several dimensions stand in one pair of brackets: f[i, j]"
NUMBER = (
    " is a tuple of 2 values, and stands where a single value is expected.\n"
    "  asked       HERE\n"
    "  rule        only definitions and tl.select take tuples\n"
    "  hint        take an element: t[0], or a, b = t"
)

ARITY: dict[str, tuple[Callable[[], Any], str]] = {
    "too many": (
        assign(pair(), (1, 2, 3)),
        "f has a tuple of 2 at each point, and this definition gives a tuple of 3.\n"
        "  asked       f[i] = (1, 2, 3)    HERE" + EVERY,
    ),
    "one for two": (
        assign(pair(), 1),
        "f has a tuple of 2 at each point, and this definition gives one value.\n"
        "  asked       f[i] = 1    HERE" + EVERY + ALONE,
    ),
    "two for one": (
        assign(single(), (1, 2)),
        "f has one value at each point, and this definition gives a tuple of 2.\n"
        "  asked       f[i] = (1, 2)    HERE" + EVERY,
    ),
    "declared": (
        assign(tl.Func("f", (tl.float32, tl.int32, tl.int8)), (1, 2)),
        "f has a tuple of 3 at each point, and this definition gives a tuple of 2.\n"
        "  asked       f[i] = (1, 2)    HERE" + EVERY + ALONE,
    ),
    "scalar increment": (
        increase(pair(), 1),
        "f has a tuple of 2 at each point, and this definition gives one value.\n"
        "  asked       f[i] += 1    HERE" + EVERY + ALONE,
    ),
    "tuple increment": (
        increase(single(), (1, 2)),
        "f has one value at each point, and this definition gives a tuple of 2.\n"
        "  asked       f[i] += (1, 2)    HERE" + EVERY,
    ),
    "tuple of one": (
        assign(tl.Func("f"), (i,)),
        "a tuple of 1 value is none.\n"
        "  asked       tl.Tuple(i)    HERE\n"
        "  rule        a tuple has two or more elements\n"
        "  hint        a single value needs no tuple",
    ),
    "tuple of none": (
        lambda: tl.Tuple(),
        "a tuple of 0 values is none.\n"
        "  asked       tl.Tuple()    HERE\n"
        "  rule        a tuple has two or more elements",
    ),
    "select of a tuple and a value": (
        lambda: tl.select(i > 0, (i, j), i),
        "tl.select is given a tuple of 2 and one value.\n"
        "  asked       tl.select(i > 0, (i, j), i)    HERE\n"
        "  rule        the two sides of a select have the same number of elements",
    ),
}

ELEMENTS: dict[str, tuple[Callable[[], Any], str]] = {
    "too large": (
        lambda: pair()[i][2],
        "f[i] is a tuple of 2 values, and has no element 2.\n  asked       f[i][2]    HERE" + NAMED,
    ),
    "too small": (
        lambda: pair()[i][-3],
        "f[i] is a tuple of 2 values, and has no element -3.\n  asked       f[i][-3]    HERE" + NAMED,
    ),
    "a Var": (
        lambda: pair()[i][j],
        "f[i] is a tuple of 2 values, and has no element j.\n  asked       f[i][j]    HERE" + NAMED,
    ),
    "a float": (
        lambda: pair()[i][0.0],
        "f[i] is a tuple of 2 values, and has no element 0.0.\n  asked       f[i][0.0]    HERE" + NAMED,
    ),
    "assigned": (
        assign_element(pair(), 2, 1),
        "f[i] is a tuple of 2 values, and has no element 2.\n  asked       f[i][2]    HERE" + NAMED,
    ),
    "of a Tuple": (
        lambda: tl.Tuple(i, j)[2],
        "(i, j) is a tuple of 2 values, and has no element 2.\n  asked       (i, j)[2]    HERE" + NAMED,
    ),
    "of one value": (
        lambda: single()[i][0],
        "f[i] is one value, not a tuple.\n  asked       f[i][0]    HERE" + ONE,
    ),
    "of an element": (
        lambda: pair()[i][0][1],
        "f[i][0] is one value, not a tuple.\n  asked       f[i][0][1]    HERE" + ONE,
    ),
    "of an expression": (
        lambda: (X[i, j] + 1)[0],
        "x[i, j] + 1.0 is one value, not a tuple.\n  asked       (x[i, j] + 1.0)[0]    HERE" + ONE,
    ),
    "one value taken apart": (
        lambda: tuple(single()[i]),
        "f[i] is one value, not a tuple.\n  asked       f[i][0]    HERE" + ONE,
    ),
    "of a Func not defined yet": (
        increase_element(tl.Func("f"), 1),
        "f is read and has no definition yet.\n"
        "  asked       HERE\n"
        "  rule        a Func is defined before it is read\n"
        "  hint        f[...] = ..., or += to start from 0",
    ),
}

NUMBERS: dict[str, tuple[Callable[[], Any], str]] = {
    "f + 1": (lambda: pair()[i] + 1, "f[i]"),
    "1 + f": (lambda: 1 + pair()[i], "f[i]"),
    "NumPy scalar + f": (lambda: np.float32(1) + pair()[i], "f[i]"),
    "-f": (lambda: -pair()[i], "f[i]"),
    "f < g": (lambda: pair()[i] < pair("g")[i], "f[i]"),
    "exp": (lambda: tl.exp(pair()[i]), "f[i]"),
    "index": (lambda: X[pair()[i], 0], "f[i]"),
    "condition": (lambda: tl.select(pair()[i], 1, 2), "f[i]"),
    "type": (lambda: pair().type, "f"),
    "Tuple + Tuple": (lambda: tl.Tuple(i, j) + tl.Tuple(i, j), "(i, j)"),
    "NumPy scalar * Tuple": (lambda: np.float32(1) * tl.Tuple(i, j), "(i, j)"),
    "bool": (lambda: bool(tl.Tuple(i, j)), "(i, j)"),
    "==": (lambda: tl.Tuple(i, j) == tl.Tuple(i, j), "(i, j)"),
    "Python's tuple": (lambda: X[i, j] + (i, j), "(i, j)"),  # type: ignore[operator]
    "inside a tuple": (assign(tl.Func("f"), (i, (i, j))), "(i, j)"),
    "increment of an element": (increase_element(pair(), (i, j)), "(i, j)"),
    "sum": (lambda: tl.sum(tl.Tuple(X[i, k], X[i, 0])), "(x[i, k], x[i, 0])"),  # type: ignore[arg-type]
}

NARROW = "\n  rule        all definitions of a Func have one element type; only widening is implicit"
TYPES: dict[str, tuple[Callable[[], Any], str]] = {
    "a narrower element": (
        assign(pair(), (0.5, X[i, 0])),
        "element 0 of f is int64, and the value of this definition is float64.\n"
        "  asked       f[i] = (0.5, x[i, 0])    HERE" + NARROW + "\n  hint        tl.cast(tl.int64, ...)",
    ),
    "an update of one element": (
        assign_element(pair(), 1, tl.cast(tl.float64, X[i, 0])),
        "element 1 of f is float32, and the value of this definition is float64.\n"
        "  asked       f[i] = (f[i][0], float64(x[i, 0]))    HERE"
        + NARROW
        + "\n  hint        tl.cast(tl.float32, ...)",
    ),
    "a literal": (
        assign(tl.Func("f", (tl.uint8, tl.float32)), (300, 0.0)),
        "300 does not fit uint8.\n"
        "  asked       HERE\n"
        "  rule        a Python number takes the type it meets: uint8 holds 0 to 255\n"
        "  hint        tl.cast the other operand to a wider type",
    ),
    "the domain of one element": (
        assign(tl.Func("f"), (i, X[i, k])),
        "the first definition of f uses k of an RDom.\n"
        "  asked       f[i] = (i, x[i, k])    HERE\n"
        "  rule        only updates run over an RDom\n"
        "  hint        f[i] += ..., or tl.sum(...)",
    ),
    "a free Var in one element": (
        assign(tl.Func("f"), (i, j)),
        "Var j is free in a definition of f.\n"
        "  asked       f[i] = (i, j)    HERE\n"
        "  rule        each Var of a definition is one of its arguments\n"
        "  hint        to run over a range, use a tl.RDom",
    ),
    "argmax over no domain": (
        lambda: tl.argmax(X[i, j]),
        "tl.argmax reduces x[i, j], which does not use any RDom.\n"
        "  asked       HERE\n"
        "  rule        an inline reduction runs over an RDom that its operand uses",
    ),
}


@pytest.mark.parametrize("case", [*ARITY, *ELEMENTS, *TYPES])
def test_refused(case: str) -> None:
    call, text = {**ARITY, **ELEMENTS, **TYPES}[case]
    assert refusal(call, LanguageError) == text


@pytest.mark.parametrize("case", list(NUMBERS))
def test_a_tuple_is_no_number(case: str) -> None:
    call, text = NUMBERS[case]
    assert refusal(call, LanguageError) == text + NUMBER


def test_a_self_reference_of_one_element_keeps_pure_vars_in_place() -> None:
    f = tl.Func("f")
    f[i, j] = (i, j)
    assert refusal(lambda: f.__setitem__((i, j), (f[j, i][1], f[i, j][0])), LanguageError) == (
        "an update of f reads f[j, i][1], where i is not in its place.\n"
        "  asked       f[i, j] = (f[j, i][1], f[i, j][0])    HERE\n"
        "  rule        self references keep the pure Vars of an update in place: its points may run in any order\n"
        "  hint        run over i by an RDom, in order"
    )


def test_a_frozen_func_takes_no_update_of_an_element() -> None:
    f, g = pair(), tl.Func("g")
    g[i] = f[i][0]
    assert refusal(assign_element(f, 0, 1), LanguageError) == (
        "f cannot be defined further: g reads it.\n"
        "  asked       f[i] = ...    HERE\n"
        "  rule        a Func that another Func reads, or that is compiled, is frozen\n"
        "  hint        write all updates of a Func before its first use"
    )


def test_a_refused_increment_leaves_the_func_undefined() -> None:
    f = tl.Func("f")
    with pytest.raises(LanguageError):
        f[i, k] += (X[i, j], 1)
    assert not f.is_defined
    f[i] += (1, 2.0)
    assert f.types == (tl.int64, tl.float64)
