"""Knobs: holes that a schedule leaves where a number, a loop, an order of loops or a level is to be chosen later."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, SupportsIndex, TypeAlias

from tensorlang.errors import ScheduleError, caller_location
from tensorlang.lang.func import Func, StageRef
from tensorlang.lang.var import RDom, RVar, Var
from tensorlang.schedule.naming import plain_integer, stage_name
from tensorlang.schedule.stages import StageName, is_name

Choice: TypeAlias = int | str | bool | None | tuple[str, ...]
"""A choice as data: a number, a name, or names."""
_Name: TypeAlias = str | Var | RVar | RDom | Func | StageRef | StageName
ChoiceLike: TypeAlias = SupportsIndex | _Name | bool | None | Sequence[_Name]
"""A choice as it is given: Vars, RVars and Funcs stand for their names."""

MAX_CHOICES = 256
_MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Knob:
    """A hole in a schedule, as data: what `knob` returns.

    Attributes
    ----------
    name : str
        Wherever the name stands in a schedule, it is the same knob.
    choices : tuple
        What it may become: integers, names, tuples of names, True and False, None.
    """

    name: str
    choices: tuple[Choice, ...]

    def __post_init__(self) -> None:
        _check(self)

    def find(self, value: object) -> Choice:
        """The choice that `value` stands for.

        Raises
        ------
        ScheduleError
            If there is none.
        """
        wanted = as_choice(value)
        for choice in self.choices:
            if _key(choice) == _key(wanted):
                return choice
        raise ScheduleError(
            f"{value!r} is no choice of the knob {self.name}.",
            where=caller_location(),
            rule="a knob is filled with one of its choices",
            legal=" | ".join(_shown(choice) for choice in self.choices),
        )

    @property
    def shown(self) -> str:
        """The knob as Python, shortened for error texts."""
        text = repr(self)
        return text if len(text) <= _MAX_SHOWN else f'tl.knob("{self.name}", [...])'

    def __repr__(self) -> str:
        return f'tl.knob("{self.name}", [{", ".join(map(_shown, self.choices))}])'


def knob(name: str, choices: Iterable[ChoiceLike]) -> Knob:
    """Leave a hole in a schedule, wherever a directive takes a number, a loop, an order of loops, a level or a tail.

    Parameters
    ----------
    name : str
        Of the knob, made of letters, digits and _. The same name in several places is one knob.
    choices : iterable
        What the hole may be filled with, the first being where a tuner begins: factors, lanes or distances;
        names of loops; orders of loops for `reorder`, each a tuple of names; levels for `compute_at`, `store_at` and
        `hoist_storage`, each ``(consumer, loop)``, ``"root"`` or ``"inline"``; tail strategies.

    Returns
    -------
    Knob

    Raises
    ------
    ScheduleError
        If there is no choice, or one is given twice, or is no number and no name. Whether a directive can take the
        choices is checked when it is given them; whether loops of such names are there, when the schedule is filled.

    Notes
    -----
    A schedule with holes is data as any other is: it prints, compares and is kept as JSON. It is not compiled:
    `Schedule.fill` gives one without holes, and `autotune.tune` finds the fastest.

    Examples
    --------
    >>> import tensorlang as tl
    >>> f, g, (i, j) = tl.Func("f"), tl.Func("g"), tl.vars("i j")
    >>> g[i, j] = i * j
    >>> f[i, j] = g[i, j] + g[i + 1, j]
    >>> s = tl.Schedule(f)
    >>> _ = s[f].split("i", "io", "ii", tl.knob("rows", [4, 8, 16])).vectorize("j", tl.knob("lanes", [8, 16]))
    >>> _ = s[g].compute_at(tl.knob("site", [(f, "io"), (f, "ii"), "root", "inline"]))
    >>> [knob.name for knob in s.knobs]
    ['rows', 'lanes', 'site']
    >>> print(tl.loop_nest(f, s.fill(rows=8, lanes=16, site=(f, "io")), shape=(64, 64)))
    for io in 0..8:
      store g[9, 64] in heap:
        for i in 0..9:
          for j in 0..64:
            g[io * 8 + i, j] = ...
        for ii in 0..8:
          for j in 0..4:
            vectorized j.lane in 0..16:
              f[io * 8 + ii, j * 16 + j.lane] = ...
    """
    try:
        if isinstance(choices, str | Mapping) or not isinstance(choices, Iterable):
            _refuse(name, repr(choices), f"{choices!r} is no list of choices.")
        return Knob(name, tuple(as_choice(choice) for choice in choices))
    except ScheduleError as problem:
        problem.where = caller_location()
        raise


def as_choice(given: object) -> Choice:
    """A choice as data; what can be none stays as it is, to be refused where it is used."""
    if isinstance(given, Sequence) and not isinstance(given, str):
        return tuple(name for item in given for name in _names(item))
    if isinstance(given, RDom) and len(given.names) > 1:
        return tuple(given.names)
    return _scalar(given)  # type: ignore[return-value]  # `Knob` refuses all that is no choice


def _scalar(given: object) -> object:
    match given:
        case Var() | RVar():
            return given.name
        case RDom():
            return given.names[0]
        case Func() | StageRef() | StageName():
            return str(stage_name(given))
        case str():
            return str(given)
    return plain_integer(given)  # type: ignore[arg-type]


def _names(item: object) -> tuple[str, ...]:
    if isinstance(item, RDom):
        return tuple(item.names)
    return (_scalar(item),)  # type: ignore[return-value]


def _key(choice: Choice) -> tuple[str, object]:
    """What tells choices apart: 1 is not True."""
    return type(choice).__name__, choice


def _is_choice(choice: object) -> bool:
    if isinstance(choice, tuple):
        return bool(choice) and all(isinstance(name, str) for name in choice)
    return choice is None or isinstance(choice, int | str)


def _shown(choice: object) -> str:
    if isinstance(choice, tuple):
        return f"({', '.join(map(_shown, choice))}{',' if len(choice) == 1 else ''})"
    return json.dumps(choice) if isinstance(choice, str) else repr(choice)


def _check(knob: Knob) -> None:
    text = ", ".join(map(_shown, knob.choices))
    if not is_name(knob.name):
        _refuse(knob.name, f"[{text}]", f"{knob.name!r} is no name of a knob.")
    odd = next((choice for choice in knob.choices if not _is_choice(choice)), None)
    if odd is not None:
        _refuse(knob.name, f"[{text}]", f"{odd!r} is no choice of a knob.")
    if not 1 <= len(knob.choices) <= MAX_CHOICES:
        _refuse(knob.name, "[]" if not text else "[...]", f"{len(knob.choices)} choices are given.")
    keys = [_key(choice) for choice in knob.choices]
    twice = next((choice for place, choice in enumerate(knob.choices) if keys[place] in keys[:place]), _NOTHING)
    if twice is not _NOTHING:
        _refuse(knob.name, f"[{text}]", f"the choice {_shown(twice)} is given twice.")


_NOTHING = object()


def _refuse(name: object, choices: str, sentence: str) -> NoReturn:
    call = f"tl.knob({json.dumps(name) if isinstance(name, str) else repr(name)}, {choices})"
    call = call if len(call) <= 2 * _MAX_SHOWN else call[: 2 * _MAX_SHOWN - 3] + "..."
    raise ScheduleError(
        f"{call}: {sentence}",
        asked=call,
        rule=f"a knob has a name and 1 to {MAX_CHOICES} distinct choices: integers, names, or tuples of names",
        legal='tl.knob("ti", [4, 6, 8]) | tl.knob("order", [("i", "k"), ("k", "i")])',
    )


def distinct_knobs(found: Iterable[Knob]) -> tuple[Knob, ...]:
    """Each knob once, in order of first use."""
    return tuple(dict.fromkeys(found))


def holes_error(knobs: Sequence[Knob], asked: str, where: str) -> ScheduleError:
    """The error that says that a schedule with holes was to be compiled; the first is in the call `asked`."""
    names = ", ".join(knob.name for knob in knobs)
    first = ", ".join(f"{knob.name}={_shown(knob.choices[0])}" for knob in knobs)
    return ScheduleError(
        f"the schedule has holes: {names}.",
        asked=asked,
        where=where,
        rule="a schedule is compiled once each of its knobs has a value",
        legal=" | ".join(knob.shown for knob in knobs),
        hint=f"s.fill({first}), or autotune.tune(output, s) to find the fastest",
    )


def no_such_knob(name: str, knobs: Iterable[Knob]) -> ScheduleError:
    """The error that says that a schedule has no knob called `name`."""
    known = [knob.name for knob in knobs]
    near = difflib.get_close_matches(name, known, n=1)
    return ScheduleError(
        f"the schedule has no knob {name}.",
        where=caller_location(),
        rule="what is filled are the knobs of the schedule",
        legal=f"knobs: {', '.join(known) or 'none'}",
        hint=f"did you mean {near[0]}?" if near else "",
    )
