"""Shapes of outputs that the caller left out, and the errors that ask for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tensorlang as tl
from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.errors import BoundsError
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.expr import Expr

i, j = tl.vars("i j")
x = tl.Input("x", (20, 32), tl.float32)
v = tl.Input("v", (10,), tl.float32)
taps = tl.RDom("taps", 3)
at = tl.Input("at", (10,), tl.uint8)


def over_i(value: Expr) -> tl.Func:
    f = tl.Func("f")
    f[i] = value
    return f


def over_ij(value: Expr) -> tl.Func:
    f = tl.Func("f")
    f[i, j] = value
    return f


@pytest.mark.parametrize(
    ("output", "shape"),
    [
        (lambda: over_ij(x[i, j]), (20, 32)),
        (lambda: over_ij(x[j, i]), (32, 20)),
        (lambda: over_ij(x[i, j] + x[i + 2, j + 2]), (18, 30)),
        (lambda: over_ij(x[i * 2 + 1, j // 2]), (10, 64)),  # stride 2 and an upsampled dimension
        (lambda: over_ij(v[i] * v[j * 3]), (10, 4)),
        (lambda: over_i(x[i, 31] + v[i]), (10,)),  # the smaller Input decides
        (lambda: over_i(v[9 - i]), (10,)),
        (lambda: over_i(v[i] + tl.max(v[tl.min(i + 1, 9)], 0.0)), (10,)),
        (lambda: over_i(tl.sum(x[i + 4 * taps, 0])), (12,)),  # dilation 4
    ],
)
def test_inferred(output: Callable[[], tl.Func], shape: tuple[int, ...]) -> None:
    assert infer_output_shapes(build_algorithm(output())) == {"f": shape}


def test_through_producers_and_reductions() -> None:
    r = tl.RDom("r", 5)
    g, f = tl.Func("g"), tl.Func("f")
    g[i, j] = x[i, j] * 2
    f[i, j] += g[i + r, j] * v[r]
    assert infer_output_shapes(build_algorithm(f)) == {"f": (16, 32)}


def test_a_single_value() -> None:
    r = tl.RDom("r", 10)
    f = tl.Func("f")
    f[()] += v[r]
    assert infer_output_shapes(build_algorithm(f)) == {"f": ()}


def test_a_shape_that_is_given_is_kept() -> None:
    algorithm = build_algorithm(over_ij(x[i, j]))
    assert infer_output_shapes(algorithm, {"f": (3, 4)}) == {"f": (3, 4)}


def test_several_outputs_are_inferred_each_for_itself() -> None:
    f, g = over_ij(x[i, j]), tl.Func("g")
    g[i] = f[i + 1, 0]
    assert infer_output_shapes(build_algorithm([f, g])) == {"f": (20, 32), "g": (19,)}


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (
            lambda: over_ij(v[i]),
            "the extent of f in j is unbounded: no Input limits it.\n"
            "  rule        an output's shape is the largest box at the origin whose reads stay inside every Input\n"
            "  hint        pass shape= to tl.compile, 2 ints for f[i, j]",
        ),
        (
            lambda: over_i(v[tl.clamp(i, 0, 9)]),
            "the extent of f in i is unbounded: no Input limits it.\n"
            "  rule        an output's shape is the largest box at the origin whose reads stay inside every Input\n"
            "  hint        pass shape= to tl.compile, 1 int for f[i]",
        ),
        (
            lambda: over_ij(v[i + j]),
            "the shape of f is ambiguous: its dimensions limit each other, (10, 10) is too large.\n"
            "  hint        pass shape= to tl.compile, 2 ints for f[i, j]",
        ),
        (
            lambda: over_i(v[i - 1]),
            "f cannot be computed at the origin: its reads leave an Input there.\n"
            "  hint        pass shape= to tl.compile, 1 int for f[i]",
        ),
        (
            lambda: over_i(v[at[i]]),
            "f cannot be computed at the origin: its reads leave an Input there.\n"
            "  hint        pass shape= to tl.compile, 1 int for f[i]",
        ),
    ],
)
def test_refused(output: Callable[[], tl.Func], text: str) -> None:
    with pytest.raises(BoundsError) as caught:
        infer_output_shapes(build_algorithm(output()))
    assert str(caught.value) == text
