"""Bounds of deep pipelines: they stay short, and finding them takes work in proportion. Calls are counted, not time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

import tensorlang as tl
from tensorlang.lang.expr import Expr

i, j = tl.vars("i j")
Step = Callable[[tl.Func], Expr]

STEPS: dict[str, Step] = {
    "stencil": lambda f: f[i, j] + f[i + 1, j + 2],
    "clamp": lambda f: f[tl.clamp(i - 1, 0, 99), tl.clamp(j + 1, 0, 99)] + f[i, tl.min(j + 2, 99)],
    "select": lambda f: f[tl.select(i < 7, i + 1, i - 1), j] + f[i, tl.select(j < 3, j, j + 1)],
    "half": lambda f: f[i // 2, j // 2] + f[i // 2 + 1, j],
    "wrap": lambda f: f[i % 50, j] + f[i, (j + 3) % 100],
}


def chain(step: Step, length: int, at: str) -> tuple[tl.Func, tl.Schedule]:
    """A Func of each one before, all computed where the last one is, in tiles or in pieces of a fused loop."""
    funcs = [tl.Func("f0")]
    funcs[0][i, j] = i + j
    for number in range(1, length):
        func = tl.Func(f"f{number}")
        func[i, j] = step(funcs[-1])
        funcs.append(func)
    last = funcs[-1]
    s = tl.Schedule(last)
    if at == "tile":
        s[last].tile("i", "j", "io", "tile", "ii", "ji", 8, 16)
    else:
        s[last].fuse("i", "j", "pixel").split("pixel", "tile", "inside", 12)
    for func in funcs[:-1]:
        s[func].compute_at(last, "tile")
    return last, s


def work(step: Step, length: int, at: str) -> tuple[int, int]:
    """Calls made to find all bounds, and the length of the longest line of the loop nest."""
    func, s = chain(step, length, at)
    text = ""

    def show() -> None:
        nonlocal text
        text = tl.loop_nest(func, s, shape=(97, 101))

    return count_calls(show), max(map(len, text.splitlines()))


def count_calls(run: Callable[[], object]) -> int:
    calls = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("at", ["tile", "piece"])
@pytest.mark.parametrize("name", list(STEPS))
def test_twice_the_stages_take_little_more_than_twice_the_work(name: str, at: str) -> None:
    """Exponential growth would be a factor of 16."""
    small, large = (work(STEPS[name], length, at) for length in (4, 8))
    assert large[0] <= 3 * small[0]
    assert large[1] <= small[1] + 80 <= 320


def test_forty_stages() -> None:
    calls, longest = work(STEPS["stencil"], 40, "tile")
    assert longest <= 150
    assert calls <= 2_500_000


def nested(depth: int) -> int:
    """Calls made to bound an index that is a min of a max of a min and so on, of which no operand says more."""
    f, g = tl.Func("f"), tl.Func("g")
    g[i, j] = i + j
    index: Expr = i + j
    for level in range(depth):
        index = tl.min(index, 2 * i + level) if level % 2 else tl.max(index, 3 * j - level)
    f[i, j] = g[index, j]
    s = tl.Schedule(f)
    s[f].tile("i", "j", "io", "jo", "ii", "ji", 8, 16)
    s[g].compute_at(f, "jo")
    return count_calls(lambda: tl.loop_nest(f, s, shape=(97, 101)))


def test_twelve_nested_min_and_max() -> None:
    """Exponential growth would be a factor of 64."""
    assert nested(12) <= 5 * nested(6)
