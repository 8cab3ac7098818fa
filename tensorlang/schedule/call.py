"""A call of the schedule language as a frozen record, which checks its own fields and prints as the call."""

from __future__ import annotations

import json
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar, get_type_hints

from tensorlang.errors import ScheduleError
from tensorlang.schedule.fields import FieldError, FieldKind, Stage
from tensorlang.schedule.knobs import Knob
from tensorlang.schedule.stages import StageName

_MAX_SHOWN = 60
_MAX_SHOWN_NAMES = 8


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the schedule language, as data.

    Subclasses are frozen dataclasses whose fields are annotated with the kinds of `tensorlang.schedule.fields`: from
    these follow the checks on construction, JSON, and the text of the call. `where` is the user's ``file:line``; it
    takes no part in equality, hash or JSON.
    """

    call: ClassVar[str]
    """Name of the method, and of the directive in JSON."""

    stage: Stage
    where: str = field(default="", compare=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        for name, kind in field_kinds(type(self)).items():
            value = getattr(self, name)
            if isinstance(value, Knob) and kind.takes_knob:
                self._check_choices(name, kind, value)
                continue
            try:
                parsed = kind.parse(value)
            except FieldError as problem:
                raise self.error(
                    f"{name} must be {problem}, but got {_shorten(value)}.", rule=f"{name} is {problem}"
                ) from None
            # Tails and memories may come as plain text; the record holds the enumeration's member.
            object.__setattr__(self, name, parsed)

    def _check_choices(self, name: str, kind: FieldKind[Any], knob: Knob) -> None:
        for choice in knob.choices:
            try:
                kind.parse(choice)
            except FieldError as problem:
                raise self.error(
                    f"{name} must be {problem}, but the knob {knob.name} has the choice {_shorten(choice)}.",
                    rule=f"{name} is {problem}, whichever choice a knob takes",
                ) from None

    @property
    def knobs(self) -> tuple[Knob, ...]:
        """The holes among the arguments."""
        values = (getattr(self, name) for name in field_kinds(type(self)))
        return tuple(value for value in values if isinstance(value, Knob))

    def arguments(self, quote_stages: bool) -> str:
        """The arguments of the call as Python text, without those that are at their defaults."""
        parts: list[str] = []
        is_skipping = False
        for item in argument_fields(type(self)):
            value = getattr(self, item.name)
            if item.default is not MISSING and value == item.default:
                is_skipping = True
                continue
            kind = field_kinds(type(self))[item.name]
            text = _render(kind, value, quote_stages)
            parts.append(f"{item.name}={text}" if is_skipping or kind.is_keyword else text)
        return ", ".join(parts)

    def method_text(self, quote_stages: bool) -> str:
        """The call without the stage: ``split("i", "io", "ii", 16)``."""
        return f"{self.call}({self.arguments(quote_stages)})"

    @property
    def asked(self) -> str:
        """The call as the user would write it."""
        # While the fields are being checked, the stage may still be anything.
        stage = self.stage.as_written if isinstance(self.stage, StageName) else _shorten(self.stage)
        return f"s[{stage}].{self.method_text(quote_stages=False)}"

    def error(
        self, sentence: str, *, rule: str = "", legal: str = "", hint: str = "", details: str = ""
    ) -> ScheduleError:
        """The error that says, in one sentence, why this directive is refused; a check gives it the rule it is for."""
        asked = self.asked
        return ScheduleError(
            f"{asked}: {sentence}", asked=asked, where=self.where, rule=rule, legal=legal, hint=hint, details=details
        )


# Reading annotations is slow, and records are made by the thousand.
_KINDS: dict[type[Any], dict[str, FieldKind[Any]]] = {}


def field_kinds(call: type[Call]) -> dict[str, FieldKind[Any]]:
    """The kind of each field of a directive that takes part in its data, in order."""
    if call not in _KINDS:
        hints = get_type_hints(call, include_extras=True)
        _KINDS[call] = {item.name: hints[item.name].__metadata__[0] for item in fields(call) if item.name != "where"}
    return _KINDS[call]


def argument_fields(call: type[Call]) -> tuple[Field[Any], ...]:
    """The fields of a directive that are arguments of its call, in order."""
    return tuple(item for item in fields(call) if item.name not in ("stage", "where"))


def _render(kind: FieldKind[Any], value: object, quote_stages: bool) -> str:
    if isinstance(value, Knob):
        return repr(value) if quote_stages else value.shown
    try:
        return kind.render(kind.parse(value), quote_stages)
    except FieldError:
        if kind.is_variadic and isinstance(value, (tuple, list)):
            return ", ".join(map(_shorten, value[:_MAX_SHOWN_NAMES]))
        return _shorten(value)


def _shorten(value: object) -> str:
    text = json.dumps(str(value)) if isinstance(value, (str, StageName)) else repr(value)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."
