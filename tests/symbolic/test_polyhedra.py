"""Bounds of indices over points that conditions tie together, and what such conditions prove."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorlang.ir.expr import Expr
from tensorlang.ir.printer import format_expr
from tensorlang.symbolic.facts import Facts, Limits
from tensorlang.symbolic.intervals import Interval
from tensorlang.symbolic.polyhedra import Polyhedron
from tests.ir.parse import parse_expr

Sides = dict[str, tuple[str, str]]
AROUND = Facts({"o": Limits(0, 3), "n": Limits(1, 40)})


def polyhedron(sides: Sides, *conditions: str) -> Polyhedron:
    scope = {name: Interval(parse_expr(lo), parse_expr(hi)) for name, (lo, hi) in sides.items()}
    facts = AROUND
    for name, side in scope.items():
        assert side.lo is not None and side.hi is not None
        facts = facts.with_limits(name, Limits(facts.of(side.lo).lo, facts.of(side.hi).hi))
    return Polyhedron(scope, [parse_expr(c) for c in conditions], facts)


def show(interval: Interval | None) -> str:
    if interval is None:
        return "nothing"
    lo, hi = ("?" if end is None else format_expr(end) for end in (interval.lo, interval.hi))
    return f"{lo} .. {hi}"


IJK: Sides = {"i": ("0", "15"), "j": ("0", "15"), "k": ("0", "15")}


@pytest.mark.parametrize(
    ("index", "sides", "conditions", "expected"),
    [
        # Conditions over several variables.
        ("i + k", IJK, ["i + k < 16"], "0 .. 15"),
        ("k", IJK, ["k < i", "i <= j"], "0 .. 14"),
        ("i * 2 + j * 3", {"i": ("0", "30"), "j": ("0", "20")}, ["i <= 2*j", "j <= 2*i", "i + j <= 21"], "0 .. 56"),
        ("i", IJK, ["i * 2 > 7", "i * 3 < 20"], "4 .. 6"),  # whole numbers only
        ("k", {"i": ("0", "3"), "k": ("0", "3")}, ["i + k == 5"], "2 .. 3"),
        ("k", {"i": ("0", "3"), "k": ("0", "3")}, ["i + k > 9"], "nothing"),
        ("i", IJK, ["i != 0"], "1 .. 15"),
        ("i", IJK, ["i < 3 or i > 5 and i < 9"], "0 .. 8"),
        ("i", IJK, ["not (i < 3 or i > 5)"], "3 .. 5"),
        ("i", IJK, ["i * i < 9"], "0 .. 15"),  # not affine: no condition
        ("i * j + k", IJK, ["k < i"], "0 .. 239"),
        # Terms that are tied.
        ("i - 2 * (i // 2)", IJK, [], "0 .. 1"),
        ("(i // 6) * 6 + i % 6", IJK, [], "0 .. 15"),
        ("i // 2 + (i + 1) // 2", IJK, [], "0 .. 15"),
        ("min(i, 9 - i)", IJK, [], "-6 .. 4"),
        ("max(i, 9 - i)", IJK, [], "5 .. 15"),
        ("min(i, 9) + max(9 - i, 0)", IJK, [], "9 .. 9"),
        ("i - min(i, 5)", IJK, [], "0 .. 10"),
        ("select(i < 4, i, k - 2)", IJK, ["k < 3"], "-2 .. 3"),
        ("select(i < 4, i, k) + select(i < 4, k, i)", IJK, [], "0 .. 30"),
        # Bounds in terms of what lies outside.
        ("i + k", {"k": ("0", "15")}, ["i + k < 16"], "i .. min(i + 15, 15)"),
        ("k", {"k": ("0", "15")}, ["k <= n", "k > n - 3"], "max(0, n - 2) .. min(15, n)"),
        ("o * 8 + i", {"i": ("0", "7")}, ["o * 8 + i < 20"], "o * 8 .. min(o * 8 + 7, 19)"),
        ("k", {"k": ("0", "40"), "i": ("0", "7")}, ["k <= o * 8 + i"], "0 .. o * 8 + 7"),
        ("k", {"k": ("0", "40"), "i": ("0", "7")}, ["k * 8 + i <= n"], "0 .. n // 8"),
        ("k", {"k": ("0", "40"), "i": ("0", "7")}, ["k * 8 + i >= n"], "n // 8 .. 40"),
        ("max(min(i + o, 5), 0)", {"i": ("0", "7")}, [], "o .. 5"),
        ("i", {"i": ("0", "min(7, n - 1)")}, ["i < o"], "0 .. min(n - 1, o - 1)"),
    ],
)
def test_interval(index: str, sides: Sides, conditions: list[str], expected: str) -> None:
    assert show(polyhedron(sides, *conditions).interval(parse_expr(index))) == expected


def test_what_the_parameters_need() -> None:
    points = polyhedron({"k": ("0", "15")}, "k <= n - 5", "k >= o")
    assert sorted(format_expr(form) for form in points.needs()) == ["n - 5", "n - o - 5"]
    assert polyhedron({"k": ("0", "15")}, "k <= n").needs() == ()


def test_proofs() -> None:
    points = polyhedron({"i": ("0", "15"), "j": ("0", "i"), "k": ("0", "15")}, "j <= i", "k < j")
    for condition in ("k < i", "i >= 1", "k <= i and j > 0", "not k >= j", "k - i < o + 1"):
        assert points.proves(parse_expr(condition)), condition
    for condition in ("k + 1 < i", "j < i", "k * k < 200", "i > o"):
        assert not points.proves(parse_expr(condition)), condition


def test_no_points_at_all() -> None:
    points = polyhedron(IJK, "i < j", "j < i")
    assert points.is_empty
    assert points.interval(parse_expr("i")) is None
    assert points.proves(parse_expr("i == 77"))


SIZE = 5


def _evaluator(expr: Expr) -> Callable[[dict[str, int]], int]:
    code = compile(format_expr(expr), "<index>", "eval")
    return lambda values: int(eval(code, {"min": min, "max": max}, values))


@st.composite
def _forms(draw: st.DrawFn) -> str:
    """A sum of up to three terms over i, j, k, and o, which lies outside."""
    names = st.sampled_from(["i", "j", "k", "o"])
    plain = st.builds(lambda n, c, d: f"({c} * {n} + {d})", names, st.integers(-3, 3), st.integers(-4, 4))
    divided = st.builds(lambda a, op, d: f"({a} {op} {d})", plain, st.sampled_from(["//", "%"]), st.integers(1, 4))
    extreme = st.builds(lambda op, a, b: f"{op}({a}, {b})", st.sampled_from(["min", "max"]), plain, plain)
    return " + ".join(draw(st.lists(st.one_of(plain, plain, divided, extreme), min_size=1, max_size=3)))


_COMPARISONS = st.tuples(_forms(), st.sampled_from(["<", "<=", ">", "==", "!="]))


@given(index=_forms(), conditions=st.lists(_COMPARISONS, max_size=2))
def test_bounds_hold_at_every_point(index: str, conditions: list[tuple[str, str]]) -> None:
    last = str(SIZE - 1)
    texts = [f"{form} {op} 2" for form, op in conditions]
    value, tests = _evaluator(parse_expr(index)), [_evaluator(parse_expr(text)) for text in texts]
    found = polyhedron({"i": ("0", last), "j": ("0", last), "k": ("0", last)}, *texts).interval(parse_expr(index))
    for o in range(4):
        points = [{"i": i, "j": j, "k": k, "o": o} for i, j, k in itertools.product(range(SIZE), repeat=3)]
        values = [value(at) for at in points if all(test(at) for test in tests)]
        if not values:
            continue
        assert found is not None and found.lo is not None and found.hi is not None
        assert _evaluator(found.lo)({"o": o}) <= min(values)
        assert _evaluator(found.hi)({"o": o}) >= max(values)
