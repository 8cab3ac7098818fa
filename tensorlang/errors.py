"""The exception hierarchy, and how an error renders: what was asked, the rule, what is legal instead, a hint."""

from __future__ import annotations

import sys
from pathlib import Path

_PACKAGE = str(Path(__file__).parent)
_LABEL_WIDTH = 12


class TensorlangError(Exception):
    """Base of every error that tensorlang raises.

    Parameters
    ----------
    message : str
        One sentence: what is wrong, with the values.
    asked : str
        The call as the user would write it.
    where : str
        ``file:line`` of the user's call, from `caller_location`.
    rule : str
        The law that failed.
    legal : str
        What is legal instead, as calls.
    hint : str
        What to do.
    details : str
        Longer matter (loop nests, tables); not part of the rendered text.
    """

    def __init__(
        self,
        message: str,
        *,
        asked: str = "",
        where: str = "",
        rule: str = "",
        legal: str = "",
        hint: str = "",
        details: str = "",
    ) -> None:
        self.message = message
        self.asked = asked
        self.where = where
        self.rule = rule
        self.legal = legal
        self.hint = hint
        self.details = details
        super().__init__(message)

    def __str__(self) -> str:
        asked = f"{self.asked}    {self.where}".strip() if self.where else self.asked
        rows = [("asked", asked), ("rule", self.rule), ("legal here", self.legal), ("hint", self.hint)]
        lines = [f"  {label:<{_LABEL_WIDTH}}{text}" for label, text in rows if text]
        return "\n".join([self.message, *lines])

    def __reduce__(self) -> tuple[object, ...]:
        fields = {name: getattr(self, name) for name in ("asked", "where", "rule", "legal", "hint", "details")}
        return (_rebuild, (type(self), self.message, fields))


class LanguageError(TensorlangError):
    """The algorithm is not well formed: types, arity, definitions, shapes."""


class ScheduleError(TensorlangError):
    """A directive is not legal, or its text or JSON is not well formed."""


class BoundsError(TensorlangError):
    """A region that the algorithm reads or writes is unbounded or outside a buffer."""


class TargetError(TensorlangError):
    """The machine, or the target asked for, cannot do what the kernel needs."""


class TuningError(TensorlangError):
    """A tuning or measuring run cannot start or go on as asked."""


class DatabaseError(TensorlangError):
    """A record or a database file is malformed, or does not hold what was asked for."""


class InternalError(TensorlangError):
    """A defect of tensorlang itself; the message names the pass."""


def _rebuild(kind: type[TensorlangError], message: str, fields: dict[str, str]) -> TensorlangError:
    return kind(message, **fields)


def caller_location() -> str:
    """Return ``file:line`` of the nearest stack frame outside the tensorlang package ("" if there is none)."""
    frame = sys._getframe(1)
    while frame is not None:
        filename = frame.f_code.co_filename
        if not filename.startswith(_PACKAGE):
            path = Path(filename)
            try:
                path = path.relative_to(Path.cwd())
            except ValueError:
                pass
            return f"{path}:{frame.f_lineno}"
        if frame.f_back is None:
            break
        frame = frame.f_back
    return ""
