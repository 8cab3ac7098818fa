"""Prefetches ask for what later iterations read, a line at a time, and for nothing outside the buffer."""

from __future__ import annotations

import numpy as np

import tensorlang as tl
from tensorlang.bounds.shapes import infer_output_shapes
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering import lower
from tensorlang.schedule.resolve import resolve
from tests.ir.interpret import run

i, j = tl.vars("i j")


def rows() -> tuple[tl.Func, tl.Func]:
    """f, each row of which reads two of g, which is x doubled."""
    x = tl.Input("x", (13, 40), tl.float32)
    g, f = tl.Func("g"), tl.Func("f")
    g[i, j] = x[i, j] * 2
    f[i, j] = g[i, j] + g[i + 2, j]
    return g, f


def prefetched(f: tl.Func, s: tl.Schedule) -> dict[str, list[int]]:
    """The elements that the lowered code prefetches, in order; the interpreter checks that each is in its buffer."""
    resolved = resolve(build_algorithm(f), s)
    module = lower(resolved, infer_output_shapes(resolved.algorithm))
    inputs = {item.name: np.zeros(item.shape, item.type.numpy) for item in resolved.algorithm.inputs}
    return run(module, inputs).prefetched


def test_the_next_rows_are_asked_for_where_there_are_any() -> None:
    g, f = rows()
    s = tl.Schedule(f)
    s[g].compute_root()
    s[f].prefetch(g, "i", "i", 3)
    assert tl.loop_nest(f, s) == (
        "store g[13, 40] in heap:\n"
        "  for i in 0..13:\n"
        "    for j in 0..40:\n"
        "      g[i, j] = ...\n"
        "  for i in 0..11:\n"
        "    if i + 5 <= 12:\n"
        "      for i.prefetch0.0 in 0..3:\n"
        "        for i.prefetch0.1 in 0..3:\n"
        "          prefetch g[i + i.prefetch0.0 + 3, i.prefetch0.1 * 16]\n"
        "    for j in 0..40:\n"
        "      f[i, j] = ..."
    )
    lines = [[row * 40 + 16 * n for row in range(first + 3, first + 6) for n in range(3)] for first in range(8)]
    assert prefetched(f, s) == {"g": sum(lines, [])}


def test_clamped_prefetches_stay_in_the_last_rows() -> None:
    _, f = rows()
    s = tl.Schedule(f)
    s[f].prefetch("x", "i", "i", 9, "clamp")
    starts = [[min(first + 9, 12), min(first + 11, 12)] for first in range(11)]
    wanted = [row * 40 + 16 * n for low, high in starts for row in range(low, high + 1) for n in range(3)]
    assert prefetched(f, s) == {"x": wanted}


def test_an_inner_loop_may_look_ahead_in_an_outer_one() -> None:
    _, f = rows()
    s = tl.Schedule(f)
    s[f].vectorize("j", 8).prefetch("x", "j", "i", 2)
    # Each iteration of j reads 8 elements of three rows: from row i + 2 on, one line of each.
    wanted = [row * 40 + 8 * tile for first in range(9) for tile in range(5) for row in range(first + 2, first + 5)]
    assert prefetched(f, s) == {"x": wanted}


def test_lines_of_storage_that_is_split_are_as_long_as_its_pieces() -> None:
    g, f = rows()
    s = tl.Schedule(f)
    s[g].compute_root().split_storage("j", "jo", "ji", 8).reorder_storage("jo", "i", "ji")
    s[f].prefetch(g, "i", "i")
    wanted = [jo * 104 + row * 8 for first in range(10) for row in range(first + 1, first + 4) for jo in range(5)]
    assert prefetched(f, s) == {"g": wanted}


def test_a_transposed_func_has_its_lines_along_the_other_dimension() -> None:
    g, f = rows()
    s = tl.Schedule(f)
    s[g].compute_root().reorder_storage("j", "i")
    s[f].prefetch(g, "i", "i", 1)
    assert "for i.prefetch0.1 in 0..40" in tl.loop_nest(f, s)


