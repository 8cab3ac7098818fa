"""What directives make of loops, placement and storage."""

from __future__ import annotations

import pytest

from tensorlang.errors import ScheduleError
from tensorlang.ir.stmt import LoopKind, Memory
from tensorlang.lang.build import build_algorithm
from tensorlang.lang.func import Func
from tensorlang.lang.var import RDom, vars
from tensorlang.schedule import ResolvedSchedule, Schedule, TailStrategy, resolve
from tensorlang.schedule.resolved import Fuse, LoopLevel, Placement, Rename, Split, StorageDim

from .programs import blur, conv, gemm


def resolved(output: Func, schedule: Schedule) -> ResolvedSchedule:
    return resolve(build_algorithm(output), schedule)


def nest(result: ResolvedSchedule, func: str, index: int = 0) -> str:
    """The loops of a stage on one line; ``*`` marks reduction loops, a letter those that are not serial."""
    marks = {LoopKind.SERIAL: "", LoopKind.PARALLEL: "p:", LoopKind.VECTORIZED: "v:", LoopKind.UNROLLED: "u:"}
    loops = result.funcs[func].stages[index].loops
    return " ".join(f"{marks[loop.kind]}{loop.name}{'*' if loop.is_reduction else ''}" for loop in loops)


def test_loops_are_pure_vars_then_rvars_by_default() -> None:
    result = resolved(conv().out, Schedule())
    assert nest(result, "conv", 0) == "n p q k"
    assert nest(result, "conv", 1) == "n p q k r* s* t*"
    assert [func.placement for func in result.funcs.values()] == [Placement.DEFAULT] * 3


def test_var_that_is_not_pure_in_an_update_has_no_loop() -> None:
    i, j = vars("i j")
    r = RDom("r", (1, 7))
    f = Func("f")
    f[i, j] = 0
    f[i, r] = f[i, r - 1] + 1
    assert nest(resolved(f, Schedule()), "f", 1) == "i r*"


def test_gemm_register_tile() -> None:
    g = gemm()
    k = RDom("k", 32)
    s = Schedule(g.c)
    s[g.c.update()].tile("i", "j", "io", "jo", "ii", "ji", 4, 32).reorder("io", "jo", k, "ii", "ji")
    s[g.c.update()].vectorize("ji", 16).unroll("ji").unroll("ii").parallel("io")
    result = resolved(g.c, s)
    assert nest(result, "C", 1) == "p:io jo k* u:ii u:ji v:ji.lane"
    assert result.funcs["C"].stages[1].transforms == (
        Split("i", "io", "ii", 4, TailStrategy.AUTO),
        Split("j", "jo", "ji", 32, TailStrategy.AUTO),
        Split("ji", "ji", "ji.lane", 16, TailStrategy.AUTO),
    )
    assert nest(result, "C", 0) == "i j"


def test_split_parallel_and_unroll_keep_the_name_for_the_outer_loop() -> None:
    b = blur()
    s = Schedule(b.f)
    s[b.f].parallel("i", 4).unroll("j", 2, tail="guard_with_if")
    result = resolved(b.f, s)
    assert nest(result, "f") == "p:i i.task j u:j.unroll"
    assert result.funcs["f"].stages[0].transforms[1] == Split("j", "j", "j.unroll", 2, TailStrategy.GUARD_WITH_IF)


def test_halves_inherit_the_kind_of_a_split_loop() -> None:
    b = blur()
    s = Schedule(b.f)
    s[b.f].parallel("i").unroll("j").split("i", "io", "ii", 4).vectorize("j", 8).serial("ii")
    assert nest(resolved(b.f, s), "f") == "p:io ii u:j v:j.lane"


def test_fuse_and_rename() -> None:
    b = blur()
    s = Schedule(b.f)
    s[b.f].parallel("i").parallel("j").fuse("i", "j", "both").rename("both", "task")
    result = resolved(b.f, s)
    assert nest(result, "f") == "p:task"
    assert result.funcs["f"].stages[0].transforms == (Fuse("i", "j", "both"), Rename("both", "task"))


def test_reorder_permutes_the_positions_of_the_listed_loops() -> None:
    c = conv()
    s = Schedule(c.out)
    s[c.conv.update()].reorder("t", "k", "n")
    result = resolved(c.out, s)
    assert nest(result, "conv", 1) == "t* p q k r* s* n"
    assert result.funcs["conv"].stages[1].is_reduction_reordered


def test_pure_loops_move_past_reductions_without_reordering_them() -> None:
    c = conv()
    s = Schedule(c.out)
    s[c.conv.update()].reorder("r", "s", "t", "k")
    assert not resolved(c.out, s).funcs["conv"].stages[1].is_reduction_reordered


