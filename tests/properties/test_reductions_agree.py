"""No legal schedule of a reduction changes it: random programs under rfactor, atomic, lanes and threads."""

from __future__ import annotations

import os

from hypothesis import event, given, note, settings
from hypothesis import strategies as st

import tensorlang as tl
from tensorlang.errors import ScheduleError
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering import lower
from tensorlang.schedule.resolve import resolve
from tensorlang.validation import check_kernel
from tests.properties.algorithms import Subject
from tests.properties.reductions import draw_reduction_directive, reductions
from tests.properties.tuples import tuple_reductions


def _is_legal(subject: Subject, s: tl.Schedule) -> bool:
    try:
        lower(resolve(build_algorithm(subject.output), s), {subject.output.name: subject.shape})
    except ScheduleError:
        return False
    return True


@st.composite
def scheduled(draw: st.DrawFn, programs: st.SearchStrategy[Subject]) -> tuple[Subject, tl.Schedule]:
    """A reduction under the directives that were legal of up to twelve drawn."""
    subject = draw(programs)
    s = tl.Schedule(subject.output)
    for number in range(draw(st.integers(0, 12))):
        candidate = s.copy()
        try:
            draw_reduction_directive(draw, candidate, number)
        except ScheduleError:
            event("refused when given")
            continue
        note(candidate.source())
        if _is_legal(subject, candidate):
            s = candidate
            event(f"kept {type(s.directives[-1]).__name__}" if s.directives else "kept nothing")
        else:
            event("refused by bounds")
    return subject, s


@settings(max_examples=int(os.environ.get("TENSORLANG_PROPERTY_EXAMPLES", "60")))
@given(case=scheduled(reductions()))
def test_a_legal_schedule_changes_no_reduction(case: tuple[Subject, tl.Schedule]) -> None:
    _check(*case)


@settings(max_examples=int(os.environ.get("TENSORLANG_PROPERTY_EXAMPLES", "30")))
@given(case=scheduled(tuple_reductions()))
def test_a_legal_schedule_changes_no_reduction_of_tuples(case: tuple[Subject, tl.Schedule]) -> None:
    _check(*case)


def _check(subject: Subject, s: tl.Schedule) -> None:
    kernel = tl.compile(subject.output, s, shape=subject.shape, cache=False)
    result = check_kernel(kernel, threads=2)
    assert result.ok, f"{result.reason}\n{s.source()}"
