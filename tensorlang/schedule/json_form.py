"""Schedules as JSON: a closed grammar with size caps; reading builds records and executes nothing.

Grammar::

    schedule  = {"format": "tensorlang-schedule", "version": 1, "directives": [directive, ...]}
    directive = {"directive": CALL, "stage": STAGE, FIELD: value, ...}

CALL is a key of `tensorlang.schedule.table.DIRECTIVES`, STAGE is ``"C"`` or ``"C.update(0)"``; the fields are those
of the directive. Fields at their defaults are left out, and no other keys are allowed. In the place of a value that a
knob may stand for::

    knob      = {"knob": NAME, "choices": [choice, ...]}
    choice    = integer | string | true | false | null | [string, ...]

A level that is a hole is the field ``level`` of its directive, instead of ``consumer`` and ``loop``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import MISSING
from typing import NoReturn

from tensorlang.errors import ScheduleError
from tensorlang.schedule.call import argument_fields, field_kinds
from tensorlang.schedule.directive import Directive
from tensorlang.schedule.fields import Json
from tensorlang.schedule.knobs import Knob
from tensorlang.schedule.level_holes import LEVEL_HOLES
from tensorlang.schedule.table import DIRECTIVES

FORMAT = "tensorlang-schedule"
VERSION = 1
MAX_BYTES = 1 << 20
"""Longest text that is read [B]."""
MAX_DIRECTIVES = 4096
_MAX_DIGITS = 19
_MAX_SHOWN = 60


def to_json(directives: Iterable[Directive]) -> str:
    """One line of JSON, the same for equal schedules."""
    body = {"format": FORMAT, "version": VERSION, "directives": [_dump(item) for item in directives]}
    return json.dumps(body, separators=(", ", ": "))


def from_json(text: str) -> tuple[Directive, ...]:
    """The directives that `text` holds.

    Raises
    ------
    ScheduleError
        If the text is too long, not JSON, or not of the grammar; the error says which directive is at fault.
    """
    body = _load(text)
    if not isinstance(body, dict) or set(body) != {"format", "version", "directives"} or body["format"] != FORMAT:
        _refuse("the text is not a schedule.", f'an object of "format": "{FORMAT}", "version" and "directives"')
    if body["version"] != VERSION or isinstance(body["version"], bool):
        _refuse(f"version {_shown(body['version'])} of the format is not known.", f"version {VERSION}")
    items = body["directives"]
    if not isinstance(items, list) or len(items) > MAX_DIRECTIVES:
        _refuse('"directives" is not a list of directives.', f"a list of at most {MAX_DIRECTIVES} directives")
    return tuple(_read(item, f"directive {number} of the JSON") for number, item in enumerate(items, start=1))


def _dump(directive: Directive) -> dict[str, Json]:
    kinds = field_kinds(type(directive))
    body: dict[str, Json] = {"directive": directive.call, "stage": str(directive.stage)}
    for item in argument_fields(type(directive)):
        value = getattr(directive, item.name)
        if isinstance(value, Knob):
            body[item.name] = _dump_knob(value)
        elif item.default is MISSING or value != item.default:
            body[item.name] = kinds[item.name].dump(value)
    return body


def _dump_knob(knob: Knob) -> Json:
    return {"knob": knob.name, "choices": [list(one) if isinstance(one, tuple) else one for one in knob.choices]}


def _read_knob(item: dict[str, object], where: str) -> Knob:
    name, choices = item.get("knob"), item.get("choices")
    if set(item) != {"knob", "choices"} or not isinstance(name, str) or not isinstance(choices, list):
        _refuse(f"{_shown(item)} is not a knob.", 'an object of "knob", a name, and "choices", a list', where)
    try:
        return Knob(name, tuple(tuple(one) if isinstance(one, list) else one for one in choices))
    except ScheduleError as problem:
        _refuse(problem.message.partition(": ")[2], problem.rule, where)


def _read(item: object, where: str) -> Directive:
    if not isinstance(item, dict):
        _refuse(f"{_shown(item)} is not a directive.", 'an object of "directive", "stage" and fields', where)
    call = item.get("directive")
    table = LEVEL_HOLES if isinstance(item.get("level"), dict) else DIRECTIVES
    kind = table.get(call) if isinstance(call, str) else None
    if kind is None:
        _refuse(f"there is no directive {_shown(call)}.", ", ".join(DIRECTIVES), where)
    arguments = argument_fields(kind)
    known = ["stage", *(argument.name for argument in arguments)]
    needed = {"stage", *(argument.name for argument in arguments if argument.default is MISSING)}
    given = set(item) - {"directive"}
    if unknown := sorted(given - set(known)):
        _refuse(f"{call} has no field {_shown(unknown[0])}.", f"fields of {call}: {', '.join(known)}", where)
    if missing := [name for name in known if name in needed - given]:
        _refuse(f"{call} lacks its field {missing[0]!r}.", f"fields of {call}: {', '.join(known)}", where)
    # Each record checks its own fields on construction, as it does for calls.
    values = {name: item[name] for name in known if name in given}
    holes = {name: _read_knob(value, where) for name, value in values.items() if isinstance(value, dict)}
    return kind(**{**values, **holes}, where=where)


def _load(text: str) -> object:
    if not isinstance(text, str) or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        _refuse("the text is too long, or is no text.", f"a text of at most {MAX_BYTES} bytes")
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
            parse_float=_refuse_constant,
            parse_int=_short_integer,
        )
    except RecursionError:
        _refuse("the text is nested too deeply.", "a list of directives, whose values are names, integers and lists")
    except json.JSONDecodeError as problem:
        _refuse(f"the text is not JSON: {problem.msg} at line {problem.lineno}, column {problem.colno}.", "JSON")


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    body = dict(pairs)
    if len(body) != len(pairs):
        _refuse("an object holds the same key twice.", "each key once")
    return body


def _refuse_constant(literal: str) -> NoReturn:
    _refuse(f"{_shown(literal)} is not allowed.", "integers are the only numbers")


def _short_integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS + 1:
        _refuse(f"{_shown(digits)} is too large.", "integers of 64 bits")
    return int(digits)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."


def _refuse(sentence: str, legal: str, where: str = "") -> NoReturn:
    raise ScheduleError(
        f"Schedule.from_json: {sentence}", where=where, rule="a schedule is read by a closed grammar", legal=legal
    )
