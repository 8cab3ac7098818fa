"""Regions that are unbounded, or that do not hold what is required."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of
from tests.schedule.programs import gemm

must_fail = programs_of(Family.BOUNDS)


@must_fail(
    "bound_once",
    """\
s[C].bound("i", 0, 32): i is already bound in C, to [0, 64).
  asked       s[C].bound("i", 0, 32)    HERE
  rule        a Var is bound once
  hint        keep one of the two""",
)
def bound_twice() -> Scheduled:
    s = tl.Schedule()
    s["C"].bound("i", 0, 64).bound("i", 0, 32)
    return Scheduled(gemm().c, s)
