"""Funcs whose value is a tuple: definitions, elements, updates of one element, select, argmin and argmax."""

from __future__ import annotations

import pytest

import tensorlang as tl
from tensorlang.ir.printer import format_expr
from tensorlang.lang.build import build_algorithm

i, j = tl.vars("i j")
X = tl.Input("x", (8, 8), tl.float32)


def text(func: tl.Func) -> list[str]:
    """The values of each definition of a Func, by its data."""
    return [", ".join(map(format_expr, d.values)) for d in func.definition.definitions]


def test_each_element_has_a_type_of_its_own() -> None:
    f = tl.Func("f")
    f[i, j] = (X[i, j], i, X[i, j] > 0)
    assert f.types == (tl.float32, tl.int64, tl.bool_)
    assert f[i, j][1].type == tl.int64
    assert f[i, j][-1].type == tl.bool_


def test_scalars_take_declared_types() -> None:
    f = tl.Func("f", (tl.float32, "uint8"))
    f[i] = tl.Tuple(0, 1)
    assert f.types == (tl.float32, tl.uint8)
    assert text(f) == ["0.0, uint8(1)"]


def test_elements_are_read_and_taken_apart() -> None:
    f, g = tl.Func("f"), tl.Func("g")
    f[i] = (X[i, 0], X[i, 1])
    a, b = f[i + 1]
    g[i] = a * b
    assert text(g) == ["f[i + 1][0] * f[i + 1][1]"]
    assert list(g.sources) == ["f"]


def test_an_update_of_one_element_keeps_the_others() -> None:
    f = tl.Func("f")
    f[i] = (X[i, 0], i)
    f[i][1] += 2
    f[i][0] = X[i, 3]
    assert text(f) == ["x[i, 0], i", "f[i][0], f[i][1] + 2", "x[i, 3], f[i][1]"]


def test_increments_go_element_by_element_from_their_identities() -> None:
    f, k = tl.Func("f"), tl.RDom("k", 8)
    f[i] += (X[i, k], k)
    f[i] *= (2, 3)
    assert f.types == (tl.float32, tl.int64)
    assert text(f) == ["0.0, 0", "f[i][0] + x[i, k], f[i][1] + k", "f[i][0] * 2.0, f[i][1] * 3"]


def test_select_takes_tuples() -> None:
    f, k = tl.Func("f"), tl.RDom("k", 8)
    f[i] = (0, X[i, 0])
    f[i] = tl.select(X[i, k] > f[i][1], (k, X[i, k]), f[i])
    assert text(f)[1] == "select(f[i][1] < x[i, k], k, f[i][0]), select(f[i][1] < x[i, k], x[i, k], f[i][1])"


def test_a_select_of_scalars_stays_weak_on_neither_side() -> None:
    chosen = tl.select(X[i, j] > 0, (1, i), (X[i, j], 0))
    assert [element.type for element in chosen] == [tl.float32, tl.int64]


PLACES = {"argmax": (tl.argmax, ">", "-inf"), "argmin": (tl.argmin, "<", "inf")}


@pytest.mark.parametrize("name", list(PLACES))
def test_places_are_tuples_of_coordinates_and_the_value(name: str) -> None:
    place, compare, start = PLACES[name]
    out = tl.Func("out")
    r, s = tl.RDom("r s", (1, 3), (2, 4))
    out[i] = place(X[i + r, s])
    assert out.types == (tl.int64, tl.int64, tl.float32)
    assert text(out) == [f"out_{name}[i][0], out_{name}[i][1], out_{name}[i][2]"]
    producer = build_algorithm(out).func(f"out_{name}")
    assert [format_expr(value) for value in producer.pure.values] == ["1", "2", start]
    best = f"out_{name}[i][2]"
    wins = f"x[i + r, s] {compare} {best} or x[i + r, s] != x[i + r, s] and {best} == {best}"
    assert format_expr(producer.updates[0].values[1]) == f"select({wins}, s, out_{name}[i][1])"


def test_places_of_integers_need_no_care_for_nan() -> None:
    out, k = tl.Func("out"), tl.RDom("k", 8)
    y = tl.Input("y", (8, 8), tl.int8)
    out[i] = tl.argmin(y[i, k], name="least")
    update = build_algorithm(out).func("least").updates[0]
    assert format_expr(update.values[1]) == "select(y[i, k] < least[i][1], y[i, k], least[i][1])"


def test_a_dimension_that_the_value_does_not_use_has_a_place_too() -> None:
    out = tl.Func("out")
    r, s = tl.RDom("r s", 3, 4)
    out[i] = tl.argmax(X[i, s])
    update = build_algorithm(out).func("out_argmax").updates[0]
    assert [rvar.name for rvar in update.rvars] == ["r", "s"]
    assert len(update.values) == 3


def test_places_over_one_of_two_domains_keep_the_other() -> None:
    out, k, r = tl.Func("out"), tl.RDom("k", 8), tl.RDom("r", 8)
    out[i] += tl.argmax(X[r, k], over=k)[0] * i
    assert build_algorithm(out).func("out_argmax").vars == ("r",)


def test_boundary_conditions_take_tuples() -> None:
    f = tl.Func("f")
    f[i] = (X[i, 0], i)
    padded = tl.constant_exterior(f, (0.0, -1), 1, bounds=[(0, 8)], name="padded")
    assert padded.types == (tl.float32, tl.int64)
    edge = tl.repeat_edge(f, 1, bounds=[(0, 8)], name="edge")
    assert text(edge) == ["f[min(max(i - 1, 0), 7)][0], f[min(max(i - 1, 0), 7)][1]"]


def test_tuples_are_part_of_the_data_of_an_algorithm() -> None:
    f = tl.Func("f")
    f[i] = (X[i, 0], i)
    algorithm = build_algorithm(f)
    assert algorithm.func("f").elements == (("f.0", tl.float32), ("f.1", tl.int64))
    assert build_algorithm(tl.repeat_edge(X, 1, vars="a b")).func("x_padded").elements == (("x_padded", tl.float32),)
