"""The generic space: every point of it is a legal schedule, and its default is what a person would begin with."""

from __future__ import annotations

import doctest
from collections.abc import Callable

import pytest

import tensorlang as tl
from schedules import generic_space
from schedules.generic import space as space_module
from tensorlang.lang.build import build_algorithm
from tensorlang.validation import check_kernel
from tests.correctness.test_harris import SHAPE as HARRIS_SHAPE
from tests.correctness.test_harris import harris
from tests.properties.algorithms import SUBJECTS, Subject

from .generic_points import drawn_program, lower_point, random_points


def matmul(size: int = 64) -> tl.Func:
    a, b = tl.Input("a", (size, size), tl.float32), tl.Input("b", (size, size), tl.float32)
    (i, j), k, c = tl.vars("i j"), tl.RDom("k", size), tl.Func("c")
    c[i, j] += a[i, k] * b[k, j]
    return c


def blur() -> tl.Func:
    image, (y, x) = tl.Input("image", (66, 130), tl.float32), tl.vars("y x")
    across, out = tl.Func("across"), tl.Func("out")
    across[y, x] = (image[y, x] + image[y, x + 1] + image[y, x + 2]) / 3
    out[y, x] = (across[y, x] + across[y + 1, x] + across[y + 2, x]) / 3
    return out


def histogram() -> Subject:
    x, i, r = tl.Input("x", (40,), tl.uint8), tl.Var("i"), tl.RDom("r", 40)
    counts, out = tl.Func("counts"), tl.Func("out")
    counts[i] = tl.cast(tl.int32, 0)
    counts[tl.cast(tl.int64, x[r])] += 1
    out[i] = counts[i] * 2
    return Subject(out, (256,), (out, counts))


def scan() -> Subject:
    x, (i, j), r = tl.Input("x", (9, 21), tl.float32), tl.vars("i j"), tl.RDom("r", (1, 8))
    total = tl.Func("total")
    total[i, j] = x[i, j]
    total[r, j] += total[r - 1, j]
    return Subject(total, (9, 21), (total,))


def dot() -> Subject:
    x, k, f = tl.Input("x", (100,), tl.float32), tl.RDom("k", 100), tl.Func("f")
    f[()] += x[k] * x[k]
    return Subject(f, (), (f,))


def corners() -> Subject:
    out = harris()
    return Subject(out, HARRIS_SHAPE, (out,))


PROGRAMS: dict[str, Callable[[], Subject]] = {
    **SUBJECTS,
    **{f.__name__: f for f in (histogram, scan, dot, corners)},
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_point_is_legal_and_the_default_is_right(name: str) -> None:
    program = PROGRAMS[name]()
    algorithm, shapes = build_algorithm(program.output), {program.output.name: program.shape}
    space = generic_space(algorithm, shape=shapes, threads=2)
    assert space.space.contains(space.default)
    for point in random_points(space, 1, 1):
        lower_point(algorithm, shapes, space.make(point))
    schedule = space.make(space.default)
    assert schedule.directives and not schedule.knobs
    kernel = tl.compile(algorithm, schedule, shape=shapes)
    assert check_kernel(kernel, threads=2).reason == ""


@pytest.mark.parametrize("seed", range(6))
def test_random_points_of_random_programs_are_legal(seed: int) -> None:
    program = drawn_program(seed)
    algorithm = build_algorithm(program.outputs)
    space = generic_space(algorithm, shape=program.shapes, threads=2)
    for point in (space.default, *random_points(space, seed, 1)):
        lower_point(algorithm, program.shapes, space.make(point))


def test_a_product_of_matrices_begins_with_a_register_tile() -> None:
    space = generic_space(matmul(), threads=2, target=tl.host_target())
    nest = space.make(space.default).source()
    assert '.reorder("i", "j", "k", "i_tile", "j_tile", "j_tile.lane")' in nest and '.parallel("i")' in nest


def test_a_blur_begins_with_strips_and_one_thread_has_no_tasks() -> None:
    space = generic_space(blur(), threads=1)
    source = space.make(space.default).source()
    assert 's["across"].compute_at("out", "y_block")' in source and "parallel" not in source
    assert not any(knob.name.endswith("tasks") for knob in space.space.knobs)


def test_places_that_are_tried() -> None:
    space = generic_space(blur(), threads=2)
    places = {place: {**space.default, "across place": place} for place in ("inline", "root", "at 0", "at 1", "at -1")}
    said = {place: space.make(point).source().split('s["across"].')[1].split(")")[0] for place, point in places.items()}
    assert said == {
        "inline": "compute_inline(",
        "root": "compute_root(",
        "at 0": 'compute_at("out", "y_block"',
        "at 1": 'compute_at("out", "y"',
        "at -1": 'compute_at("out", "x"',
    }


def test_what_every_point_decides() -> None:
    names = {knob.name for knob in generic_space(matmul(), threads=2).space.knobs}
    update = "c.update(0) "
    assert names == {
        *(update + what for what in ("vector", "width", "order", "reductions", "tasks")),
        *(f"{update}{what} {axis}" for what in ("tile", "block") for axis in "ijk"),
    }


def test_the_same_algorithm_has_the_same_space() -> None:
    one, two = (generic_space(matmul(), threads=2) for _ in range(2))
    assert one.space == two.space and one.default == two.default and one.meaning == two.meaning
    for point in random_points(one, 3, 3):
        assert one.make(point) == two.make(point)


def test_sums_in_any_order_may_be_vectors_and_others_may_not() -> None:
    dense = generic_space(dot().output, shape=(), threads=1)
    assert "atomic()" in dense.make(dense.default).source()
    serial = generic_space(scan().output, shape=(9, 21), threads=1)
    assert next(knob for knob in serial.space.knobs if knob.name.endswith("vector")).choices == ("j", "none")


def test_what_seems_to_leave_an_input_is_computed_whole() -> None:
    """One of these points computes parts of a Func of which bounds inference knows too little."""
    program = drawn_program(13)
    algorithm = build_algorithm(program.outputs)
    space = generic_space(algorithm, shape=program.shapes, threads=2)
    for point in random_points(space, 13, 4):
        lower_point(algorithm, program.shapes, space.make(point))


def test_a_loop_that_never_runs() -> None:
    x, i, f = tl.Input("x", (9,), tl.float32), tl.Var("i"), tl.Func("f")
    f[i] = x[i] * 2
    space = generic_space(f, shape=(0,), threads=2)
    lower_point(build_algorithm(f), {"f": (0,)}, space.make(space.default))


def test_the_example_of_the_docstring() -> None:
    assert doctest.testmod(space_module).failed == 0
