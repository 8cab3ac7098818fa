"""The kinds of field a directive may have: how each is checked, written as JSON and written as Python."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

from tensorlang.ir.stmt import Memory, PartitionPolicy
from tensorlang.schedule.conditions import Condition, ConditionError, parse_condition
from tensorlang.schedule.stages import MAX_NAME_LENGTH, StageName, is_name, parse_stage_name
from tensorlang.schedule.strategies import PrefetchStrategy
from tensorlang.schedule.tails import TailStrategy

Json: TypeAlias = str | int | None | list["Json"] | dict[str, "Json"]
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

MAX_LOOPS = 64
"""Most names that one directive may list."""
MAX_FACTOR = 2**31 - 1
MAX_COORDINATE = 2**62
MAX_MESSAGE_LENGTH = 200
_LOOP = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.(lane|unroll|task))*", re.ASCII)


class FieldError(ValueError):
    """A field does not hold what its kind asks for; the text is the rule, as in "an integer >= 1"."""


@dataclass(frozen=True, slots=True)
class FieldKind(Generic[T]):
    """How one kind of field is read and written.

    Attributes
    ----------
    parse : callable
        From a user's argument or from JSON to the value; raises FieldError.
    dump : callable
        To JSON.
    render : callable
        To Python text; the flag says whether stages are quoted (``"C"``, for code) or not (``C``, for error texts).
    is_variadic : bool
        Whether the values are the rest of the arguments of the call, as in ``reorder(*loops)``.
    is_keyword : bool
        Whether the argument is written with its name, as in ``tail="round_up"``.
    takes_knob : bool
        Whether a knob may stand in its place, over choices that `parse` accepts.
    """

    parse: Callable[[object], T]
    dump: Callable[[T], Json]
    render: Callable[[T, bool], str]
    is_variadic: bool = False
    is_keyword: bool = False
    takes_knob: bool = False


def _quoted(value: object, _quote_stages: bool = True) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _same(value: Any) -> Json:
    return value  # type: ignore[no-any-return]


def parse_loop(value: object) -> str:
    """The name of a loop; FieldError if it is none."""
    if not isinstance(value, str) or len(value) > MAX_NAME_LENGTH or _LOOP.fullmatch(value) is None:
        raise FieldError("the name of a loop")
    return value


def _parse_new_name(value: object) -> str:
    if not is_name(value):
        raise FieldError("a name made of letters, digits and _ (a '.' is reserved for loops that directives make)")
    return str(value)


def _parse_names(value: object) -> tuple[str, ...]:
    names = tuple(value) if isinstance(value, (tuple, list)) else ()
    if not 1 <= len(names) <= MAX_LOOPS:
        raise FieldError(f"a list of 1 to {MAX_LOOPS} names")
    parsed = tuple(parse_loop(name) for name in names)
    if len(set(parsed)) != len(parsed):
        raise FieldError("a list of distinct names")
    return parsed


def _parse_pairs(value: object) -> tuple[tuple[str, str], ...]:
    items = tuple(value) if isinstance(value, (tuple, list)) else ()
    if not 1 <= len(items) <= MAX_LOOPS or not all(
        isinstance(item, (tuple, list)) and len(item) == 2 for item in items
    ):
        raise FieldError(f"a list of 1 to {MAX_LOOPS} pairs of a loop and a new name")
    pairs = tuple((parse_loop(loop), _parse_new_name(name)) for loop, name in items)
    if any(len(set(names)) != len(pairs) for names in zip(*pairs, strict=True)):
        raise FieldError("a list of pairs of distinct loops and distinct names")
    return pairs


def _render_pairs(pairs: tuple[tuple[str, str], ...], _quote_stages: bool) -> str:
    return "[" + ", ".join(f"({_quoted(loop)}, {_quoted(name)})" for loop, name in pairs) + "]"


def _integer(low: int, high: int, rule: str) -> Callable[[object], int]:
    def parse(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise FieldError(rule)
        return value

    return parse


_parse_count = _integer(1, MAX_FACTOR, "an integer >= 1 and < 2**31")


def _parse_optional_count(value: object) -> int | None:
    return None if value is None else _parse_count(value)


def parse_stage(value: object) -> StageName:
    """The stage that a text or a StageName names; FieldError if it names none."""
    # A StageName that a program built by hand is checked as any text is: it ends up in the Python of `source`.
    stage = parse_stage_name(str(value)) if isinstance(value, (str, StageName)) else None
    if stage is None:
        raise FieldError('the name of a stage, as "C" or "C.update(0)"')
    return stage


def _parse_new_stage(value: object) -> StageName:
    stage = parse_stage_name(str(value)) if isinstance(value, (str, StageName)) else None
    if stage is None or stage.update or stage.case:
        raise FieldError("a name made of letters, digits and _")
    return stage


def _render_stage(value: StageName, quote_stages: bool) -> str:
    return f'"{value}"' if quote_stages else value.as_written


def _render_func(value: str, quote_stages: bool) -> str:
    return _quoted(value) if quote_stages else str(value)


def _one_of(enum: type[E], is_keyword: bool = False) -> FieldKind[E]:
    def parse(value: object) -> E:
        if isinstance(value, str) and value in list(enum):
            return enum(value)
        raise FieldError("one of " + ", ".join(enum))

    return FieldKind(parse, str, lambda value, _: _quoted(str(value)), is_keyword=is_keyword, takes_knob=True)


def _parse_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise FieldError("True or False")
    return value


def _parse_condition(value: object) -> Condition:
    if isinstance(value, str | Condition):
        try:
            return parse_condition(str(value))
        except ConditionError as error:
            raise FieldError(str(error)) from None
    raise FieldError("a condition")


def _parse_message(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_MESSAGE_LENGTH or not value.isprintable():
        raise FieldError(f"a line of 1 to {MAX_MESSAGE_LENGTH} characters")
    return value


_STAGE = FieldKind(parse_stage, str, _render_stage)
_SITE = FieldKind(parse_stage, str, _render_stage, takes_knob=True)
_NEW_STAGE = FieldKind(_parse_new_stage, str, _render_stage)
_FUNC = FieldKind(_parse_new_name, _same, _render_func)
_LOOP_NAME = FieldKind(parse_loop, _same, _quoted, takes_knob=True)
_NEW_NAME = FieldKind(_parse_new_name, _same, _quoted)
_COUNT = FieldKind(_parse_count, _same, _quoted, takes_knob=True)
_OPTIONAL_COUNT = FieldKind(_parse_optional_count, _same, _quoted, takes_knob=True)
_COORDINATE = FieldKind(_integer(-MAX_COORDINATE, MAX_COORDINATE, "an integer"), _same, _quoted, takes_knob=True)
_CONDITION = FieldKind(_parse_condition, str, lambda value, _: _quoted(str(value)))
_MESSAGE = FieldKind(_parse_message, _same, _quoted)
_NAMES: FieldKind[tuple[str, ...]] = FieldKind(
    _parse_names,
    lambda names: list(names),
    lambda names, _: ", ".join(map(_quoted, names)),
    is_variadic=True,
    takes_knob=True,
)
_PAIRS: FieldKind[tuple[tuple[str, str], ...]] = FieldKind(
    _parse_pairs, lambda pairs: [list(pair) for pair in pairs], _render_pairs
)

Stage: TypeAlias = Annotated[StageName, _STAGE]
"""The stage that a directive is about."""
Site: TypeAlias = Annotated[StageName, _SITE]
"""Another stage."""
NewStage: TypeAlias = Annotated[StageName, _NEW_STAGE]
"""A Func that the directive makes."""
FuncName: TypeAlias = Annotated[str, _FUNC]
LoopName: TypeAlias = Annotated[str, _LOOP_NAME]
"""A loop or a storage dimension that exists."""
NewName: TypeAlias = Annotated[str, _NEW_NAME]
"""A name that the directive makes."""
Names: TypeAlias = Annotated[tuple[str, ...], _NAMES]
Pairs: TypeAlias = Annotated[tuple[tuple[str, str], ...], _PAIRS]
"""Loops that exist, each with a name that the directive makes."""
Count: TypeAlias = Annotated[int, _COUNT]
OptionalCount: TypeAlias = Annotated[int | None, _OPTIONAL_COUNT]
Flag: TypeAlias = Annotated[bool, FieldKind(_parse_flag, _same, _quoted, is_keyword=True, takes_knob=True)]
Coordinate: TypeAlias = Annotated[int, _COORDINATE]
ConditionText: TypeAlias = Annotated[Condition, _CONDITION]
"""A condition on Params."""
Message: TypeAlias = Annotated[str, _MESSAGE]
Tail: TypeAlias = Annotated[TailStrategy, _one_of(TailStrategy, is_keyword=True)]
Policy: TypeAlias = Annotated[PartitionPolicy, _one_of(PartitionPolicy)]
Strategy: TypeAlias = Annotated[PrefetchStrategy, _one_of(PrefetchStrategy, is_keyword=True)]
MemoryName: TypeAlias = Annotated[Memory, _one_of(Memory)]
