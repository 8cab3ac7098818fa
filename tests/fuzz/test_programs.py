"""What programs are drawn must have answers that do not depend on the schedule, but for rounding that is bounded."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tensorlang.fuzz.chance import Chance
from tensorlang.fuzz.programs.model import Builder
from tensorlang.fuzz.programs.reductions import draw_reduction


def test_sums_in_16_bits_do_not_cancel() -> None:
    """A sum of positive and negative terms may leave nothing but rounding, which differs by as much as it is."""
    steps: list[str] = []

    @settings(database=None, max_examples=200, derandomize=True, deadline=None)
    @given(st.data())
    def draw(data: Any) -> None:
        builder = Builder(Chance(data.draw))
        draw_reduction(builder)
        steps.extend(s for s in builder.statements if "float16, tl.cast(tl.float32, s0[" in s)

    draw()
    assert steps
    assert [step for step in steps if "]) + tl.abs(" not in step] == []
