"""Every rule refuses its programs with the text it is known for, and what it refuses depends on no other rule."""

from __future__ import annotations

import pytest

from tensorlang.errors import TensorlangError
from tensorlang.lang.build import build_algorithm
from tensorlang.schedule import Schedule
from tensorlang.schedule.replay import replay
from tensorlang.schedule.rules import RULES, switched_off
from tests.legality.programs import FILES, PROGRAMS, MustFail

each_program = pytest.mark.parametrize("program", PROGRAMS.values(), ids=lambda program: program.name)


@each_program
def test_the_whole_text_of_the_error(program: MustFail) -> None:
    assert program.outcome() == program.text


@each_program
def test_without_its_rule_the_program_ends_in_another_way(program: MustFail) -> None:
    with switched_off(program.rule):
        assert program.outcome() != program.text


@each_program
def test_a_text_is_a_sentence_with_the_law(program: MustFail) -> None:
    lines = program.text.splitlines()
    assert lines[0].endswith(".")
    assert len(lines) <= 6
    assert f"  rule        {RULES[program.rule].law}" in lines


@each_program
def test_what_a_directive_alone_shows_is_refused_when_it_is_given(program: MustFail) -> None:
    scheduled = program.build()
    directives = scheduled.schedule.directives
    _, refused = replay(build_algorithm(scheduled.output), directives)
    if refused:
        with pytest.raises(TensorlangError) as caught:
            Schedule(scheduled.output, directives)
        assert program.where.sub("    HERE", str(caught.value)) == program.text


def test_every_rule_has_a_program() -> None:
    refusing = {program.rule for program in PROGRAMS.values()}
    missing = {f"{name} in {rule.family.name.lower()}.py" for name, rule in RULES.items() if name not in refusing}
    assert missing == set(), "give these rules programs in tests/legality/programs"
    assert refusing <= set(RULES)


def test_programs_stand_in_a_file_of_their_family() -> None:
    for program in PROGRAMS.values():
        assert program.family is RULES[program.rule].family, program.name
        file = program.build.__module__.rpartition(".")[2]
        assert file.startswith(program.family.name.lower()), program.name


def test_every_file_holds_programs() -> None:
    assert {program.build.__module__ for program in PROGRAMS.values()} == {file.__name__ for file in FILES}


def test_there_are_well_over_a_hundred() -> None:
    assert len(PROGRAMS) >= 130
