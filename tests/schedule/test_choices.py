"""Which updates are proven to be an argmin or argmax, and how their partial results and those of tuples merge."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tensorlang as tl
from tensorlang.dtypes import DType
from tensorlang.ir.algorithm import FuncDef
from tensorlang.ir.expr import CompareOp
from tensorlang.ir.printer import format_expr
from tensorlang.lang.build import build_algorithm
from tensorlang.schedule.associativity import is_associative_update
from tensorlang.schedule.choices import Choice, find_choice
from tensorlang.schedule.merging import find_reduction

i = tl.Var("i")
X = tl.Input("x", (8, 8), tl.float32)
N = tl.Input("n", (8, 8), tl.int32)
R, S = tl.RDom("r s", (1, 4), 3)
K = tl.RDom("k", 8)


def definition(func: tl.Func) -> FuncDef:
    return build_algorithm(func).func(func.name)


def chooser(start: tuple[float, ...], update: Callable[[tl.Func], object]) -> FuncDef:
    f = tl.Func("f")
    f[i] = start
    f[i] = update(f)  # type: ignore[assignment]
    return definition(f)


def inline(value: object) -> FuncDef:
    out = tl.Func("out")
    out[i] = value  # type: ignore[assignment]
    return next(func for func in build_algorithm(out).funcs if func.name != "out")


def test_inline_places_are_choices() -> None:
    kinds = (tl.int64, tl.int64, tl.float32)
    assert find_choice(inline(tl.argmax(X[i + R, S])), 1) == Choice(kinds, 2, CompareOp.GT, True, (0, 1))
    assert find_choice(inline(tl.argmin(X[i + R, S])), 1) == Choice(kinds, 2, CompareOp.LT, True, (0, 1))
    assert find_choice(inline(tl.argmax(N[i, K])), 1) == Choice((tl.int64, tl.int32), 1, CompareOp.GT, False, (0,))


def test_choices_written_out_are_found() -> None:
    term = N[i, K]
    found = chooser((-100, 0, -1), lambda f: tl.select(term > f[i][0], (term, K * 2, K), f[i]))
    assert find_choice(found, 1) == Choice((tl.int64,) * 3, 0, CompareOp.GT, False, (2,))
    found = chooser((100, 0), lambda f: tl.select(f[i][0] > term, (term, K), f[i]))
    assert find_choice(found, 1) == Choice((tl.int64,) * 2, 0, CompareOp.LT, False, (1,))


def test_a_place_may_be_narrow_where_it_fits() -> None:
    def choice(kind: DType, extent: int) -> Choice | None:
        k = tl.RDom("k", extent)
        f = tl.Func("f", (kind, tl.float32))
        f[i] = (0, 0.0)
        term = X[i, k % 8]
        f[i] = tl.select(term > f[i][1], (tl.cast(kind, k), term), f[i])
        return find_choice(definition(f), 1)

    assert choice(tl.int8, 128) == Choice((tl.int8, tl.float32), 1, CompareOp.GT, False, (0,))
    assert choice(tl.int8, 129) is None
    assert choice(tl.float32, 4) is None


@pytest.mark.parametrize(
    "func",
    [
        pytest.param(lambda: chooser((0, 0), lambda f: (f[i][1], f[i][0] + K)), id="a swap"),
        pytest.param(
            lambda: chooser((0, 0), lambda f: tl.select(N[i, K] >= f[i][0], (N[i, K], K), f[i])), id="the last of equal"
        ),
        pytest.param(
            lambda: chooser((0, 0), lambda f: tl.select(N[i, K] > f[i][0], (N[i, K], 7), f[i])), id="no place"
        ),
        pytest.param(
            lambda: chooser((0, 0), lambda f: tl.select(N[i, K] > f[i][0], (N[i, K], K + 1), f[i])), id="a moved place"
        ),
        pytest.param(
            lambda: chooser((0, 0), lambda f: tl.select(N[i, K] > f[i][0], (N[i, K] + 1, K), f[i])),
            id="another term is kept",
        ),
        pytest.param(
            lambda: chooser((0, 0), lambda f: tl.select(N[i, K] > f[i][0], (N[i, K], K), (f[i][0], 3))),
            id="a place is replaced",
        ),
        pytest.param(
            lambda: chooser((0, 0), lambda f: tl.select(N[i, K] > f[i][0], (f[i][0] + N[i, K], K), f[i])),
            id="the term reads the Func",
        ),
        pytest.param(
            lambda: chooser((0, 3), lambda f: tl.select(N[i, K] > f[i][0], (N[i, K], K), f[i])), id="begins after 0"
        ),
        pytest.param(
            lambda: chooser((0, 0), lambda f: tl.select(N[i, R + S] > f[i][0], (N[i, R + S], R), f[i])),
            id="one place of two",
        ),
    ],
)
def test_what_is_no_choice(func: Callable[[], FuncDef]) -> None:
    assert find_choice(func(), 1) is None
    assert find_reduction(func(), 1) is None


def test_only_the_first_update_knows_what_the_func_begins_with() -> None:
    f = tl.Func("f")
    f[i] = (0, 0)
    for _ in range(2):
        f[i] = tl.select(N[i, K] > f[i][0], (N[i, K], K), f[i])
    assert find_choice(definition(f), 1) is not None
    assert find_choice(definition(f), 2) is None


def test_partial_choices_begin_after_every_place_and_merge_by_place() -> None:
    func = inline(tl.argmax(N[i + R, S]))
    found = find_reduction(func, 1)
    assert found is not None
    assert [c.value for c in found.identities] == [2**63 - 1, 2**63 - 1, -(2**31)]
    a, b, c = func.calls(func.pure.args)
    totals, parts = (a, b, c), tuple(call.__class__("p", call.args, call.type, call.element) for call in (a, b, c))
    name = func.name
    before = f"p[i][0] < {name}[i][0] or p[i][0] == {name}[i][0] and p[i][1] < {name}[i][1]"
    wins = f"p[i][2] > {name}[i][2] or p[i][2] == {name}[i][2] and ({before})"
    assert format_expr(found.merged(totals, parts)[1]) == f"select({wins}, p[i][1], {name}[i][1])"


def test_elements_that_accumulate_by_themselves_merge_by_themselves() -> None:
    f = tl.Func("f")
    f[i] = (X[i, 0], N[i, 0], X[i, 1])
    f[i] = (f[i][0] + X[i, K], tl.min(f[i][1], N[i, K]), f[i][2])
    func = definition(f)
    assert is_associative_update(func.updates[0], "f")
    found = find_reduction(func, 1)
    assert found is not None
    assert [format_expr(c) for c in found.identities] == ["-0.0", "int32(2147483647)", "0.0"]
    totals = func.calls(func.pure.args)
    merged = found.merged(totals, totals)
    assert [format_expr(e) for e in merged] == ["f[i][0] + f[i][0]", "min(f[i][1], f[i][1])", "f[i][2]"]


def test_elements_that_read_each_other_are_not_associative() -> None:
    f = tl.Func("f")
    f[i] = (X[i, 0], X[i, 1])
    f[i] = (f[i][0] + X[i, K], f[i][0] + X[i, K])
    f[i] = (f[i][0] + f[i][1], f[i][1])
    assert [is_associative_update(update, "f") for update in definition(f).updates] == [False, False]
