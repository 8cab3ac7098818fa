"""Vectorized loops that cannot be lanes."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of
from tests.schedule.programs import blur

must_fail = programs_of(Family.VECTORS)


@must_fail(
    "one_loop_is_vectorized",
    """\
s[f].vectorize("i"): lane is already a vectorized loop of f.
  asked       s[f].vectorize("i")    HERE
  rule        one loop of a stage is vectorized
  hint        unroll("i"), or serial("lane") first""",
)
def second_vectorized_loop() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("j", 8).rename("j.lane", "lane").vectorize("i")
    return Scheduled(blur().f, s)


@must_fail(
    "one_loop_is_vectorized",
    """\
s[f].vectorize("i", 4): j.lane is already a vectorized loop of f.
  asked       s[f].vectorize("i", 4)    HERE
  rule        one loop of a stage is vectorized
  hint        unroll("i"), or serial("j.lane") first""",
)
def lanes_of_two_loops() -> Scheduled:
    s = tl.Schedule()
    s["f"].vectorize("j", 8).vectorize("i", 4)
    return Scheduled(blur().f, s)
