"""Inlined Funcs are substituted, others keep their calls."""

from __future__ import annotations

import tensorlang as tl
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.printer import format_expr
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering.inline_funcs import inline_funcs
from tensorlang.schedule.resolve import resolve

i, j = tl.vars("i j")


def inlined(output: tl.Func, schedule: tl.Schedule | None = None) -> Algorithm:
    resolved = resolve(build_algorithm(output), schedule or tl.Schedule(output))
    return inline_funcs(resolved.algorithm, resolved)


def texts(algorithm: Algorithm) -> dict[str, list[str]]:
    return {func.name: [format_expr(d.values[0]) for d in func.definitions] for func in algorithm.funcs}


def test_a_chain_of_pure_funcs_ends_in_its_output() -> None:
    x = tl.Input("x", (16, 16), tl.float32)
    f, g, h = tl.Func("f"), tl.Func("g"), tl.Func("h")
    f[i, j] = x[i, j] * 2
    g[i, j] = f[j, i] + f[i, j + 1]
    h[i, j] = g[i + 1, 0]
    assert texts(inlined(h)) == {"h": ["x[0, i + 1] * 2.0 + x[i + 1, 0 + 1] * 2.0"]}


def test_vars_are_substituted_together() -> None:
    # One after the other, i -> j then j -> i would give x[i, i].
    x = tl.Input("x", (16, 16), tl.float32)
    f, g = tl.Func("f"), tl.Func("g")
    f[i, j] = x[i, j]
    g[i, j] = f[j, i]
    assert texts(inlined(g)) == {"g": ["x[j, i]"]}


def test_calls_inside_indices_and_updates() -> None:
    at, x = tl.Input("at", (16,), tl.int8), tl.Input("x", (256,), tl.float32)
    k = tl.RDom("k", 16)
    place, f = tl.Func("place"), tl.Func("f", tl.float32)
    place[i] = tl.cast(tl.int64, at[i]) + 128
    f[i] = 0.0
    f[k] += x[place[k]]
    assert texts(inlined(f)) == {"f": ["0.0", "f[k] + x[int64(at[k]) + 128]"]}


def test_placed_funcs_and_funcs_with_updates_are_kept() -> None:
    x = tl.Input("x", (16,), tl.float32)
    k = tl.RDom("k", 16)
    placed, total, free, out = tl.Func("placed"), tl.Func("total"), tl.Func("free"), tl.Func("out")
    placed[i] = x[i] * 2
    total[i] += placed[k]
    free[i] = total[i] + 1
    out[i] = free[i] * placed[i]
    s = tl.Schedule(out)
    s[placed].compute_root()
    assert texts(inlined(out, s)) == {
        "placed": ["x[i] * 2.0"],
        "total": ["0.0", "total[i] + placed[k]"],
        "out": ["(total[i] + 1.0) * placed[i]"],
    }
