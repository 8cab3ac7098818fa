"""Random updates that accumulate by an associative operator, dense or scattered, and random schedules of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

import tensorlang as tl
from tensorlang.dtypes import ALL, DType
from tensorlang.schedule.plan import Plan
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.tails import TailStrategy
from tests.properties.algorithms import Subject

_LARGEST = 13
_BITWISE = ("&", "|", "^")
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda f, e: f + e,
    "-": lambda f, e: f - e,
    "e + f": lambda f, e: e + f,
    "*": lambda f, e: f * e,
    "min": tl.min,
    "max": tl.max,
    "&": lambda f, e: f & e,
    "|": lambda f, e: f | e,
    "^": lambda f, e: f ^ e,
}

_CONDITIONS: tuple[Callable[[Any, Any], Any], ...] = (
    lambda r, s: r <= s,
    lambda r, s: r + s < 11,
    lambda r, s: (r * 3 + s) % 4 != 1,
    lambda r, s: s > 2,
)


def _operators(kind: DType) -> tuple[str, ...]:
    if kind.is_bool:
        return _BITWISE
    return tuple(OPERATORS) if kind.is_integer else tuple(name for name in OPERATORS if name not in _BITWISE)


@st.composite
def reductions(draw: st.DrawFn) -> Subject:
    """``f[i, j] = f[i, j] op term`` over one or two RVars, and an output that reads f; `j` may be any other index."""
    kind = draw(st.sampled_from([item for item in ALL if not item.is_storage_only]))
    shape = draw(st.lists(st.integers(1, _LARGEST), min_size=1, max_size=2))
    domain = draw(st.lists(st.integers(1, _LARGEST), min_size=1, max_size=2))
    pure = tl.vars("i j")[: len(shape)]
    whole = tl.RDom("r s"[: 2 * len(domain) - 1], *domain)
    rvars = tuple(whole)
    for condition in draw(st.lists(st.sampled_from(_CONDITIONS), max_size=2)):
        whole.where(condition(*rvars[:1], rvars[-1]))
    place = _place(draw, rvars, domain, shape[-1])
    kept = pure if place is None else pure[:-1]
    x = tl.Input("x", (*shape[: len(kept)], *domain), kind)
    term: Any = x[(*kept, *rvars)]
    if not kind.is_bool and draw(st.booleans()):
        term = term * tl.Input("w", tuple(domain), kind)[rvars]
    f, out = tl.Func("f"), tl.Func("out")
    f[pure] = tl.cast(kind, draw(st.integers(0, 1)))
    at = pure if place is None else (*kept, place)
    f[at] = OPERATORS[draw(st.sampled_from(_operators(kind)))](f[at], term)
    out[pure] = f[pure]
    return Subject(out, tuple(shape), (out, f))


def _place(draw: st.DrawFn, rvars: tuple[Any, ...], domain: list[int], extent: int) -> Any:
    """Where a scatter goes in its last dimension; None for no scatter."""
    style = draw(st.sampled_from(["none", "none", "none", "constant", "affine", "quotient", "data"]))
    if style == "constant":
        return extent - 1
    if style == "affine" and domain[0] <= extent:
        return extent - 1 - rvars[0]
    if style == "quotient" and domain[0] <= 2 * extent:
        return rvars[0] // 2
    if style == "data":
        where = tl.Input("where", tuple(domain), tl.uint8)
        return tl.cast(tl.int64, where[rvars]) % extent
    return None


def draw_reduction_directive(draw: st.DrawFn, s: tl.Schedule, number: int) -> None:
    """One random directive to an update of f, or to what rfactor made of one."""
    plan = s._plan
    assert isinstance(plan, Plan)
    updates = [name for name in plan.stages if name.update]
    stage = draw(st.sampled_from(updates))
    handle = s[stage]
    loops = plan.stages[stage].loops
    names = [loop.name for loop in loops]
    reduction = [loop.name for loop in loops if loop.is_reduction]
    kinds = ["atomic", "split", "split", "reorder", "fuse", "vectorize", "vectorize", "parallel", "unroll", "place"]
    kind = draw(st.sampled_from(kinds + ["rfactor"] * 3 * bool(reduction)))
    if kind == "place":
        _place_func(draw, s, stage.func)
    elif kind == "rfactor":
        preserved = draw(st.lists(st.sampled_from(reduction), min_size=1, max_size=2, unique=True))
        made = handle.rfactor([(loop, f"u{number}{n}") for n, loop in enumerate(preserved)], f"p{number}")
        if draw(st.booleans()):
            made.compute_root()
    elif kind == "atomic":
        handle.atomic()
    elif kind == "reorder":
        handle.reorder(*draw(st.permutations(names)))
    elif names:
        _draw_loop_directive(draw, handle, kind, names, number)


def _draw_loop_directive(draw: st.DrawFn, handle: Any, kind: str, names: list[str], number: int) -> None:
    loop = draw(st.sampled_from(names))
    if kind == "split":
        tail = draw(st.just("auto") | st.sampled_from(list(TailStrategy)))
        handle.split(loop, f"o{number}", f"n{number}", draw(st.integers(1, 8)), tail)
    elif kind == "fuse":
        handle.fuse(loop, draw(st.sampled_from(names)), f"f{number}")
    elif kind == "vectorize":
        handle.vectorize(loop, draw(st.none() | st.sampled_from([2, 3, 4, 8, 16])))
    elif kind == "parallel":
        handle.parallel(loop, draw(st.none() | st.integers(1, 4)))
    else:
        handle.unroll(loop, draw(st.none() | st.integers(1, 4)))


def _place_func(draw: st.DrawFn, s: tl.Schedule, name: str) -> None:
    plan = s._plan
    assert isinstance(plan, Plan)
    others = [stage for stage in plan.stages if stage.func != name and plan.stages[stage].loops]
    if not others or draw(st.booleans()):
        s[name].compute_root()
        return
    site = draw(st.sampled_from(others))
    loop = draw(st.sampled_from([loop.name for loop in plan.stages[site].loops]))
    s[name].compute_at(StageName(site.func, site.update), loop)