def test_placement_and_memory() -> None:
    c = conv()
    s = Schedule(c.out)
    s[c.padded].compute_at(c.conv.update(), "p")
    s[c.conv].compute_at("out", "q").store_in("register")
    result = resolved(c.out, s)
    assert result.funcs["padded"].level == LoopLevel("conv", 1, "p")
    assert result.funcs["conv"].placement is Placement.AT
    assert result.funcs["conv"].memory is Memory.REGISTER


def test_packed_weights() -> None:
    c = conv()
    s = Schedule(c.out)
    packed = s.in_(c.w, c.conv, "packed").split_storage("k", "ko", "ki", 16).reorder_storage("ko", "r", "s", "t", "ki")
    packed.align_storage("t", 4).compute_at_init()
    result = resolved(c.out, s)
    assert [func.name for func in result.algorithm.funcs] == ["padded", "packed", "conv", "out"]
    assert result.algorithm.func("packed").vars == ("r", "s", "t", "k")
    assert "Call(name='w'" not in repr(result.algorithm.func("conv"))
    assert result.funcs["packed"].placement is Placement.INIT
    assert result.funcs["packed"].storage == (
        StorageDim("ko", "k", 16, None, 1),
        StorageDim("r", "r", 1, None, 1),
        StorageDim("s", "s", 1, None, 1),
        StorageDim("t", "t", 1, None, 4),
        StorageDim("ki", "k", 1, 16, 1),
    )


def test_copy_of_a_func_has_its_vars_and_can_be_copied_again() -> None:
    c = conv()
    s = Schedule(c.out)
    s.in_(c.padded, c.conv, "tile").compute_at(c.conv.update(), "p")
    s.in_("tile", "conv", "row").compute_at(c.conv.update(), "q")
    s[c.padded].compute_root()
    algorithm = resolved(c.out, s).algorithm
    assert [func.name for func in algorithm.funcs] == ["padded", "tile", "row", "conv", "out"]
    assert algorithm.func("row").vars == algorithm.func("padded").vars


def test_dimensions_without_one_plain_name_are_named_by_position() -> None:
    x = blur().x
    i, j = vars("i j")
    f = Func("f")
    f[i, j] = x[i, j] + x[i, j + 1]
    s = Schedule(f)
    s.in_(x, f, "copy").compute_root()
    assert resolved(f, s).algorithm.func("copy").vars == ("i", "d1")


def test_storage_split_twice() -> None:
    b = blur()
    s = Schedule(b.f)
    s[b.g].compute_root().split_storage("j", "jo", "ji", 32).split_storage("ji", "jm", "ji", 8)
    assert resolved(b.f, s).funcs["g"].storage[1:] == (
        StorageDim("jo", "j", 32, None, 1),
        StorageDim("jm", "j", 8, 4, 1),
        StorageDim("ji", "j", 1, 8, 1),
    )


def test_bound_reaches_all_definitions() -> None:
    g = gemm()
    s = Schedule(g.c)
    s[g.c].bound("j", 0, 48)
    stages = resolved(g.c, s).funcs["C"].stages
    assert [stage.bounds for stage in stages] == [(("j", 0, 48),), (("j", 0, 48),)]


def test_origin_points_at_the_call_that_made_or_marked_a_loop() -> None:
    b = blur()
    s = Schedule(b.f)
    s[b.f].split("i", "io", "ii", 4).vectorize("j", 8)
    s[b.g].compute_at(b.f, "io")
    result = resolved(b.f, s)
    assert result.origin("f", 0, "io").asked == 's[f].split("i", "io", "ii", 4)'
    assert result.origin("f", 0, "j.lane").asked == 's[f].vectorize("j", 8)'
    assert result.origin("g").asked == 's[g].compute_at(f, "io")'
    assert "test_resolve.py:" in result.origin("g").where
    assert result.origin("f", 0, "nothing") == ("", "")


def test_race_free_rvar_may_be_parallel_and_reordered() -> None:
    (i,) = vars("i")
    r, q = RDom("r q", 4, 8)
    f = Func("f")
    f[i] = 0
    f[2 * r + 1] = f[2 * r + 1] * 3 + q
    s = Schedule(f)
    s[f.update()].reorder(q, r).parallel(r)
    result = resolved(f, s)
    assert nest(result, "f", 1) == "q* p:r*"
    assert not result.funcs["f"].stages[1].is_reduction_reordered


def test_resolving_for_another_algorithm_checks_again() -> None:
    s = Schedule(blur().f)
    s["g"].compute_root()
    with pytest.raises(ScheduleError, match="there is no stage g"):
        resolve(build_algorithm(gemm().c), s)
