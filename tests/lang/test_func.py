"""Definitions, reads and algorithms as data."""

from __future__ import annotations

import numpy as np
import pytest

import tensorlang as tl
from tensorlang.ir.algorithm import FuncDef, InputDef, ReductionVar
from tensorlang.ir.printer import format_expr
from tensorlang.lang.build import build_algorithm

i, j = tl.vars("i j")


def text(func: FuncDef) -> list[str]:
    """Each definition as one line."""
    return [
        f"{func.name}[{', '.join(format_expr(a) for a in d.args)}] = {format_expr(d.values[0])}"
        + "".join(f" for {r.name} in [{r.min}, +{r.extent}]" for r in d.rvars)
        for d in func.definitions
    ]


def test_matmul() -> None:
    a, b = (tl.Input(name, (4, 4), tl.float32) for name in "AB")
    k = tl.RDom("k", 4)
    c = tl.Func("C")
    c[i, j] += a[i, k] * b[k, j]
    algorithm = build_algorithm(c)
    assert text(algorithm.func("C")) == [
        "C[i, j] = 0.0",
        "C[i, j] = C[i, j] + A[i, k] * B[k, j] for k in [0, +4]",
    ]
    assert algorithm.inputs == (InputDef("A", (4, 4), tl.float32), InputDef("B", (4, 4), tl.float32))
    assert algorithm.outputs == ("C",)
    assert c.update().index == 1 and c.update().func is c


@pytest.mark.parametrize(("op", "identity"), [("+", "0"), ("-", "0"), ("*", "1")])
def test_in_place_operators_start_from_the_identity(op: str, identity: str) -> None:
    f, k = tl.Func("f"), tl.RDom("k", 3)
    x = tl.Input("x", (3, 4), tl.int32)
    if op == "+":
        f[i] += x[k, i]
    elif op == "-":
        f[i] -= x[k, i]
    else:
        f[i] *= x[k, i]
    assert text(f.definition) == [f"f[i] = int32({identity})", f"f[i] = f[i] {op} x[k, i] for k in [0, +3]"]


def test_in_place_division_of_integers_is_float64() -> None:
    f, k = tl.Func("f"), tl.RDom("k", 3)
    f[i] /= tl.Input("x", (3, 4), tl.int32)[k, i]
    assert f.type == tl.float64
    assert text(f.definition)[0] == "f[i] = float64(1.0)"


def test_increment_of_a_place_invents_a_var() -> None:
    x, k, count = tl.Input("x", (8,), tl.uint8), tl.RDom("k", 8), tl.Func("count", tl.int32)
    count[x[k]] += 1
    assert text(count.definition) == [
        "count[_0] = int32(0)",
        "count[int64(x[k])] = count[int64(x[k])] + int32(1) for k in [0, +8]",
    ]


def test_increment_is_a_plain_value_elsewhere() -> None:
    f, g = tl.Func("f"), tl.Func("g")
    f[i] = i
    value = f[i]
    value += 1
    g[i] = value * 2
    assert text(g.definition) == ["g[i] = (f[i] + 1) * 2"]


def test_total_has_no_dimensions() -> None:
    total, k = tl.Func("total"), tl.RDom("k", 8)
    total[()] += tl.Input("x", (8,), tl.float64)[k]
    assert total.vars == ()
    assert text(total.definition)[1] == "total[] = total + x[k] for k in [0, +8]"


def test_update_runs_over_the_whole_domain_of_each_rvar_it_uses() -> None:
    r, s = tl.RDom("r s", 2, (-1, 3))
    t = tl.RDom("t", 4)
    f = tl.Func("f")
    f[i] += s * t
    assert f.definition.updates[0].rvars == (
        ReductionVar("r", 0, 2),
        ReductionVar("s", -1, 3),
        ReductionVar("t", 0, 4),
    )
    assert r.name == "r"


def test_declared_type_takes_scalars_and_narrower_values() -> None:
    f = tl.Func("f", tl.float32)
    f[i] = 0
    f[i] += tl.Input("x", (8,), tl.int8)[i]
    assert text(f.definition) == ["f[i] = 0.0", "f[i] = f[i] + float32(x[i])"]


def test_default_types_are_numpys() -> None:
    for value, dtype in ((True, tl.bool_), (1, tl.int64), (1.0, tl.float64), (np.float32(1), tl.float32)):
        f = tl.Func("f")
        f[i] = value
        assert f.type == dtype


def test_inputs_come_in_order_of_first_use_producers_first() -> None:
    x, w, bias = (tl.Input(name, (8,), tl.float32) for name in ("x", "w", "bias"))
    conv, out = tl.Func("conv"), tl.Func("out")
    conv[i] = x[i] * w[i]
    out[i] = bias[i] + conv[i]
    algorithm = build_algorithm(out)
    assert [i.name for i in algorithm.inputs] == ["bias", "x", "w"]
    assert [f.name for f in algorithm.funcs] == ["conv", "out"]
    assert [i.name for i in build_algorithm(out, [w, x, bias]).inputs] == ["w", "x", "bias"]


def test_several_outputs_share_producers() -> None:
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    f[i] = i
    g[i] = f[i] + 1
    h[i] = f[i] + g[i]
    algorithm = build_algorithm([h, g])
    assert [func.name for func in algorithm.funcs] == ["f", "g", "h"]
    assert algorithm.outputs == ("h", "g")


def test_algorithms_compare_by_content() -> None:
    def make() -> tl.Func:
        f = tl.Func("f")
        f[i] = tl.sum(tl.Input("x", (8, 4), tl.float32)[i, tl.RDom("k", 4)])
        return f

    assert build_algorithm(make()) == build_algorithm(make())
