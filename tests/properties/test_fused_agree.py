"""Stages that are computed together give what they give apart: random pipelines under random schedules."""

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
from tests.properties.fused import draw_fused_directive, draw_placements, pipelines


def _is_legal(subject: Subject, s: tl.Schedule) -> bool:
    try:
        lower(resolve(build_algorithm(subject.output), s), {subject.output.name: subject.shape})
    except ScheduleError:
        return False
    return True


@st.composite
def scheduled(draw: st.DrawFn) -> tuple[Subject, tl.Schedule]:
    """A pipeline under the directives that were legal of up to nine drawn."""
    subject = draw(pipelines())
    s = tl.Schedule(subject.output)
    draw_placements(draw, s, subject)
    for number in range(draw(st.integers(0, 9))):
        candidate = s.copy()
        try:
            draw_fused_directive(draw, candidate, subject, number)
        except ScheduleError:
            event("refused when given")
            continue
        if candidate == s:
            continue
        note(candidate.source())
        if _is_legal(subject, candidate):
            s = candidate
            event(f"kept {type(s.directives[-1]).__name__}")
        else:
            event("refused by bounds")
    return subject, s


@settings(max_examples=int(os.environ.get("TENSORLANG_PROPERTY_EXAMPLES", "30")))
@given(case=scheduled())
def test_stages_that_are_computed_together_change_nothing(case: tuple[Subject, tl.Schedule]) -> None:
    subject, s = case
    kernel = tl.compile(subject.output, s, shape=subject.shape, cache=False)
    result = check_kernel(kernel, threads=2)
    assert result.ok, f"{result.reason}\n{s.source()}"
