"""Conditions on Params: their text, canonical and closed, and the expressions that they stand for."""

from __future__ import annotations

import pytest

import tensorlang as tl
from tensorlang.ir.expr import Call
from tensorlang.ir.printer import format_expr
from tensorlang.schedule.cases import condition_text
from tensorlang.schedule.conditions import MAX_CONDITION_LENGTH, ConditionError, condition_of, parse_condition

N, M = tl.Param("n", tl.int32), tl.Param("m", tl.int64)
SCALE, FLAG = tl.Param("scale", tl.float32), tl.Param("flag", tl.bool_)
READS = {param.name: param.node for param in (N, M, SCALE, FLAG)}


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("n==4", "n == 4"),
        ("  n  %8 ==0and scale>0.50", "n % 8 == 0 and scale > 0.5"),
        ("not flag and flag2", "not flag and flag2"),
        ("-3 <= n", "-3 <= n"),
        ("scale != -1e-3", "scale != -0.001"),
        ("scale < .5 and scale >= 2.", "scale < 0.5 and scale >= 2.0"),
        ("flag == True and False != other", "flag == True and False != other"),
        ("n < m", "n < m"),
    ],
)
def test_text_is_canonical(text: str, canonical: str) -> None:
    condition = parse_condition(text)
    assert str(condition) == canonical
    assert parse_condition(canonical) == condition


@pytest.mark.parametrize(
    "text",
    [
        "",
        "n",
        "4 == 4",
        "n = 4",
        "n == 4 or m == 4",
        "n + 1 == 4",
        "n == 4 and",
        "(n == 4)",
        "n % 0 == 1",
        "n % m == 1",
        "n % -2 == 1",
        "1 < n < 3",
        "not n == 4",
        "n == nan1 inf",
        "n == 4; import os",
        "n.real == 4",
        "True",
        "ñ == 4",
        "n == 0x10",
        "n == 4 " + "and n == 4 " * 60,
    ],
)
def test_other_text_is_none(text: str) -> None:
    if text == "n":
        assert str(parse_condition(text)) == "n"
        return
    with pytest.raises(ConditionError):
        parse_condition(text)
    assert text != "n == 4 " + "and n == 4 " * 60 or len(text) > MAX_CONDITION_LENGTH


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (N == 4, "n == 4"),
        ((N % 8 == 0) & (SCALE > 0.5), "n % 8 == 0 and scale > 0.5"),
        (~FLAG & (N < M), "not flag and n < m"),
        (FLAG, "flag"),
        (4 >= N, "n <= 4"),
        (SCALE == 0.1, "scale == 0.1"),
    ],
)
def test_expressions_over_params_are_conditions(expr: tl.Param, text: str) -> None:
    assert str(condition_of(expr.node)) == text
    assert str(condition_text(expr)) == text


@pytest.mark.parametrize("expr", [N + 1 == 4, (N == 4) | FLAG, tl.Var("i") == 4, tl.select(FLAG, N, 1) == 2])
def test_other_expressions_are_none(expr: tl.Param) -> None:
    with pytest.raises(ConditionError):
        condition_of(expr.node)


@pytest.mark.parametrize(
    ("text", "expr"),
    [
        ("n == 4 and flag", "n == int32(4) and flag"),
        ("n % 8 != 0", "n % int32(8) != int32(0)"),
        ("n < m", "int64(n) < m"),
        ("scale > 1", "scale > 1.0"),
        ("n > 0.5", "float64(n) > float64(0.5)"),
        ("not flag", "not(flag)"),
    ],
)
def test_comparisons_are_made_in_the_types_of_the_language(text: str, expr: str) -> None:
    reads = {name: node for name, node in READS.items() if isinstance(node, Call)}
    assert format_expr(parse_condition(text).expr(reads)) == expr
