"""`Schedule.check` says everything that is wrong with a schedule, whatever it is that shows it."""

from __future__ import annotations

import pytest

import tensorlang as tl
from tensorlang.errors import LanguageError
from tensorlang.schedule.rules import RULES, Family
from tests.legality.programs import PROGRAMS, MustFail
from tests.schedule.programs import blur, conv, gemm


def test_problems_of_many_families_come_together() -> None:
    s = tl.Schedule()
    s["conv"].compute_at("out", "q").store_in("register")
    s["out"].split("q", "qo", "qi", 50, tail="shift_inwards").unroll("n").parallel("n").vectorize("x", 8)
    s["conv.update()"].fuse("k", "r", "kr").split("t", "to", "ti", 3, tail="round_up")
    s["padded"].vectorize("c")
    problems = s.check(conv().out)
    assert [problem.message for problem in problems] == [
        's[out].parallel("n"): n is already unrolled in out.',
        's[out].vectorize("x", 8): out has no loop x.',
        's[conv.update()].fuse("k", "r", "kr"): r is a reduction loop and k is not.',
        's[conv.update()].split("t", "to", "ti", 3, tail="round_up"): '
        "t is a reduction loop, and round_up would run iterations that the RDom does not have.",
        's[padded].vectorize("c"): '
        "padded is inlined, which is the default of Funcs without updates, so it has no loops and no storage.",
        's[conv].compute_at(out, "q"): '
        'q is no loop of out any more; s[out].split("q", "qo", "qi", 50, tail="shift_inwards") replaced it.',
        "tail shift_inwards of the split of q in out is not legal: its extent is 14, the factor 50.",
        's[conv].store_in("register"): loop q of conv runs over conv, and is neither unrolled nor vectorized.',
    ]


def test_a_refused_directive_does_not_hide_what_extents_show() -> None:
    s = tl.Schedule()
    s["C.update()"].unroll("nothing")
    s["C"].bound("i", 0, 63).split("j", "jo", "ji", 100, tail="shift_inwards")
    laws = {rule.law: rule.family for rule in RULES.values()}
    assert [laws[problem.rule] for problem in s.check(gemm().c)] == [Family.NAMES, Family.BOUNDS, Family.TAILS]


def test_what_cannot_be_compiled_without_a_shape_is_a_problem_without_one() -> None:
    f, i = tl.Func("f"), tl.Var("i")
    f[i] = i * 2
    s = tl.Schedule(f)
    (problem,) = s.check()
    assert problem.hint == "pass shape= to tl.compile, 1 int for f[i]"
    assert s.check(shape=(8,)) == ()
    with pytest.raises(LanguageError):
        s.check(shape=(8, 8))


def test_a_directive_is_blamed_once() -> None:
    s = tl.Schedule()
    s["g"].compute_at("f", "i")
    s["f"].split("i", "io", "ii", 4)
    assert [problem.asked for problem in s.check(blur().f)] == ['s[g].compute_at(f, "i")']


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=lambda program: program.name)
def test_what_compiling_stops_at_is_among_the_problems(program: MustFail) -> None:
    scheduled = program.build()
    problems = scheduled.schedule.check(scheduled.output, shape=scheduled.shapes, numerics=scheduled.numerics)
    assert program.text in [program.where.sub("    HERE", str(problem)) for problem in problems]
