"""What an error lists as legal is legal: each call that it offers compiles, instead of the refused one or beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

import tensorlang as tl
from tensorlang.errors import TensorlangError
from tensorlang.lang.build import build_algorithm
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.wrapping import In
from tests.legality.must_fail import ACCEPTED, Scheduled
from tests.legality.programs import PROGRAMS, MustFail

_TAIL = re.compile(r'tail="(\w+)"')
_CALL = re.compile(r"(s\[[^]]+\]\.)?\w+\(.*\)")
_OPEN = ("consumer", "loop", "n", "factor")
"""What stands in a call for what the user has to choose."""


class _Func(str):
    """A Func in the text of a call, as the name that it stands for."""

    def update(self, number: int = 0) -> StageName:
        return StageName(self, number + 1)


def _is_call(offer: str) -> bool:
    is_open = any(re.search(rf"\b{word}\b", re.sub('"[^"]*"', "", offer)) for word in _OPEN)
    return not is_open and (_TAIL.fullmatch(offer) or _CALL.fullmatch(offer)) is not None


def _offers() -> list[tuple[MustFail, str]]:
    """Every call, or tail, that the text of a program lists as legal and that leaves nothing open."""
    label = "  legal here  "
    return [
        (program, offer)
        for program in PROGRAMS.values()
        for line in program.text.splitlines()
        if line.startswith(label)
        for offer in line.removeprefix(label).split(" | ")
        if _is_call(offer)
    ]


def _ways(scheduled: Scheduled, offer: str) -> Iterator[tuple[Directive, ...]]:
    """The directives of a program with what is offered: in place of the refused one, right after it, or at the end."""
    directives = scheduled.schedule.directives
    with pytest.raises(TensorlangError) as caught:
        scheduled.lower()
    blamed = [(directive.asked, directive.where) for directive in directives]
    if not caught.value.asked:
        yield _followed(scheduled, directives, None, offer)
        return
    place = blamed.index((caught.value.asked, caught.value.where))
    before, refused, after = directives[:place], directives[place], directives[place + 1 :]
    tail = _TAIL.fullmatch(offer)
    if tail is not None:
        yield (*before, replace(refused, tail=tail[1]), *after)  # type: ignore[call-arg]
        return
    yield (*_followed(scheduled, before, refused, offer), *after)
    yield (*_followed(scheduled, (*before, refused), refused, offer), *after)
    yield _followed(scheduled, directives, refused, offer)


def _followed(
    scheduled: Scheduled, directives: tuple[Directive, ...], refused: Directive | None, offer: str
) -> tuple[Directive, ...]:
    """`directives` and then the call that is offered, which by itself is said to the stage of the refused one."""
    s = tl.Schedule(directives=directives)
    funcs = build_algorithm(scheduled.output).funcs
    copies = [directive.stage.func for directive in scheduled.schedule.directives if isinstance(directive, In)]
    known = {name: _Func(name) for name in [*(func.name for func in funcs), *copies]}
    call = offer if offer.startswith("s[") else f"s[stage].{offer}"
    eval(call, {"s": s, "stage": None if refused is None else refused.stage, **known})
    return s.directives


@pytest.mark.parametrize(("program", "offer"), _offers(), ids=lambda value: getattr(value, "name", value))
def test_what_is_offered_compiles(program: MustFail, offer: str) -> None:
    scheduled = program.build()
    outcomes = []
    for directives in _ways(scheduled, offer):
        outcomes.append(program.outcome_of(replace(scheduled, schedule=tl.Schedule(directives=directives))))
    assert ACCEPTED in outcomes, outcomes[0]


def test_most_families_offer_something() -> None:
    offers = _offers()
    assert len(offers) >= 50
    assert len({program.family for program, _ in offers}) >= 5
