"""What the objects of a user's program stand for in a schedule: names of stages, loops and dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import SupportsIndex, TypeAlias, TypeGuard

from tensorlang.errors import ScheduleError, caller_location
from tensorlang.lang.func import Func, StageRef
from tensorlang.lang.input import Input
from tensorlang.lang.var import RDom, RVar, Var
from tensorlang.schedule.stages import StageName, parse_stage_name

StageLike: TypeAlias = Func | StageRef | StageName | str | tuple[Func | str, int]
"""A Func stands for its pure definition; a text is ``"C"`` or ``"C.update(0)"``; in a pair, 1 is the first update."""
LoopLike: TypeAlias = str | Var | RVar | RDom
"""An RDom of one dimension stands for it."""
LoopPair: TypeAlias = tuple[LoopLike, LoopLike]


def stage_name(given: StageLike | Input) -> StageName:
    """The stage that `given` stands for; an Input gets a name too, so that the refusal can explain itself.

    Raises
    ------
    ScheduleError
        If it stands for none.
    """
    match given:
        case StageName():
            return given
        case Func() | Input():
            return StageName(given.name)
        case StageRef():
            return StageName(given.func.name, given.index)
        case str() if (found := parse_stage_name(given)) is not None:
            return found
        case (Func() | str() as func, int(update)) if not isinstance(update, bool) and update >= 0:
            return StageName(stage_name(func).func, update)
    raise ScheduleError(
        f"{given!r} is not a stage.",
        asked=f"s[{given!r}]",
        where=caller_location(),
        rule="a stage is a Func, one of its updates, or its name",
        legal='s[C] | s[C.update()] | s["C"] | s["C.update(0)"] | s["C", 1]',
    )


def func_name(given: Func | Input | str) -> str:
    """The name of a Func or an Input that is given itself or by name.

    Raises
    ------
    ScheduleError
        If it is something else; for an update, with the hint to give the Func.
    """
    if isinstance(given, str):
        return given
    if isinstance(given, Func | Input):
        return given.name
    hint = f"give the Func: {given.func.name}" if isinstance(given, StageRef) else ""
    raise ScheduleError(
        f"{given!r} is not a Func or an Input.",
        where=caller_location(),
        rule="in_ copies a Func or an Input for all definitions of a Func",
        hint=hint,
    )


def loop_names(given: tuple[LoopLike, ...]) -> tuple[str, ...]:
    """The names that `given` stand for; an RDom stands for all its dimensions in order.

    Raises
    ------
    ScheduleError
        If one is not a name, a Var, an RVar or an RDom.
    """
    names: list[str] = []
    for item in given:
        names.extend(item.names if isinstance(item, RDom) else [loop_name(item)])
    return tuple(names)


def loop_name(given: LoopLike) -> str:
    """The one name that `given` stands for.

    Raises
    ------
    ScheduleError
        If it stands for none, or is an RDom of several dimensions.
    """
    if isinstance(given, str):
        return given
    if isinstance(given, Var | RVar):
        return given.name
    if isinstance(given, RDom) and len(given.names) == 1:
        return given.names[0]
    hint = f"name one of its dimensions: {', '.join(given.names)}" if isinstance(given, RDom) else ""
    raise ScheduleError(
        f"{given!r} does not name one loop or dimension.",
        where=caller_location(),
        rule="loops and dimensions are named by a text, a Var, an RVar or an RDom of one dimension",
        hint=hint,
    )


def loop_pairs(given: LoopPair | Sequence[LoopPair]) -> tuple[tuple[str, str], ...]:
    """The names of pairs of a loop and a new loop; a single pair stands for a list of one.

    Raises
    ------
    ScheduleError
        If it is something else.
    """
    pairs = [given] if _is_pair(given) else given
    if not isinstance(pairs, tuple | list) or not all(_is_pair(pair) for pair in pairs):
        raise ScheduleError(
            f"{given!r} is not a list of pairs.",
            where=caller_location(),
            rule="rfactor takes a pair of a reduction loop and a new Var, or a list of such pairs",
            legal='rfactor(("ko", "u"), name) | rfactor([("ko", "u"), ("r", "v")], name)',
        )
    return tuple((loop_name(pair[0]), loop_name(pair[1])) for pair in pairs)


def _is_pair(given: object) -> TypeGuard[LoopPair]:
    if not isinstance(given, tuple | list) or len(given) != 2:
        return False
    return all(isinstance(item, str | Var | RVar | RDom) for item in given)


def plain_integer(given: SupportsIndex) -> int:
    """An integer of any kind as Python's; anything else unchanged, for the check of the field to refuse."""
    if isinstance(given, bool) or not hasattr(given, "__index__"):
        return given  # type: ignore[return-value]
    return index(given)
