"""Random pipelines with stages that do not depend on each other, and random schedules that compute them together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

import tensorlang as tl
from tensorlang.schedule.plan import Plan
from tensorlang.schedule.stages import StageName
from tests.properties.algorithms import Subject

_NAMES = ("a", "b", "c")


@st.composite
def pipelines(draw: st.DrawFn) -> Subject:
    """An output that reads two or three Funcs with borders of their own, which read one Func or the Input."""
    shape = (draw(st.integers(1, 9)), draw(st.integers(1, 11)))
    x = tl.Input("x", (shape[0] + 6, shape[1] + 6), tl.int64)
    i, j = tl.vars("i j")
    base, out = tl.Func("base"), tl.Func("out")
    base[i, j] = x[i, j] + x[i + 1, j] * 2
    source: Any = draw(st.sampled_from([x, base]))
    funcs = [tl.Func(name) for name in _NAMES[: draw(st.integers(2, 3))]]
    total: Any = 0
    for func in funcs:
        down, across = draw(st.integers(0, 2)), draw(st.integers(0, 2))
        func[i, j] = source[i + down, j] + source[i, j + across] * 3
        if draw(st.booleans()):
            k = tl.RDom("k", draw(st.integers(1, 5)))
            func[i, j] += source[i, j + k % 3] * k
        total = total + func[i + draw(st.integers(0, 2)), j] - func[i, j + draw(st.integers(0, 2))]
    out[i, j] = total
    middle = (base,) if source is base else ()
    return Subject(out, shape, (out, *funcs, *middle))


def draw_placements(draw: st.DrawFn, s: tl.Schedule, subject: Subject) -> None:
    """Place all Funcs that may be fused at one place, and what they read."""
    if draw(st.booleans()):
        s["out"].split("j", "jo", "ji", draw(st.integers(1, 5)))
    site = draw(st.sampled_from(["root", *_loops(s, StageName("out"))]))
    for func in subject.funcs[1:]:
        if func.name == "base" or site == "root":
            s[func].compute_root()
        else:
            s[func].compute_at("out", site)


def draw_fused_directive(draw: st.DrawFn, s: tl.Schedule, subject: Subject, number: int) -> None:
    """The same directive for one definition of several Funcs, or a compute_with of two stages."""
    plan = s._plan
    assert isinstance(plan, Plan)
    names = [func.name for func in subject.funcs[1:] if func.name != "base"]
    index = draw(st.integers(0, 1))
    stages = [StageName(name, index) for name in names if StageName(name, index) in plan.stages]
    if len(stages) < 2:
        return
    child, parent = draw(st.permutations(stages))[:2]
    loop = draw(st.sampled_from(_loops(s, parent)))
    if draw(st.booleans()):
        s[child].compute_with(parent, loop)
        return
    give = _directive(draw, _loops(s, parent), loop, number)
    for stage in {child, parent} if draw(st.booleans()) else stages:
        give(s[stage])


def _directive(draw: st.DrawFn, loops: list[str], loop: str, number: int) -> Callable[[Any], Any]:
    kind = draw(st.sampled_from(["split", "reorder", "vectorize", "parallel", "unroll"]))
    factor = draw(st.integers(1, 5))
    if kind == "split":
        return lambda stage: stage.split(loop, f"o{number}", f"n{number}", factor)
    if kind == "reorder":
        order = draw(st.permutations(loops))
        return lambda stage: stage.reorder(*order)
    if kind == "parallel":
        return lambda stage: stage.parallel(loop)
    return lambda stage: getattr(stage, kind)(loop, factor)


def _loops(s: tl.Schedule, stage: StageName) -> list[str]:
    plan = s._plan
    assert isinstance(plan, Plan)
    return [loop.name for loop in plan.stages[stage].loops]
