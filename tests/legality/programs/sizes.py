"""Code that would be too large to compile."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.schedule.rules import Family
from tests.legality.must_fail import Scheduled, programs_of

must_fail = programs_of(Family.SIZES)


def _doubling(count: int) -> tl.Func:
    """``f<n>[i] = f<n - 1>[i] + f<n - 1>[i] * 2``: inlined, each is twice as large as the one before."""
    i = tl.Var("i")
    last: tl.Input | tl.Func = tl.Input("x", (8,), tl.float32)
    for n in range(count):
        func = tl.Func(f"f{n}")
        func[i] = last[i] + last[i] * 2
        last = func
    assert isinstance(last, tl.Func)
    return last


@must_fail(
    "inlined_size",
    """\
f12 has 65528 operations, more than 50000, as f11 is written out in it.
  rule        a Func has few enough operations to be compiled; inlined Funcs that it reads count once for every use
  legal here  s[f11].compute_root() | s[f11].compute_at(consumer, loop)""",
)
def inlining_that_doubles_each_time() -> Scheduled:
    return Scheduled(_doubling(14), tl.Schedule())


@must_fail(
    "inlined_size",
    """\
f12 has 65528 operations, more than 50000, as f11 is written out in it.
  rule        a Func has few enough operations to be compiled; inlined Funcs that it reads count once for every use
  legal here  s[f11].compute_root() | s[f11].compute_at(consumer, loop)""",
)
def inlining_that_doubles_below_a_func_at_root() -> Scheduled:
    s = tl.Schedule()
    s["f14"].compute_root()
    return Scheduled(_doubling(16), s)
