"""Random programs over Funcs of tuples: elements of random types, updates that mix them, choose, swap or accumulate."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import note
from hypothesis import strategies as st

import tensorlang as tl
from tensorlang.lang.expr import Expr
from tests.properties.algorithms import Subject

TYPES = (tl.float32, tl.float64, tl.int8, tl.int32, tl.uint16, tl.int64)
ROWS, COLUMNS, EXTENT = 5, 18, 3


@st.composite
def tuple_programs(draw: st.DrawFn) -> Subject:
    """An output that reads a tuple, which has up to three updates; any of the two may be a tuple, or both."""
    i, j = tl.vars("i j")
    inputs = [tl.Input(f"x{n}", (ROWS + 1, COLUMNS + 1), draw(st.sampled_from(TYPES))) for n in range(2)]
    types = draw(st.lists(st.sampled_from(TYPES), min_size=2, max_size=4))
    f, out = tl.Func("f", types), tl.Func("out")

    def leaf() -> Expr:
        source = draw(st.sampled_from(inputs))
        return source[i + draw(st.integers(0, 1)), j + draw(st.integers(0, 1))]

    f[i, j] = tuple(tl.cast(kind, leaf()) for kind in types)
    for number in range(draw(st.integers(0, 3))):
        _update(draw, f, leaf, number)
    reads = f[i + draw(st.integers(0, 1)), j]
    values = [reads[draw(st.integers(0, len(types) - 1))] + leaf() for _ in range(draw(st.integers(1, 3)))]
    out[i, j] = tuple(values) if len(values) > 1 else values[0]
    note(f"{f.definition}\n{out.definition}")
    return Subject(out, (ROWS - 1, COLUMNS - 1), (out, f))


def _update(draw: st.DrawFn, f: tl.Func, leaf: Callable[[], Expr], number: int) -> None:
    """One random update of all elements of `f`, or of one."""
    i, j = tl.vars("i j")
    k = tl.RDom(f"k{number}", EXTENT)
    old = list(f[i, j])
    kind = draw(st.sampled_from(["mix", "choose", "rotate", "element", "scan"]))
    if kind == "mix":
        values = [tl.cast(a.type, draw(st.sampled_from(old)) + leaf()) for a in old]
        f[i, j] = tuple(values)
    elif kind == "choose":
        term = leaf() + k
        f[i, j] = tl.select(old[-1] < tl.cast(old[-1].type, term), tuple(tl.cast(a.type, term) for a in old), f[i, j])
    elif kind == "rotate":
        turned = old[1:] + old[:1]
        f[i, j] = tuple(tl.cast(a.type, b) for a, b in zip(old, turned, strict=True))
    elif kind == "element":
        n = draw(st.integers(0, len(old) - 1))
        f[i, j][n] = tl.cast(old[n].type, old[n] + leaf() * (k - 1))
    else:
        before = list(f[i, k])
        f[i, k + 1] = tuple(tl.cast(a.type, b + 1) for a, b in zip(before, reversed(before), strict=True))


@st.composite
def tuple_reductions(draw: st.DrawFn) -> Subject:
    """An argmin or argmax, or elements that each accumulate by an operator of its own, over one or two RVars."""
    shape = draw(st.lists(st.integers(1, 11), min_size=1, max_size=2))
    domain = draw(st.lists(st.integers(1, 9), min_size=1, max_size=2))
    pure = tl.vars("i j")[: len(shape)]
    whole = tl.RDom("r s"[: 2 * len(domain) - 1], *((draw(st.integers(0, 2)), extent) for extent in domain))
    rvars = tuple(whole)
    if draw(st.booleans()):
        whole.where((rvars[0] * 3 + rvars[-1]) % 4 != 1)
    x = tl.Input("x", (*shape, *(extent + 2 for extent in domain)), draw(st.sampled_from(TYPES)))
    term = x[(*pure, *rvars)]
    out = tl.Func("out")
    style = draw(st.sampled_from(["inline", "narrow", "accumulate"]))
    if style == "inline":
        out[pure] = draw(st.sampled_from([tl.argmin, tl.argmax]))(term, over=whole, name="f")
        f = out.sources["f"]
        assert isinstance(f, tl.Func)
        return Subject(out, tuple(shape), (out, f))
    f = tl.Func("f")
    if style == "narrow":
        f[pure] = (*(tl.cast(tl.int32, -n) for n in range(len(domain))), tl.cast(x.type, 1))
        best = f[pure][len(domain)]
        f[pure] = tl.select(best < term, (*(tl.cast(tl.int32, rvar) for rvar in rvars), term), f[pure])
    else:
        f[pure] = (tl.cast(x.type, 1), tl.cast(tl.int64, 0), tl.cast(x.type, 2))
        a, b, c = f[pure]
        f[pure] = (draw(st.sampled_from([tl.min(a, term), tl.max(a, term), a + term])), b + rvars[0], c)
    out[pure] = tuple(f[pure])
    return Subject(out, tuple(shape), (out, f))
