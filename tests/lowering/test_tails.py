"""Every tail strategy gives what the oracle does: pure definitions and updates, however the loops run, nested too."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import tensorlang as tl
from tensorlang.schedule.schedule import Schedule
from tensorlang.schedule.tails import TailStrategy
from tensorlang.validation import check_kernel

i, j = tl.vars("i j")
WIDTH = 13
ALL = [tail for tail in TailStrategy if tail is not TailStrategy.AUTO]
# An update must not run twice, and a dimension that is blended must not run in parallel.
IN_UPDATES = [tail for tail in ALL if tail is not TailStrategy.SHIFT_INWARDS]
IN_PARALLEL = [tail for tail in ALL if not tail.blends]
IN_NESTED_PURE = [tail for tail in ALL if tail is not TailStrategy.PREDICATE_LOADS]
IN_NESTED_UPDATES = [tail for tail in IN_NESTED_PURE if tail not in (TailStrategy.ROUND_UP, TailStrategy.SHIFT_INWARDS)]
ON_REDUCTIONS = [tail for tail in ALL if tail.guards]

Mark = Callable[[tl.Schedule, str, TailStrategy], None]


def stages() -> tuple[tl.Func, tl.Func]:
    """f with a pure definition and an update that reads it and reduces, and its consumer out, which has room for it."""
    x, y = tl.Input("x", (9, 32), tl.float32), tl.Input("y", (5, 32), tl.float32)
    k = tl.RDom("k", 5)
    f, out = tl.Func("f"), tl.Func("out")
    f[i, j] = x[i, j] * 2 + x[i, 0]
    f[i, j] += y[k, j] * f[i, j] - y[k, 1]
    out[i, j] = f[i, j] - f[i, j + 1]
    return f, out


def serial(s: tl.Schedule, name: str, tail: TailStrategy) -> None:
    s[name].split("j", "jo", "ji", 5, tail)


def vectorized(s: tl.Schedule, name: str, tail: TailStrategy) -> None:
    s[name].vectorize("j", 8, tail)


def unrolled(s: tl.Schedule, name: str, tail: TailStrategy) -> None:
    s[name].unroll("j", 3, tail)


def outermost(s: tl.Schedule, name: str, tail: TailStrategy) -> None:
    s[name].split("j", "jo", "ji", 5, tail).reorder("jo", "i", "ji").vectorize("ji")


def parallel(s: tl.Schedule, name: str, tail: TailStrategy) -> None:
    s[name].split("j", "jo", "ji", 4, tail).reorder("jo", "i", "ji").parallel("jo").vectorize("ji")


def rows_in_parallel(s: tl.Schedule, name: str, tail: TailStrategy) -> None:
    s[name].vectorize("j", 8, tail).parallel("i")


def nested(s: tl.Schedule, name: str, tail: TailStrategy) -> None:
    s[name].split("j", "jo", "ji", 8, "guard_with_if").vectorize("ji", 3, tail)


def around_nested(s: tl.Schedule, name: str, tail: TailStrategy) -> None:
    s[name].split("j", "jo", "ji", 8, tail).split("ji", "jm", "jn", 3, "guard_with_if").vectorize("jn")


def twice(s: tl.Schedule, name: str, tail: TailStrategy) -> None:
    s[name].split("i", "io", "ii", 4, tail).split("j", "jo", "ji", 8, tail).reorder("io", "jo", "ii", "ji")
    s[name].vectorize("ji")


def in_one_loop(s: tl.Schedule, name: str, tail: TailStrategy) -> None:
    s[name].fuse("i", "j", "t").split("t", "to", "ti", 8, tail).vectorize("ti")


def cases() -> Iterator[tuple[Mark, str, TailStrategy]]:
    everywhere = (serial, vectorized, unrolled, outermost, rows_in_parallel, around_nested, twice, in_one_loop)
    for name, alone, within in (("f", ALL, IN_NESTED_PURE), ("f.update(0)", IN_UPDATES, IN_NESTED_UPDATES)):
        for mark in everywhere:
            yield from ((mark, name, tail) for tail in alone)
        yield from ((parallel, name, tail) for tail in alone if tail in IN_PARALLEL)
        yield from ((nested, name, tail) for tail in within)


@pytest.mark.parametrize(
    ("mark", "name", "tail"), [pytest.param(*c, id="-".join((c[0].__name__, *c[1:]))) for c in cases()]
)
def test_a_tail_changes_nothing(mark: Mark, name: str, tail: TailStrategy) -> None:
    f, out = stages()
    s = tl.Schedule(out)
    s[f].compute_root()
    mark(s, name, tail)
    assert_right(out, s, (7, WIDTH))


@pytest.mark.parametrize("tail", IN_NESTED_PURE)
def test_a_tail_of_a_producer_inside_the_tiles_of_its_consumer(tail: TailStrategy) -> None:
    f, out = stages()
    s = tl.Schedule(out)
    s[out].split("j", "jo", "ji", 6, "shift_inwards").reorder("jo", "i", "ji").parallel("jo").vectorize("ji", 4)
    s[f].compute_at(out, "jo").vectorize("j", 4, tail)
    if tail is not TailStrategy.SHIFT_INWARDS:
        s[f.update()].reorder("k", "i", "j").vectorize("j", 4, tail)
    assert_right(out, s, (7, WIDTH))


@pytest.mark.parametrize("tail", [tail for tail in ALL if not tail.overwrites])
@pytest.mark.parametrize("width", [8, 9, 16, 31])
def test_a_tail_of_an_output(width: int, tail: TailStrategy) -> None:
    x = tl.Input("x", (3, 48), tl.int32)
    out = tl.Func("out")
    out[i, j] = x[i, j] * 2 + x[i, j + 1]
    s = tl.Schedule(out)
    s[out].vectorize("j", 8, tail)
    assert_right(out, s, (3, width))


@pytest.mark.parametrize("tail", ON_REDUCTIONS)
@pytest.mark.parametrize("extent", [3, 12, 13])
def test_a_tail_of_a_reduction(extent: int, tail: TailStrategy) -> None:
    x = tl.Input("x", (4, extent), tl.float32)
    k = tl.RDom("k", extent)
    out = tl.Func("out")
    out[i] += x[i, k]
    s = tl.Schedule(out)
    s[out.update()].split("k", "ko", "ki", 5, tail).unroll("ki").vectorize("i", 4)
    assert_right(out, s, (4,))


def test_zeros_that_are_loaded_as_indices_reach_nothing() -> None:
    x, where = tl.Input("x", (32,), tl.float32), tl.Input("where", (13,), tl.int8)
    f, out = tl.Func("f"), tl.Func("out")
    f[i] = x[tl.clamp(where[i], 20, 31)]
    out[i] = f[i] + 1
    for tail in ("predicate", "predicate_loads"):
        s = tl.Schedule(out)
        s[f].compute_root().vectorize("i", 8, tail)
        assert_right(out, s, (13,))


def test_the_steady_state_has_no_predicates() -> None:
    x = tl.Input("x", (100,), tl.float32)
    out = tl.Func("out")
    out[i] = x[i]
    for tail in ("guard_with_if", "predicate", "predicate_stores"):
        s = tl.Schedule(out)
        s[out].vectorize("i", 8, tail)
        text = str(tl.lowered_passes(out, s, shape=(93,)))
        assert "  for out.0.i in 0..11:\n    out{ramp(out.0.i * 8, 1, 8)} = x{ramp(out.0.i * 8, 1, 8)}\n" in text


def assert_right(out: tl.Func, s: Schedule, shape: tuple[int, ...]) -> None:
    result = check_kernel(tl.compile(out, s, shape=shape, cache=False), threads=2)
    assert result.ok, f"{result.reason}\n{tl.loop_nest(out, s, shape=shape)}"


@pytest.mark.parametrize("tail", ALL)
def test_a_tail_of_the_outer_loop_of_an_automatic_one(tail: TailStrategy) -> None:
    f, out = stages()
    s = tl.Schedule(out)
    s[f].compute_root().vectorize("j", 8).split("j", "jo", "ji", 3, tail)
    if tail.shifts:
        # Two tiles of eight lanes are fewer than three.
        with pytest.raises(tl.ScheduleError, match="needs an extent of at least the factor"):
            tl.compile(out, s, shape=(9, WIDTH))
        return
    assert check_kernel(tl.compile(out, s, shape=(9, WIDTH))).ok


@pytest.mark.parametrize("tail", ["auto", "guard_with_if"])
def test_lanes_that_blend_over_tiles_that_an_outer_split_makes(tail: str) -> None:
    """The last tile of the outer split does not come back where lanes go past the end."""
    x, (i, j), f = tl.Input("x", (23, 23), tl.int16), tl.vars("i j"), tl.Func("f")
    f[i, j] = x[i, j] + 1
    s = tl.Schedule(f)
    s[f].fuse("i", "j", "ij").unroll("ij", 2, tail=tail).vectorize("ij", 4, tail="round_up_and_blend")
    for threads in (1, 2):
        assert check_kernel(tl.compile(f, s, shape=(23, 23), cache=False), threads=threads).ok
