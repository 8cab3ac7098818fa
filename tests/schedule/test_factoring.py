"""What rfactor makes: the Func of partial results, the merge, and the loop nests of both."""

from __future__ import annotations

import pytest

from tensorlang.dtypes import DType, float16, float32, int8, int32, int64, uint8
from tensorlang.ir.algorithm import Definition
from tensorlang.ir.printer import format_expr
from tensorlang.ir.stmt import LoopKind, Races
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.expr import Expr
from tensorlang.lang.func import Func
from tensorlang.lang.functions import cast, max, min
from tensorlang.lang.input import Input
from tensorlang.lang.var import RDom, vars
from tensorlang.schedule import Schedule, resolve
from tensorlang.schedule.resolved import ResolvedSchedule

from .programs import gemm


def resolved(output: Func, s: Schedule) -> ResolvedSchedule:
    return resolve(build_algorithm(output), s)


def text(definition: Definition) -> str:
    domain = ", ".join(f"{rvar.name} in [{rvar.min}, +{rvar.extent}]" for rvar in definition.rvars)
    where = "" if definition.predicate is None else f" where {format_expr(definition.predicate)}"
    return f"[{', '.join(map(format_expr, definition.args))}] = {format_expr(definition.values[0])} for {domain}{where}"


def loops(found: ResolvedSchedule, func: str, index: int) -> list[str]:
    return [f"{loop.kind} {loop.name}" for loop in found.funcs[func].stages[index].loops]


def test_split_k() -> None:
    c = gemm().c
    s = Schedule(c)
    s[c.update()].tile("i", "j", "io", "jo", "ii", "ji", 8, 16).split("k", "ko", "ki", 4)
    s[c.update()].reorder("ko", "io", "jo", "ki", "ii", "ji").vectorize("ji").rfactor(("ko", "u"), "parts")
    found = resolved(c, s)
    assert [func.name for func in found.algorithm.funcs] == ["parts", "C"]
    parts, merged = found.algorithm.funcs
    assert parts.vars == ("u", "i", "j")
    assert format_expr(parts.pure.values[0]) == "-0.0"
    assert text(parts.updates[0]) == (
        "[u, i, j] = parts[u, i, j] + A[i, u * 4 + ki] * B[u * 4 + ki, j] for ki in [0, +4]"
    )
    assert text(merged.updates[0]) == "[i, j] = C[i, j] + parts[ko, i, j] for ko in [0, +8]"
    assert loops(found, "parts", 0) == ["serial u", "serial i", "serial j"]
    assert loops(found, "parts", 1) == [
        "serial u",
        "serial io",
        "serial jo",
        "serial ki",
        "serial ii",
        "vectorized ji",
    ]
    assert loops(found, "C", 1) == ["serial ko", "serial io", "serial jo", "serial ii", "vectorized ji"]
    assert [dim.name for dim in found.funcs["parts"].storage] == ["u", "i", "j"]


def test_several_loops_of_one_domain() -> None:
    x, (r, t) = Input("x", (12, 20), int64), RDom("r t", (2, 8), 20)
    f = Func("f")
    f[()] = 3
    f[()] -= x[r, t]
    s = Schedule(f)
    s[f.update()].split("r", "ro", "ri", 4).fuse("ri", "t", "rest").split("rest", "so", "si", 16)
    s[f.update()].rfactor([("so", "v"), ("ro", "u")], "parts")
    parts, merged = resolved(f, s).algorithm.funcs
    assert text(parts.updates[0]) == (
        "[v, u] = parts[v, u] - x[u * 4 + (v * 16 + si) // 20 + 2, (v * 16 + si) % 20] for si in [0, +16]"
    )
    assert text(merged.updates[0]) == "[] = f + parts[so, ro] for so in [0, +5], ro in [0, +2]"


def test_tails_become_predicates() -> None:
    x, (i, k) = Input("x", (16, 45), float32), (*vars("i"), RDom("k", 45))
    k.where(k != i)
    f = Func("f")
    f[i] += x[i, k]
    s = Schedule(f)
    s[f.update()].split("k", "ko", "ki", 16).split("ki", "km", "kl", 5).rfactor([("ko", "u"), ("kl", "v")], "parts")
    parts, merged = resolved(f, s).algorithm.funcs
    assert text(parts.updates[0]) == (
        "[u, v, i] = parts[u, v, i] + x[i, u * 16 + (km * 5 + v)] for km in [0, +4] "
        "where km * 5 + v < 16 and u * 16 + (km * 5 + v) < 45 and u * 16 + (km * 5 + v) != i"
    )
    assert text(merged.updates[0]) == "[i] = f[i] + parts[ko, kl, i] for ko in [0, +3], kl in [0, +5]"


def test_rvars_that_have_nothing_to_do_with_it_keep_their_splits() -> None:
    x, (r, t) = Input("x", (12, 20), int32), RDom("r t", 12, (3, 7))
    f = Func("f")
    f[()] += x[r, t]
    s = Schedule(f)
    s[f.update()].split("t", "to", "ti", 4).unroll("ti").rfactor(("r", "r"), "parts")
    found = resolved(f, s)
    assert text(found.algorithm.funcs[0].updates[0]) == "[r] = parts[r] + x[r, t] for t in [3, +7]"
    assert loops(found, "parts", 1) == ["serial r", "serial to", "unrolled ti"]
    assert loops(found, "f", 1) == ["serial r"]


