"""The arguments of directives as data: what users' objects stand for, and knobs, which stay until they are filled."""

from __future__ import annotations

from typing import SupportsIndex, TypeAlias, cast

from tensorlang.errors import ScheduleError, caller_location
from tensorlang.schedule.knobs import Knob
from tensorlang.schedule.naming import LoopLike, StageLike, loop_name, loop_names, plain_integer, stage_name
from tensorlang.schedule.stages import StageName
from tensorlang.schedule.tails import TailStrategy

Number: TypeAlias = SupportsIndex | Knob
LoopArgument: TypeAlias = LoopLike | Knob
SiteArgument: TypeAlias = StageLike | Knob
TailArgument: TypeAlias = TailStrategy | str | Knob

# A record says the types of its fields without holes: nothing but `filled` and texts sees a directive that has some.


def number_of(given: Number) -> int:
    """An integer, or a hole for one."""
    return cast(int, given) if isinstance(given, Knob) else plain_integer(given)


def optional_number(given: Number | None) -> int | None:
    """An integer, a hole for one, or None."""
    return None if given is None else number_of(given)


def loop_of(given: LoopArgument) -> str:
    """The name of a loop, or a hole for one."""
    return cast(str, given) if isinstance(given, Knob) else loop_name(given)


def loops_of(given: tuple[LoopArgument, ...]) -> tuple[str, ...]:
    """Names of loops in order, or a hole for all of them.

    Raises
    ------
    ScheduleError
        If one is not a name, a Var, an RVar or an RDom, or a knob stands among them.
    """
    if len(given) == 1 and isinstance(given[0], Knob):
        return cast(tuple[str, ...], given[0])
    for item in given:
        if isinstance(item, Knob):
            raise ScheduleError(
                f"the knob {item.name} stands among other loops.",
                where=caller_location(),
                rule="a knob over orders stands for the whole list of loops",
                legal='reorder(tl.knob("order", [("i", "k"), ("k", "i")]))',
            )
    return loop_names(cast(tuple[LoopLike, ...], given))


def site_of(given: SiteArgument) -> StageName:
    """The name of another stage, or a hole for one."""
    return cast(StageName, given) if isinstance(given, Knob) else stage_name(given)


def loop_or_none(given: LoopArgument | None) -> str:
    """The name of a loop, or a hole for one; None stays, for the record's own check to refuse."""
    return cast(str, given) if given is None else loop_of(given)


def flag_of(given: bool | Knob) -> bool:
    """True or False, or a hole for one."""
    return cast(bool, given)


def tail_of(given: TailArgument) -> TailStrategy:
    """A tail strategy, or a hole for one."""
    return cast(TailStrategy, given)  # the record's own check turns text into a TailStrategy, or refuses it
