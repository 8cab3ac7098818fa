"""Must-fail tests of the directives on loops: whole error texts."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from tensorlang.errors import ScheduleError
from tensorlang.lang.var import RDom
from tensorlang.schedule import Schedule

from .programs import blur, conv, gemm, histogram, refusal, without_line


def test_error_points_at_the_users_line() -> None:
    s = Schedule(blur().f)
    frame = inspect.currentframe()
    assert frame is not None
    with pytest.raises(ScheduleError) as caught:
        line = frame.f_lineno + 1
        s["f"].unroll("nothing")
    assert caught.value.where.endswith(f"tests/schedule/test_refused_loops.py:{line}")


def test_unknown_loop() -> None:
    s = Schedule(blur().f)
    assert refusal(lambda: s["f"].unroll("jo")) == (
        's[f].unroll("jo"): f has no loop jo.\n'
        '  asked       s[f].unroll("jo")    HERE\n'
        "  rule        a directive names loops that exist when it is given\n"
        "  legal here  loops of f, outermost first: i, j"
    )


def test_loop_that_was_split() -> None:
    s = Schedule(blur().f)
    s["f"].split("i", "io", "ii", 4)
    assert refusal(lambda: s["f"].parallel("i")) == (
        's[f].parallel("i"): f has no loop i; s[f].split("i", "io", "ii", 4) replaced it.\n'
        '  asked       s[f].parallel("i")    HERE\n'
        "  rule        a directive names loops that exist when it is given\n"
        "  legal here  loops of f, outermost first: io, ii, j"
    )


def test_unknown_stage() -> None:
    s = Schedule(conv().out)
    assert refusal(lambda: s["pad"].unroll("n")) == (
        's[pad].unroll("n"): there is no stage pad.\n'
        '  asked       s[pad].unroll("n")    HERE\n'
        "  rule        a directive is given to a stage of the algorithm\n"
        "  legal here  stages: padded, conv, conv.update(), out\n"
        "  hint        did you mean padded?"
    )


def test_input_is_no_stage() -> None:
    c = conv()
    s = Schedule(c.out)
    assert refusal(lambda: s[c.w].vectorize("k")) == (
        's[w].vectorize("k"): w is an Input, which has no loops and no storage of its own.\n'
        '  asked       s[w].vectorize("k")    HERE\n'
        "  rule        a directive is given to a stage of the algorithm\n"
        "  legal here  stages: padded, conv, conv.update(), out\n"
        '  hint        give w a copy to schedule: s.in_(w, consumer, "w_packed")'
    )


def test_name_taken() -> None:
    s = Schedule(blur().f)
    s["f"].split("i", "io", "ii", 4)
    assert refusal(lambda: s["f"].split("j", "i", "ji", 8)) == (
        's[f].split("j", "i", "ji", 8): the name i is already used in f.\n'
        '  asked       s[f].split("j", "i", "ji", 8)    HERE\n'
        "  rule        loop names are unique in a stage, those of replaced loops included\n"
        "  legal here  names other than i, ii, io, j"
    )


def test_one_name_for_both_halves() -> None:
    s = Schedule(blur().f)
    assert refusal(lambda: s["f"].split("j", "j", "j", 8)) == (
        's[f].split("j", "j", "j", 8): the name j is already used in f.\n'
        '  asked       s[f].split("j", "j", "j", 8)    HERE\n'
        "  rule        loop names are unique in a stage, those of replaced loops included\n"
        "  legal here  names other than i, j"
    )


def test_refused_tile_leaves_nothing_behind() -> None:
    s = Schedule(blur().f)
    with pytest.raises(ScheduleError):
        s["f"].tile("i", "j", "io", "jo", "ii", "io", 4, 8)
    assert s.directives == ()
    s["f"].split("i", "io", "ii", 4)


def test_vectorized_loop_is_not_split() -> None:
    s = Schedule(blur().f)
    s["f"].vectorize("j")
    assert refusal(lambda: s["f"].split("j", "jo", "ji", 8)) == (
        's[f].split("j", "jo", "ji", 8): j is a vectorized loop of f.\n'
        '  asked       s[f].split("j", "jo", "ji", 8)    HERE\n'
        "  rule        a vectorized loop is not split, as its halves would both be vectorized\n"
        "  hint        split j first, then vectorize the inner loop"
    )


def test_tail_of_a_reduction() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C", 1].split("k", "ko", "ki", 8, tail="round_up")) == (
        's[C.update()].split("k", "ko", "ki", 8, tail="round_up"): '
        "k is a reduction loop, and round_up would run iterations that the RDom does not have.\n"
        '  asked       s[C.update()].split("k", "ko", "ki", 8, tail="round_up")    HERE\n'
        "  rule        reduction loops accept only the tails guard_with_if, predicate and auto\n"
        '  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"'
    )


def test_shift_inwards_of_an_update() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C", 1].vectorize("j", 8, tail="shift_inwards")) == (
        's[C.update()].vectorize("j", 8, tail="shift_inwards"): '
        "C.update() is an update, and shift_inwards would update some points twice.\n"
        '  asked       s[C.update()].vectorize("j", 8, tail="shift_inwards")    HERE\n'
        "  rule        shift_inwards is legal for pure definitions\n"
        '  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"\n'
        '  hint        tail="shift_inwards_and_blend" keeps full tiles, where there is a whole one'
    )


def test_round_up_of_an_inner_loop_of_an_update() -> None:
    s = Schedule(gemm().c)
    s["C", 1].split("j", "jo", "ji", 12).split("ji", "jm", "jn", 4, tail="round_up")
    s["C", 1].split("i", "io", "ii", 12, tail="round_up")
    assert refusal(lambda: s["C", 1].split("ii", "im", "in_", 8, tail="round_up")) == (
        's[C.update()].split("ii", "im", "in_", 8, tail="round_up"): '
        "ii descends from the inner loop of a split, and round_up would update some points twice.\n"
        '  asked       s[C.update()].split("ii", "im", "in_", 8, tail="round_up")    HERE\n'
        "  rule        in an update, round_up is legal for loops that do not descend from the inner loop of a split, "
        "or that the factor divides\n"
        '  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"\n'
        '  hint        tail="shift_inwards_and_blend" keeps full tiles, where there is a whole one'
    )


def test_predicate_loads_of_an_inner_loop() -> None:
    s = Schedule(blur().f)
    s["f"].split("j", "jo", "ji", 12).split("ji", "jm", "jn", 4, tail="predicate_loads")
    s["f"].split("i", "io", "ii", 12, tail="predicate_loads")
    assert refusal(lambda: s["f"].vectorize("ii", 8, tail="predicate_loads")) == (
        's[f].vectorize("ii", 8, tail="predicate_loads"): ii descends from the inner loop of a split, '
        "and predicate_loads would overwrite points of the next tile with values made of zeros.\n"
        '  asked       s[f].vectorize("ii", 8, tail="predicate_loads")    HERE\n'
        "  rule        predicate_loads is legal for loops that do not descend from the inner loop of a split, "
        "nor from the outer loop of one that shifts inwards, or that the factor divides\n"
        '  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"'
    )


@pytest.mark.parametrize(
    "tail", ["predicate_loads", "predicate_stores", "round_up_and_blend", "shift_inwards_and_blend"]
)
def test_tails_that_a_reduction_does_not_take(tail: str) -> None:
    s = Schedule(gemm().c)
    with pytest.raises(ScheduleError, match="k is a reduction loop"):
        s["C", 1].split("k", "ko", "ki", 8, tail=tail)


def blended(*marks: str) -> Schedule:
    s = Schedule(gemm().c)
    s["C", 1].vectorize("j", 8, tail="shift_inwards_and_blend")
    for loop in marks:
        s["C", 1].parallel(loop)
    return s


def test_a_blended_dimension_in_parallel() -> None:
    assert blended("i").check() == ()
    (problem,) = blended("j").check()
    assert without_line(problem) == (
        's[C.update()].vectorize("j", 8, tail="shift_inwards_and_blend"): '
        "j is parallel, and a tile that blends would store old values over what another thread stored.\n"
        '  asked       s[C.update()].vectorize("j", 8, tail="shift_inwards_and_blend")    HERE\n'
        "  rule        neither the dimension of a tail that blends nor a reduction runs in parallel\n"
        '  legal here  tail="guard_with_if" | tail="predicate" | tail="auto"\n'
        '  hint        or serial("j")'
    )


def test_a_fused_loop_of_a_blended_dimension_in_parallel() -> None:
    s = Schedule(blur().f)
    s["f"].split("j", "jo", "ji", 4, tail="round_up_and_blend").fuse("i", "jo", "task").parallel("task")
    (problem,) = s.check()
    assert str(problem).startswith(
        's[f].split("j", "jo", "ji", 4, tail="round_up_and_blend"): task is parallel, and a tile that blends'
    )


def test_tail_without_a_split() -> None:
    s = Schedule(blur().f)
    assert refusal(lambda: s["f"].vectorize("j", tail="round_up")) == (
        's[f].vectorize("j", tail="round_up"): there is no split for the tail to apply to.\n'
        '  asked       s[f].vectorize("j", tail="round_up")    HERE\n'
        "  rule        a tail belongs to a split\n"
        '  legal here  vectorize("j") | vectorize("j", n, tail="round_up")'
    )


def test_fuse_of_loops_that_are_not_nested_directly() -> None:
    s = Schedule(conv().out)
    assert refusal(lambda: s["out"].fuse("n", "q", "nq")) == (
        's[out].fuse("n", "q", "nq"): q is not directly inside n.\n'
        '  asked       s[out].fuse("n", "q", "nq")    HERE\n'
        "  rule        the two loops of a fuse are directly nested, outer first\n"
        "  legal here  loops of out, outermost first: n, p, q, k\n"
        "  hint        reorder first"
    )


def test_fuse_of_a_reduction_with_a_pure_loop() -> None:
    s = Schedule(gemm().c)
    assert refusal(lambda: s["C", 1].fuse("j", "k", "jk")) == (
        's[C.update()].fuse("j", "k", "jk"): k is a reduction loop and j is not.\n'
        '  asked       s[C.update()].fuse("j", "k", "jk")    HERE\n'
        "  rule        a fuse takes two loops over pure Vars, or two over RVars"
    )


def test_fuse_of_loops_of_two_kinds() -> None:
    s = Schedule(blur().f)
    s["f"].parallel("i")
    assert refusal(lambda: s["f"].fuse("i", "j", "ij")) == (
        's[f].fuse("i", "j", "ij"): i is parallel and j is serial.\n'
        '  asked       s[f].fuse("i", "j", "ij")    HERE\n'
        "  rule        the two loops of a fuse run in the same way, and are not vectorized\n"
        "  hint        fuse first, then say how the fused loop runs"
    )


def test_loop_listed_twice() -> None:
    s = Schedule(blur().f)
    assert refusal(lambda: s["f"].reorder("j", "i", "j")) == (
        "s[f].reorder(\"j\", \"i\", \"j\"): loops must be a list of distinct names, but got ('j', 'i', 'j').\n"
        '  asked       s[f].reorder("j", "i", "j")    HERE\n'
        "  rule        loops is a list of distinct names"
    )


def test_reorder_of_a_reduction_that_depends_on_its_order() -> None:
    count = histogram()
    s = Schedule(count)
    assert refusal(lambda: s[count.update()].reorder("s", "r")) == (
        's[count.update()].reorder("s", "r"): '
        "the update may depend on the order of r and s, which would be swapped.\n"
        '  asked       s[count.update()].reorder("s", "r")    HERE\n'
        "  rule        reduction loops are swapped only where the update is proven associative and commutative "
        "(f = f op e, with op one of + - * min max and or & | ^), or free of races\n"
        "  legal here  any order with r before s"
    )


def test_second_vectorized_loop() -> None:
    s = Schedule(blur().f)
    s["f"].vectorize("j", 8).rename("j.lane", "lane")
    assert refusal(lambda: s["f"].vectorize("i")) == (
        's[f].vectorize("i"): lane is already a vectorized loop of f.\n'
        '  asked       s[f].vectorize("i")    HERE\n'
        "  rule        one loop of a stage is vectorized\n"
        '  hint        unroll("i"), or serial("lane") first'
    )


def test_loop_that_already_runs_in_another_way() -> None:
    s = Schedule(blur().f)
    s["f"].unroll("i")
    assert refusal(lambda: s["f"].parallel("i")) == (
        's[f].parallel("i"): i is already unrolled in f.\n'
        '  asked       s[f].parallel("i")    HERE\n'
        "  rule        a loop runs in one way\n"
        '  hint        serial("i") first'
    )


@pytest.mark.parametrize("factor", [0, -4, 2.5, True, "8", None, 2**31])
def test_factor_that_is_no_count(factor: object) -> None:
    s = Schedule()
    shown = f'"{factor}"' if isinstance(factor, str) else repr(factor)
    assert refusal(lambda: s["f"].split("i", "io", "ii", factor)) == (  # type: ignore[arg-type]
        f's[f].split("i", "io", "ii", {shown}): factor must be an integer >= 1 and < 2**31, but got {shown}.\n'
        f'  asked       s[f].split("i", "io", "ii", {shown})    HERE\n'
        "  rule        factor is an integer >= 1 and < 2**31"
    )


def test_numpy_integers_are_integers() -> None:
    s, t = Schedule(), Schedule()
    s["f"].split("i", "io", "ii", np.int64(8))
    t["f"].split("i", "io", "ii", 8)
    assert s == t and s.to_json() == t.to_json()


def test_reserved_name() -> None:
    s = Schedule()
    assert refusal(lambda: s["f"].split("i", "i", "i.lane", 8)) == (
        's[f].split("i", "i", "i.lane", 8): inner must be a name made of letters, digits and _ '
        "(a '.' is reserved for loops that directives make), but got \"i.lane\".\n"
        '  asked       s[f].split("i", "i", "i.lane", 8)    HERE\n'
        "  rule        inner is a name made of letters, digits and _ "
        "(a '.' is reserved for loops that directives make)"
    )


def test_unknown_tail() -> None:
    s = Schedule()
    assert refusal(lambda: s["f"].split("i", "io", "ii", 8, tail="masked")) == (
        's[f].split("i", "io", "ii", 8, tail="masked"): '
        "tail must be one of round_up, round_up_and_blend, guard_with_if, predicate, predicate_loads, "
        'predicate_stores, shift_inwards, shift_inwards_and_blend, auto, but got "masked".\n'
        '  asked       s[f].split("i", "io", "ii", 8, tail="masked")    HERE\n'
        "  rule        tail is one of round_up, round_up_and_blend, guard_with_if, predicate, predicate_loads, "
        "predicate_stores, shift_inwards, shift_inwards_and_blend, auto"
    )


def test_what_is_no_loop() -> None:
    s = Schedule()
    with pytest.raises(ScheduleError) as caught:
        s["f"].unroll(RDom("r s", 3, 3))
    assert str(caught.value) == (
        "RDom(r in [0, 3), s in [0, 3)) does not name one loop or dimension.\n"
        f"  asked       {caught.value.where}\n"
        "  rule        loops and dimensions are named by a text, a Var, an RVar or an RDom of one dimension\n"
        "  hint        name one of its dimensions: r, s"
    )


def test_what_is_no_stage() -> None:
    s = Schedule()
    assert refusal(lambda: s["f.update(x)"]) == (
        "'f.update(x)' is not a stage.\n"
        "  asked       s['f.update(x)']    HERE\n"
        "  rule        a stage is a Func, one of its updates, or its name\n"
        '  legal here  s[C] | s[C.update()] | s["C"] | s["C.update(0)"] | s["C", 1]'
    )


def test_parallel_loop_inside_a_vectorized_one() -> None:
    b = blur()
    s = Schedule(b.f)
    s["f"].vectorize("i").parallel("j")
    (problem,) = s.check()
    assert str(problem).replace(problem.where, "HERE") == (
        's[f].vectorize("i"): the loop j inside i is parallel.\n'
        '  asked       s[f].vectorize("i")    HERE\n'
        "  rule        the loops inside a vectorized loop are serial or unrolled\n"
        '  hint        reorder("j", "i")'
    )