def test_a_scatter_is_merged_over_all_of_the_func() -> None:
    x, (i, j) = Input("x", (64,), uint8), vars("i j")
    k = RDom("k", 64)
    f = Func("f")
    f[i, j] = 0
    f[i, cast(int32, x[k]) % 8] += i
    s = Schedule(f)
    s[f.update()].split("k", "ko", "ki", 16).reorder("ko", "i", "ki").rfactor(("ko", "u"), "parts")
    found = resolved(f, s)
    assert text(found.algorithm.funcs[1].updates[0]) == "[i, j] = f[i, j] + parts[ko, i, j] for ko in [0, +4]"
    assert loops(found, "parts", 1) == ["serial u", "serial i", "serial ki"]
    assert loops(found, "f", 1) == ["serial j", "serial ko", "serial i"]


def test_marks_of_a_preserved_loop_go_with_it() -> None:
    c = gemm().c
    s = Schedule(c)
    s[c.update()].atomic().split("k", "ko", "ki", 8).parallel("ko").vectorize("ki").rfactor(("ko", "u"), "parts")
    found = resolved(c, s)
    assert loops(found, "parts", 1) == ["serial i", "serial j", "parallel u", "vectorized ki"]
    assert loops(found, "C", 1) == ["serial i", "serial j", "serial ko"]
    assert found.funcs["parts"].stages[1].races is Races.LANES
    assert found.funcs["C"].stages[1].races is Races.NONE


def test_prefetches_go_with_the_loops() -> None:
    c = gemm().c
    s = Schedule(c)
    s[c.update()].prefetch("B", "k", "j").rfactor(("k", "u"), "parts")
    found = resolved(c, s)
    ahead = {loop.name: [p.loop for p in loop.hints.prefetches] for loop in found.funcs["parts"].stages[1].loops}
    assert ahead == {"i": [], "j": [], "u": ["j"]}
    assert not any(loop.hints.prefetches for loop in found.funcs["C"].stages[1].loops)


def test_parts_can_be_factored_again() -> None:
    c = gemm().c
    s = Schedule(c)
    s[c.update()].split("k", "ko", "ki", 8).rfactor(("ko", "u"), "parts")
    s["parts", 1].split("ki", "km", "kl", 4).rfactor(("kl", "v"), "lanes")
    lanes, parts, _ = resolved(c, s).algorithm.funcs
    assert text(lanes.updates[0]) == (
        "[v, u, i, j] = lanes[v, u, i, j] + A[i, u * 8 + (km * 4 + v)] * B[u * 8 + (km * 4 + v), j] for km in [0, +2]"
    )
    assert text(parts.updates[0]) == "[u, i, j] = parts[u, i, j] + lanes[kl, u, i, j] for kl in [0, +4]"


@pytest.mark.parametrize(
    ("kind", "update", "start"),
    [
        (float32, lambda f, x: f + x, "-0.0"),
        (float32, lambda f, x: f * x, "1.0"),
        (float32, lambda f, x: min(f, x), "inf"),
        (float32, lambda f, x: max(f, x), "-inf"),
        (int8, lambda f, x: f * x, "int8(1)"),
        (int8, lambda f, x: min(f, x), "int8(127)"),
        (int8, lambda f, x: max(f, x), "int8(-128)"),
        (uint8, lambda f, x: max(f, x), "uint8(0)"),
        (int8, lambda f, x: f & x, "int8(-1)"),
        (uint8, lambda f, x: f & x, "uint8(255)"),
        (uint8, lambda f, x: f | x, "uint8(0)"),
        (uint8, lambda f, x: f ^ x, "uint8(0)"),
    ],
)
def test_partial_results_start_from_the_identity(kind: DType, update: object, start: str) -> None:
    x, k = Input("x", (8,), kind), RDom("k", 8)
    f = Func("f", kind)
    f[()] = cast(kind, 1)
    f[()] = update(f[()], x[k])  # type: ignore[operator]
    s = Schedule(f)
    s[f.update()].rfactor(("k", "u"), "parts")
    assert format_expr(resolved(f, s).algorithm.funcs[0].pure.values[0]) == start


def test_a_narrow_float_is_merged_in_the_type_it_is_computed_in() -> None:
    x, k = Input("x", (8,), float16), RDom("k", 8)
    f = Func("f", float16)
    f[()] = cast(float16, 0.0)
    f[()] = cast(float16, cast(float32, f[()]) + cast(float32, x[k]))
    s = Schedule(f)
    s[f.update()].rfactor(("k", "u"), "parts")
    parts, merged = resolved(f, s).algorithm.funcs
    assert format_expr(parts.pure.values[0]) == "float16(-0.0)"
    assert text(merged.updates[0]) == "[] = float16(float32(f) + float32(parts[k])) for k in [0, +8]"


def test_atomic_says_what_may_meet() -> None:
    def races(mark: Expr | None, *calls: str) -> Races:
        c = gemm().c
        s = Schedule(c)
        stage = s[c.update()].atomic()
        for call in calls:
            getattr(stage, call)("k" if mark is None else mark, 4)
        return resolved(c, s).funcs["C"].stages[1].races

    assert races(None) is Races.NONE
    assert races(None, "vectorize") is Races.LANES
    assert races(None, "parallel") is Races.THREADS
    assert races(None, "parallel", "vectorize") is Races.THREADS
    assert races(vars("j")[0], "parallel", "vectorize") is Races.NONE


def test_races_that_are_allowed_need_no_proof_and_no_care() -> None:
    x, (i, k) = Input("x", (16,), int32), (*vars("i"), RDom("k", 16))
    f = Func("f")
    f[i] = 0
    f[x[k] % 16] = k
    s = Schedule(f)
    s[f.update()].allow_race_conditions().parallel("k")
    stage = resolved(f, s).funcs["f"].stages[1]
    assert stage.races is Races.NONE and stage.loops[0].kind is LoopKind.PARALLEL
