"""Storage of random programs against all coordinates that their loop nests touch, enumerated.

Indices are affine with strides and dilation, clamped, chosen by a select, or divided; loops are split and fused, under
tails that guard, shift, and round up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hypothesis import assume, event, given, note, seed, settings
from hypothesis import strategies as st

import tensorlang as tl
from tensorlang.errors import TensorlangError
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.expr import Expr
from tensorlang.lang.func import StageRef
from tensorlang.lowering.pipeline import place
from tensorlang.schedule.resolve import resolve
from tests.bounds.touched import entries

i, j = tl.vars("i j")
TAILS = ("guard_with_if", "round_up", "auto", "shift_inwards")


@dataclass
class Program:
    """f reads g at random places."""

    f: tl.Func
    g: tl.Func
    shape: tuple[int, int]
    is_sum: bool

    @property
    def reader(self) -> tl.Func | StageRef:
        return self.f.update() if self.is_sum else self.f


@st.composite
def affine(draw: st.DrawFn, var: tl.Var, k: tl.RDom | None) -> Expr:
    """An index with a stride, and a dilation where there is a window."""
    index: Expr = var * draw(st.sampled_from([1, 1, 2, 3, -1])) + draw(st.integers(-3, 3))
    return index if k is None else index + k * draw(st.sampled_from([0, 1, 2]))


FORMS = ("affine", "affine", "min", "max", "clamp", "quotient", "select")


@st.composite
def indices(draw: st.DrawFn, var: tl.Var, k: tl.RDom | None, forms: tuple[str, ...] = FORMS) -> Expr:
    index = draw(affine(var, k))
    low = draw(st.integers(-2, 4))
    match draw(st.sampled_from(forms)):
        case "min":
            return tl.min(index, low)
        case "max":
            return tl.max(index, low)
        case "clamp":
            return tl.clamp(index, low, low + draw(st.integers(0, 5)))
        case "select":
            return tl.select(var < draw(st.integers(0, 6)), index, draw(affine(var, k)))
        case "quotient":
            return index // draw(st.integers(2, 4))
    return index


@st.composite
def programs(draw: st.DrawFn, *, choose: bool) -> Program:
    """`choose` says whether an index may be a select, of which bounds see both sides where loops decide."""
    k = tl.RDom("k", draw(st.integers(1, 3))) if draw(st.booleans()) else None
    f, g = tl.Func("f"), tl.Func("g")
    g[i, j] = i * 100 + j
    count = draw(st.integers(1, 2))
    forms = FORMS if choose else FORMS[:-1]
    reads = [g[draw(indices(i, k, forms)), draw(indices(j, k, forms))] for _ in range(count)]
    total = reads[0] if len(reads) == 1 else reads[0] + reads[1]
    if k is None:
        f[i, j] = total
    else:
        f[i, j] += total
    return Program(f, g, (draw(st.integers(1, 11)), draw(st.integers(1, 11))), k is not None)


@st.composite
def schedules(draw: st.DrawFn, program: Program, *, fuse: bool) -> tl.Schedule:
    s = tl.Schedule(program.f)
    stage = s[program.reader]
    loops = ["i", "j"]
    for var in ("i", "j"):
        if draw(st.booleans()):
            stage.split(
                var,
                f"{var}o",
                f"{var}i",
                draw(st.integers(2, 5)),
                draw(st.sampled_from(TAILS[: 3 if program.is_sum else 4])),
            )
            loops[loops.index(var)] = f"{var}o"
            loops.append(f"{var}i")
    stage.reorder(*loops)
    if fuse:
        stage.fuse(loops[0], loops[1], "t")
        loops[:2] = ["t"]
    s[program.g].compute_at(program.reader, draw(st.sampled_from(loops)))
    return s


def _storage(program: Program, s: tl.Schedule) -> tuple[list[int], list[int]]:
    """Extents of the storage of g, and those of the largest box that is read."""
    shapes = {"f": program.shape}
    try:
        _, placed = place(resolve(build_algorithm(program.f), s), shapes)
        text = tl.loop_nest(program.f, s, shape=program.shape)
    except TensorlangError as error:
        event("refused")
        assume(not isinstance(error, TensorlangError))
        raise
    note(s.source())
    note(text)
    made = entries(placed.main, "g")
    assert all(entry.holds_all for entry in made), made
    found = re.search(r"store g\[([\d, ]+)\]", text)
    assert found is not None
    sizes = [int(extent) for extent in found[1].split(",")]
    return sizes, [max(map(len, sides)) for sides in zip(*(entry.read for entry in made), strict=True)]


@seed(20240501)
@settings(max_examples=40, deadline=None, database=None)
@given(st.data())
def test_storage_over_split_loops_is_as_large_as_what_is_touched(data: st.DataObject) -> None:
    program = data.draw(programs(choose=False))
    sizes, touched = _storage(program, data.draw(schedules(program, fuse=False)))
    assert sizes == touched


@seed(20240502)
@settings(max_examples=20, deadline=None, database=None)
@given(st.data())
def test_storage_over_fused_loops_holds_what_is_touched(data: st.DataObject) -> None:
    program = data.draw(programs(choose=True))
    sizes, touched = _storage(program, data.draw(schedules(program, fuse=True)))
    assert all(size >= needed for size, needed in zip(sizes, touched, strict=True))


def test_a_select_that_loops_outside_decide_has_the_bounds_of_its_side() -> None:
    f, g = tl.Func("f"), tl.Func("g")
    g[i] = i
    f[i, j] = g[tl.select(i < 5, i * 3 - 3, i * 2) + j]
    s = tl.Schedule(f)
    s[g].compute_at(f, "i")
    assert "store g[4]" in tl.loop_nest(f, s, shape=(11, 4))