def test_each_element_of_a_tuple_is_prefetched() -> None:
    x = tl.Input("x", (9, 8), tl.float32)
    pair, f = tl.Func("pair"), tl.Func("f")
    pair[i] = (x[i, 0], x[i, 1])
    f[i] = pair[i][0] + pair[i][1]
    s = tl.Schedule(f)
    s[pair].compute_root()
    s[f].prefetch(pair, "i", "i", 2)
    assert set(prefetched(f, s)) == {"pair.0", "pair.1"}


def test_the_state_of_a_kernel_is_prefetched() -> None:
    w, x = tl.Input("w", (6, 32), tl.float32, constant=True), tl.Input("x", (6, 32), tl.float32)
    packed, f = tl.Func("packed"), tl.Func("f")
    packed[i, j] = w[i, j] * 2
    f[i, j] = x[i, j] + packed[i, j]
    s = tl.Schedule(f)
    s[packed].compute_at_init()
    s[f].prefetch(packed, "i", "i")
    assert prefetched(f, s) == {"packed": [row * 32 + 16 * n for row in range(1, 6) for n in range(2)]}


def test_code_generation_emits_the_instruction() -> None:
    _, f = rows()
    s = tl.Schedule(f)
    s[f].parallel("i").vectorize("j", 8).prefetch("x", "j", "i", 1, "clamp")
    kernel = tl.compile(f, s, cache=False)
    assert "@llvm.prefetch" in kernel.llvm()
    assert "@llvm.prefetch" not in tl.compile(f, cache=False).llvm()


def test_a_tile_stays_in_registers_beside_prefetches() -> None:
    a, b, k = tl.Input("a", (8, 64), tl.float32), tl.Input("b", (64, 32), tl.float32), tl.RDom("k", 64)
    c = tl.Func("c")
    c[i, j] += a[i, k] * b[k, j]
    s = tl.Schedule(c)
    s[c.update()].split("i", "io", "ii", 4).split("j", "jo", "ji", 32).reorder("io", "jo", "k", "ii", "ji")
    s[c.update()].vectorize("ji", 16).unroll("ji").unroll("ii").prefetch(b, "k", "k", 4)
    text = tl.lowered_passes(c, s)
    code = text[text.index("\npromote_accumulators (main") :]
    reduction = code[code.index("for c.1.k in 0..64:") :]
    assert "prefetch b[" in reduction
    assert "c.held7{" in reduction


def looking_ahead(policy: str) -> str:
    _, f = rows()
    s = tl.Schedule(f)
    s[f].prefetch("x", "i", "i", 2).partition("i", policy)
    return tl.lowered_passes(f, s)


def test_a_guard_of_prefetches_does_not_split_the_loop() -> None:
    text = looking_ahead("auto")
    assert "partition_loops (main" in text
    assert text.count("for f.0.j in 0..40") == text.count("for f.0.i in 0..11") > 0


def test_reads_whose_ends_are_out_of_sight_are_asked_for_as_far_as_the_storage_goes() -> None:
    """The index depends on data: legal, as no point of the domain reads `f`, which the prefetching loop cannot see."""
    x = tl.Input("x", (9, 40), tl.float32)
    n = tl.Input("n", (9,), tl.int64)
    f, g = tl.Func("f"), tl.Func("g")
    f[i, j] = x[i, j + n[i]]
    domain = tl.RDom("r", 1)
    (r,) = domain
    domain.where((r * 3 + 1) % 4 != 1)
    g[i] = tl.sum(f[i, r])
    s = tl.Schedule()
    s["f"].compute_at("g", "i").split("j", "jo", "ji", 2, tail="predicate").prefetch("x", "jo", "jo", 3, "clamp")
    resolved = resolve(build_algorithm(g), s)
    module = lower(resolved, {"g": (9,)})
    inputs = {item.name: np.zeros(item.shape, item.type.numpy) for item in resolved.algorithm.inputs}
    assert run(module, inputs).prefetched == {}


def test_a_guard_of_prefetches_splits_a_loop_that_always_is() -> None:
    text = looking_ahead("always")
    final = text[text.rindex("for f.0.i in 0..9 (always partitioned):") :]
    steady, _, rest = final.partition("for f.0.i in 0..2 (always partitioned):")
    assert "prefetch" in steady and "if " not in steady
    assert "prefetch" not in rest and "for f.0.j in 0..40" in rest
