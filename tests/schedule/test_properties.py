"""Random schedules: they survive JSON and source, and the loops they make visit every point once."""

from __future__ import annotations

from itertools import product
from math import prod

from hypothesis import given
from hypothesis import strategies as st

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import Algorithm
from tensorlang.lang.build import build_algorithm
from tensorlang.schedule import Schedule, StageName, resolve
from tensorlang.schedule.call import field_kinds
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.resolved import Fuse, Rename, Split, StageSchedule
from tensorlang.schedule.table import DIRECTIVES

from .programs import conv, gemm
from .test_schedule import rebuilt

LOOPS = ("i", "j", "k", "io", "ii", "jo", "ji", "j.lane", "task")
_names = st.sampled_from(LOOPS)
_new_names = _names.filter(lambda name: "." not in name)
_counts = st.integers(1, 9)
_values: dict[str, st.SearchStrategy[object]] = {
    "StageName": st.sampled_from(
        [StageName("C"), StageName("C", 1), StageName("packed"), StageName("D", 10), StageName("C", 1, 1)]
    ),
    "func": st.sampled_from(["A", "B", "C", "packed"]),
    "n": st.none() | _counts,
    "tail": st.sampled_from(["auto", "auto", "round_up", "guard_with_if", "shift_inwards"]),
    "memory": st.sampled_from(["heap", "stack", "register"]),
    "min": st.integers(-5, 5),
    "fold_forward": st.booleans(),
    "condition": st.sampled_from(["n == 4", "n%8==0 and scale>0.5", "not flag", "-1e-3 <= scale", "n < m"]),
    "modulus": _counts,
    "remainder": st.integers(-5, 5),
    "policy": st.sampled_from(["auto", "never", "always"]),
    "offset": _counts,
    "strategy": st.sampled_from(["guard", "clamp"]),
    "message": st.sampled_from(["no", 'say "what"']),
}


def _value(call: str, field: str) -> st.SearchStrategy[object]:
    if field in ("stage", "consumer", "producer", "other"):
        if call == "in_":
            return st.just("packed") if field == "stage" else _values["func"]
        return _values["func" if call == "prefetch" and field == "producer" else "StageName"]
    if field in ("factor", "fx", "fy", "extent") or (call == "align_storage" and field == "n"):
        return _counts
    if field in ("loops", "dims"):
        return st.lists(_names, min_size=1, max_size=4, unique=True)
    if field == "preserved":
        pairs = st.tuples(_names, _new_names)
        return st.lists(pairs, min_size=1, max_size=2, unique_by=(lambda pair: pair[0], lambda pair: pair[1]))
    if field == "name":
        return st.sampled_from(["parts", "sums", "C"])
    if field in ("outer", "inner", "fused", "xo", "yo", "xi", "yi", "new") and call != "fuse":
        return _new_names
    return _values.get(field, _new_names if field == "fused" else _names)


@st.composite
def directives(draw: st.DrawFn, calls: tuple[str, ...] = tuple(DIRECTIVES)) -> Directive:
    """Any directive whose fields are well formed; it need not be legal anywhere."""
    call = draw(st.sampled_from(calls))
    fields = {name: draw(_value(call, name)) for name in field_kinds(DIRECTIVES[call])}
    return DIRECTIVES[call](**fields)  # type: ignore[arg-type]


@given(st.lists(directives(), max_size=8))
def test_round_trips(given_directives: list[Directive]) -> None:
    s = Schedule(directives=given_directives)
    assert Schedule.from_json(s.to_json()) == s
    assert Schedule.from_json(s.to_json()).to_json() == s.to_json()
    assert rebuilt(s.source()) == s


@given(st.text(max_size=40) | st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists).map(repr))
def test_foreign_text_is_a_schedule_error(text: str) -> None:
    try:
        Schedule.from_json(text)
    except ScheduleError as problem:
        assert str(problem)


GEMM = build_algorithm(gemm().c)
CONV = build_algorithm(conv().out)
_LOOP_CALLS = ("split", "fuse", "reorder", "tile", "rename", "unroll", "vectorize", "parallel", "serial")


@given(st.lists(directives(_LOOP_CALLS), max_size=12), st.sampled_from([GEMM, CONV]))
def test_loops_visit_every_point_exactly_once(given_directives: list[Directive], algorithm: Algorithm) -> None:
    resolved = resolve(algorithm, _legal(algorithm, given_directives))
    for stage in resolved.funcs["C" if "C" in resolved.funcs else "conv"].stages:
        roots = [loop.name for loop in resolve(algorithm, Schedule()).funcs[stage.func].stages[stage.index].loops]
        extents = dict(zip(roots, (5, 3, 4, 2, 1, 2, 1), strict=False))
        visited = _points(stage, extents)
        if visited is not None:
            assert sorted(visited) == sorted(product(*(range(extents[root]) for root in roots)))


@given(st.lists(directives(), max_size=12))
def test_accepted_schedules_resolve_again_and_problems_are_schedule_errors(given_directives: list[Directive]) -> None:
    s = _legal(GEMM, given_directives)
    problems = s.check()
    if not problems:
        assert resolve(GEMM, s) == resolve(GEMM, Schedule.from_json(s.to_json()))
    for problem in problems:
        assert problem.asked and problem.rule


def _legal(algorithm: Algorithm, given_directives: list[Directive]) -> Schedule:
    """The schedule of those directives that are accepted one after the other."""
    s = Schedule(algorithm)
    for directive in given_directives:
        try:
            s = Schedule(algorithm, (*s.directives, directive))
        except ScheduleError as problem:
            assert str(problem).count("\n") <= 5
    return s


def _points(stage: StageSchedule, roots: dict[str, int]) -> list[tuple[int, ...]] | None:
    """The points that the loops of a stage visit, all tails guarded; None if they are too many to count."""
    history = _extents(stage, roots)
    assert set(history[-1]) == {loop.name for loop in stage.loops}
    if prod(history[-1].values()) > 20_000:
        return None
    names = [loop.name for loop in stage.loops]
    nest = product(*(range(history[-1][name]) for name in names))
    points = (_point(stage, history, dict(zip(names, values, strict=True))) for values in nest)
    return [point for point in points if point is not None]


def _extents(stage: StageSchedule, roots: dict[str, int]) -> list[dict[str, int]]:
    """The extents of all loops before each transform, and after the last."""
    history = [dict(roots)]
    for transform in stage.transforms:
        extents = dict(history[-1])
        match transform:
            case Split(old, outer, inner, factor, _):
                extent = extents.pop(old)
                extents |= {outer: -(-extent // factor), inner: factor}
            case Fuse(outer, inner, fused):
                both = extents.pop(outer) * extents.pop(inner)
                extents[fused] = both
            case Rename(old, new):
                extents[new] = extents.pop(old)
        history.append(extents)
    return history


def _point(stage: StageSchedule, history: list[dict[str, int]], values: dict[str, int]) -> tuple[int, ...] | None:
    """The coordinates of one iteration, or None where a guard drops it."""
    for transform, extents in zip(reversed(stage.transforms), reversed(history[:-1]), strict=True):
        match transform:
            case Split(old, outer, inner, factor, _):
                value = values.pop(outer) * factor + values.pop(inner)
                if value >= extents[old]:
                    return None
                values[old] = value
            case Fuse(outer, inner, fused):
                both = values.pop(fused)
                values |= {outer: both // extents[inner], inner: both % extents[inner]}
            case Rename(old, new):
                values[old] = values.pop(new)
    return tuple(values[root] for root in history[0])
