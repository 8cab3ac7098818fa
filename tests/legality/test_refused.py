"""One program for each rule that needs bounds: it is refused, with this whole text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tensorlang as tl
from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.errors import BoundsError, ScheduleError, TensorlangError
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering import check, lower
from tensorlang.schedule.resolve import resolve

Shapes = dict[str, tuple[int, ...]]
Refused = tuple[tl.Func, tl.Schedule, Shapes | None]


def _stages() -> tuple[tl.Func, tl.Func]:
    """f, read by g at two rows; x is 20 x 32."""
    x = tl.Input("x", (20, 32), tl.float32)
    i, j = tl.vars("i j")
    f, g = tl.Func("f"), tl.Func("g")
    f[i, j] = x[i, j] * 2
    g[i, j] = f[i, j] + f[i + 1, j]
    return f, g


def unbounded_shape() -> Refused:
    i = tl.Var("i")
    f = tl.Func("f")
    f[i] = i * 2
    return f, tl.Schedule(f), None


def ambiguous_shape() -> Refused:
    x = tl.Input("x", (20,), tl.float32)
    i, j = tl.vars("i j")
    f = tl.Func("f")
    f[i, j] = x[i + j]
    return f, tl.Schedule(f), None


TEXTS: dict[Callable[[], Refused], str] = {
    unbounded_shape: """\
the extent of f in i is unbounded: no Input limits it.
  rule        an output's shape is the largest box at the origin whose reads stay inside every Input
  hint        pass shape= to tl.compile, 1 int for f[i]""",
    ambiguous_shape: """\
the shape of f is ambiguous: its dimensions limit each other, (20, 20) is too large.
  hint        pass shape= to tl.compile, 2 ints for f[i, j]""",
}


def _lower(refused: Refused) -> None:
    output, schedule, given = refused
    algorithm = build_algorithm(output)
    lower(resolve(algorithm, schedule), infer_output_shapes(algorithm, given))


@pytest.mark.parametrize("program", list(TEXTS), ids=lambda program: program.__name__)
def test_refused(program: Callable[[], Refused]) -> None:
    with pytest.raises((ScheduleError, BoundsError)) as caught:
        _lower(program())
    error = caught.value
    text = str(error).replace(error.where, "HERE") if error.where else str(error)
    assert text == TEXTS[program]


def test_check_finds_every_problem() -> None:
    f, g = _stages()
    s = tl.Schedule(g)
    s[g].split("i", "io", "ii", 64, "shift_inwards").split("j", "jo", "ji", 50, "shift_inwards").vectorize("ji")
    s[f].compute_at(g, "ji")
    algorithm = build_algorithm(g)
    problems: tuple[TensorlangError, ...] = check(resolve(algorithm, s), infer_output_shapes(algorithm))
    assert [p.message.split(":")[0] for p in problems] == [
        "tail shift_inwards of the split of i in g is not legal",
        "tail shift_inwards of the split of j in g is not legal",
        's[f].compute_at(g, "ji")',
    ]
