"""No legal schedule changes a result: random directives on small algorithms, compared with the oracle."""

from __future__ import annotations

import os

import pytest
from hypothesis import event, given, note, settings
from hypothesis import strategies as st

import tensorlang as tl
from tensorlang.errors import BoundsError, ScheduleError
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering import lower
from tensorlang.schedule.bounds import AlignBounds
from tensorlang.schedule.plan import Plan
from tensorlang.schedule.resolve import resolve
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.strategies import PrefetchStrategy
from tensorlang.validation import check_kernel
from tests.properties.algorithms import SUBJECTS, Subject
from tests.properties.tuples import tuple_programs

TAILS = ("auto", *tl.TailStrategy)


def _loops(s: tl.Schedule, stage: StageName) -> list[str]:
    plan = s._plan
    assert isinstance(plan, Plan)
    return [loop.name for loop in plan.stages[stage.general].nests[stage.case].loops]


def _nests(s: tl.Schedule, subject: Subject) -> list[StageName]:
    """The stages of a subject, and their cases so far."""
    plan = s._plan
    assert isinstance(plan, Plan)
    stages = [StageName(func.name, index) for func, index in _stages(subject)]
    return [nest.name for stage in stages for nest in plan.stages[stage].nests]


def _stages(subject: Subject) -> list[tuple[tl.Func, int]]:
    algorithm = build_algorithm(subject.output)
    counts = {f.name: len(f.definitions) for f in algorithm.funcs}
    return [(f, n) for f in subject.funcs for n in range(counts[f.name])]


def _sources(subject: Subject) -> list[str]:
    """Everything that may be prefetched."""
    algorithm = build_algorithm(subject.output)
    arrays = [item.name for item in algorithm.inputs if item.scalar is None]
    return [*arrays, *(func.name for func in subject.funcs[1:])]


def _draw_directive(draw: st.DrawFn, s: tl.Schedule, subject: Subject, number: int) -> None:
    """Give one random directive, first a placement to each producer; the schedule refuses what is not legal."""
    producers = subject.funcs[1:]
    if number < len(producers):
        _draw_placement(draw, s, subject, producers[number])
        return
    stage = draw(st.sampled_from(_nests(s, subject)))
    handle, loops = s[stage], _loops(s, stage)
    loop = draw(st.sampled_from(loops))
    factor, tail = draw(st.integers(1, 9)), draw(st.sampled_from(TAILS))
    kind = draw(
        st.sampled_from(
            [
                "split",
                "reorder",
                "vectorize",
                "unroll",
                "parallel",
                "fuse",
                "store",
                "partition",
                "prefetch",
                "align",
                *["case"] * bool(subject.conditions),
            ]
        )
    )
    if kind == "split":
        handle.split(loop, f"{loop}o{number}", f"{loop}i{number}", factor, tail)
    elif kind == "reorder":
        handle.reorder(*draw(st.permutations(loops)))
    elif kind == "vectorize":
        handle.vectorize(loop, draw(st.sampled_from([2, 4, 8, 16])), tail)
    elif kind == "unroll":
        handle.unroll(loop, draw(st.integers(2, 4)), tail)
    elif kind == "parallel":
        handle.parallel(loop)
    elif kind == "fuse":
        handle.fuse(loop, draw(st.sampled_from(loops)), f"f{number}")
    elif kind == "partition":
        handle.partition(loop, draw(st.sampled_from(["auto", "never", "always"])))
    elif kind == "prefetch":
        strategy = draw(st.sampled_from(list(PrefetchStrategy)))
        handle.prefetch(draw(st.sampled_from(_sources(subject))), loop, draw(st.sampled_from(loops)), factor, strategy)
    elif kind == "align":
        var = draw(st.sampled_from(build_algorithm(subject.output).func(stage.func).vars))
        s[stage.func].align_bounds(var, factor, draw(st.integers(0, 3)))
    elif kind == "case":
        handle.specialize(draw(st.sampled_from(subject.conditions)))
    else:
        s[stage.func].store_in(draw(st.sampled_from(["heap", "stack"])))


def _draw_placement(draw: st.DrawFn, s: tl.Schedule, subject: Subject, func: tl.Func) -> None:
    consumer, index = draw(st.sampled_from(_stages(subject)))
    loops = _loops(s, StageName(consumer.name, index))
    if draw(st.booleans()):
        s[func].compute_root()
    else:
        s[func].compute_at(consumer.update(index - 1) if index else consumer, draw(st.sampled_from(loops)))


def _is_legal(subject: Subject, s: tl.Schedule) -> bool:
    try:
        lower(resolve(build_algorithm(subject.output), s), {subject.output.name: subject.shape})
    except ScheduleError:
        return False
    except BoundsError:
        # A region that is larger because it is aligned may need more than the Inputs have; no other directive may.
        if not any(isinstance(directive, AlignBounds) for directive in s.directives):
            raise
        return False
    return True


@st.composite
def scheduled(draw: st.DrawFn, subject: Subject) -> tl.Schedule:
    """A subject under the directives that were legal of up to ten drawn, placements first."""
    s = tl.Schedule(subject.output)
    for number in range(draw(st.integers(0, 10))):
        candidate = s.copy()
        try:
            _draw_directive(draw, candidate, subject, number)
        except ScheduleError:
            event("refused when given")
            continue
        note(candidate.source())
        if _is_legal(subject, candidate):
            s = candidate
            event(f"kept {type(s.directives[-1]).__name__}")
        else:
            event("refused by bounds")
    return s


def check(data: st.DataObject, subject: Subject) -> None:
    """Fail unless the subject under a random schedule agrees with the oracle."""
    s = data.draw(scheduled(subject))
    kernel = tl.compile(subject.output, s, shape=subject.shape, cache=False)
    result = check_kernel(kernel, threads=2)
    assert result.ok, f"{result.reason}\n{s.source()}"


@pytest.mark.parametrize("name", list(SUBJECTS))
@settings(max_examples=int(os.environ.get("TENSORLANG_PROPERTY_EXAMPLES", "30")))
@given(data=st.data())
def test_a_legal_schedule_changes_nothing(name: str, data: st.DataObject) -> None:
    check(data, SUBJECTS[name]())


@settings(max_examples=int(os.environ.get("TENSORLANG_PROPERTY_EXAMPLES", "20")))
@given(data=st.data())
def test_a_legal_schedule_changes_nothing_of_random_tuples(data: st.DataObject) -> None:
    check(data, data.draw(tuple_programs()))
