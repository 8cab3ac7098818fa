"""The Schedule as a value: equality, hash, source, diff, copies, binding; and the table of directives."""

from __future__ import annotations

import doctest
import inspect

import pytest

import tensorlang.schedule as tl
from tensorlang.errors import ScheduleError
from tensorlang.schedule import DIRECTIVES, Schedule, StageHandle, StageName
from tensorlang.schedule import schedule as schedule_module
from tensorlang.schedule.call import argument_fields
from tensorlang.schedule.handle import NoSuchDirectiveError
from tensorlang.schedule.level_holes import LEVEL_HOLES
from tensorlang.schedule.loops import Split

from .programs import blur, gemm


def rebuilt(source: str) -> Schedule:
    """The schedule that the text of `Schedule.source` builds."""
    names: dict[str, object] = {"tl": tl}
    exec(source, names)
    schedule = names["s"]
    assert isinstance(schedule, Schedule)
    return schedule


def test_equality_and_hash_follow_the_directives_and_not_where_they_were_written() -> None:
    s, t = Schedule(), Schedule(gemm().c)
    s["C"].unroll("i")
    t["C"].unroll("i")
    assert s.directives[0].where != t.directives[0].where
    assert s == t and hash(s) == hash(t)
    t["C"].serial("i")
    assert s != t
    assert s != "s"


def test_order_of_directives_counts() -> None:
    s, t = Schedule(), Schedule()
    s["f"].unroll("i").unroll("j")
    t["f"].unroll("j").unroll("i")
    assert s != t


def test_stages_can_be_named_in_every_way() -> None:
    c = gemm().c
    s = Schedule(c)
    stages = [s[c.update()], s["C.update()"], s["C.update(0)"], s["C", 1], s[c, 1], s[StageName("C", 1)]]
    assert {handle.stage for handle in stages} == {StageName("C", 1)}
    assert [repr(s[c]), repr(s["C", 2])] == ["s[C]", "s[C.update(1)]"]


def test_source_builds_an_equal_schedule() -> None:
    g = gemm()
    s = Schedule(g.c)
    s[g.c.update()].tile("i", "j", "io", "jo", "ii", "ji", 4, 32, tail="guard_with_if").vectorize("ji", 16)
    s.in_(g.b, g.c, "packed").compute_at(g.c.update(), "io").unroll("k", tail="guard_with_if", n=4)
    s[g.c].bound("i", 0, 64)
    assert s.source() == (
        "s = tl.Schedule()\n"
        "(\n"
        '    s["C.update(0)"]\n'
        '    .tile("i", "j", "io", "jo", "ii", "ji", 4, 32, tail="guard_with_if")\n'
        '    .vectorize("ji", 16)\n'
        ")\n"
        's.in_("B", "C", "packed").compute_at("C.update(0)", "io").unroll("k", 4, tail="guard_with_if")\n'
        's["C"].bound("i", 0, 64)\n'
    )
    assert rebuilt(s.source()) == s
    assert repr(s) == s.source().rstrip()
    assert s.source("t").startswith("t = tl.Schedule()\n(\n    t[")


def test_examples_in_docstrings() -> None:
    results = doctest.testmod(schedule_module)
    assert results.attempted >= 3 and results.failed == 0


def test_diff() -> None:
    s, t = Schedule(), Schedule()
    s["f"].unroll("i").vectorize("j", 8).parallel("k")
    t["f"].unroll("i").vectorize("j", 16).parallel("k")
    assert s.diff(t) == '-s["f"].vectorize("j", 8)\n+s["f"].vectorize("j", 16)'
    assert s.diff(s.copy()) == ""


def test_copy_is_independent_and_stays_bound() -> None:
    s = Schedule(blur().f)
    s["f"].unroll("i")
    t = s.copy()
    t["f"].vectorize("j", 8)
    assert len(s.directives) == 1
    s["f"].vectorize("j", 4)
    with pytest.raises(ScheduleError, match="no loop x"):
        t["f"].unroll("x")


def test_refused_directive_is_not_recorded() -> None:
    s = Schedule(blur().f)
    with pytest.raises(ScheduleError):
        s["f"].unroll("x")
    assert s.directives == () and s.check() == ()


def test_bind_checks_what_was_given_and_what_follows() -> None:
    s = Schedule()
    s["f"].unroll("x")
    with pytest.raises(ScheduleError, match="no loop x"):
        s.bind(blur().f)
    assert s["f"].unroll("unknown").stage == StageName("f")
    t = Schedule()
    t["f"].unroll("i")
    with pytest.raises(ScheduleError, match="no loop x"):
        t.bind(blur().f)["f"].unroll("x")


def test_binding_freezes_the_algorithm_but_needs_no_func_afterwards() -> None:
    b = blur()
    s = Schedule([b.f])
    s["g"].compute_at("f", "i")
    assert s.check() == () and s.check(b.f) == ()


def test_records_of_wrong_types_cannot_be_made() -> None:
    with pytest.raises(ScheduleError, match="outer must be a name"):
        Split(StageName("f"), "i", "i o", "ii", 4)
    with pytest.raises(ScheduleError, match="stage must be the name of a stage"):
        Split(StageName('f"]; boom; s["f'), "i", "io", "ii", 4)


_LEGAL = " | ".join(name for name in DIRECTIVES if name != "in_")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("vectorise", "\n  hint        did you mean vectorize?"),
        ("compute_as_root", "\n  hint        did you mean compute_root?"),
        ("in_", '\n  hint        s.in_(producer, consumer, "name")'),
        ("gpu", ""),
    ],
)
def test_directive_that_there_is_not(name: str, hint: str) -> None:
    s = Schedule(gemm().c)
    with pytest.raises(NoSuchDirectiveError) as caught:
        getattr(s["C", 1], name)
    assert str(caught.value).replace(caught.value.where, "HERE") == (
        f"s[C.update()].{name}: there is no directive {name}.\n"
        f"  asked       s[C.update()].{name}    HERE\n"
        "  rule        a stage takes the directives of the language of schedules\n"
        f"  legal here  {_LEGAL}{hint}"
    )
    assert "test_schedule.py:" in caught.value.where
    assert not hasattr(s["C"], name)


@pytest.mark.parametrize("call", DIRECTIVES)
def test_every_directive_is_a_documented_method_with_its_fields_as_parameters(call: str) -> None:
    directive = DIRECTIVES[call]
    owner = Schedule if call == "in_" else StageHandle
    method = getattr(owner, call)
    parameters = list(inspect.signature(method).parameters.values())[1:]
    fields = [field.name for field in argument_fields(directive)]
    assert [parameter.name for parameter in parameters] == (fields + ["name"] if call == "in_" else fields)
    defaults = [p.default for p in parameters if p.default is not inspect.Parameter.empty]
    if call in LEVEL_HOLES:  # of a knob over levels alone
        assert defaults == [None] and parameters[-1].name == "loop"
        defaults = []
    assert (
        defaults
        == [field.default for field in argument_fields(directive) if field.default is not inspect.Parameter.empty][
            len(fields) - len(defaults) :
        ]
    )
    for section in ("Raises\n", "Examples\n"):
        assert section in (directive.__doc__ or "")
    assert call == "in_" or method.__doc__ == directive.__doc__
