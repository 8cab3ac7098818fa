"""The cap on code is the number that its law says, and is met by what comes just below it."""

from __future__ import annotations

import pytest

import tensorlang as tl
from tensorlang.errors import ScheduleError
from tensorlang.lang.build import build_algorithm
from tensorlang.legality.code_size import MAX_OPERATIONS
from tensorlang.lowering import check
from tensorlang.schedule.resolve import resolve
from tensorlang.schedule.rules import RULES


def _problems(unroll: int, vectorize: int = 1) -> list[str]:
    x = tl.Input("x", (64, 4096), tl.float32)
    i, j = tl.vars("i j")
    f = tl.Func("f")
    f[i, j] = x[i, j] * 2 + 1
    s = tl.Schedule(f)
    s[f].unroll("i", 16)
    if vectorize > 1:
        s[f].vectorize("j", vectorize)
    s[f].unroll("j", unroll)
    return [str(problem) for problem in check(resolve(build_algorithm(f), s), {"f": (64, 4096)})]


def test_the_law_says_the_number() -> None:
    assert f"at most {MAX_OPERATIONS} operations" in RULES["code_size"].law


@pytest.mark.parametrize(("unroll", "vectorize"), [(256, 1), (128, 16), (1, 4096)])
def test_code_below_the_cap_is_accepted(unroll: int, vectorize: int) -> None:
    assert _problems(unroll, vectorize) == []


@pytest.mark.parametrize(
    ("unroll", "vectorize", "less"),
    [(1024, 1, 's[f].unroll("j", 256)'), (256, 64, 's[f].unroll("j", 32)'), (4, 4096, 's[f].serial("j.lane")')],
)
def test_code_above_it_is_reported_with_what_would_fit(unroll: int, vectorize: int, less: str) -> None:
    (problem,) = _problems(unroll, vectorize)
    assert problem.endswith(f"  hint        leave more in loops: {less}")


def test_compiling_refuses_it_too() -> None:
    i, f = tl.Var("i"), tl.Func("f")
    f[i] = i * 2 + 1
    s = tl.Schedule(f)
    s[f].split("i", "o", "m", 4096).split("m", "n", "k", 64).unroll("k").unroll("n").unroll("o", 8)
    with pytest.raises(ScheduleError) as caught:
        tl.compile(f, s, shape=(1 << 16,))
    assert caught.value.message == (
        "the code would have 622593 operations: "
        "o.unroll of f makes 8 copies, n of f makes 64 copies, k of f makes 64 copies."
    )
