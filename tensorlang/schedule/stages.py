"""The name of a stage as data: a Func and which of its definitions."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
MAX_NAME_LENGTH = 128
_UPDATE = re.compile(r"(?P<func>[A-Za-z_][A-Za-z0-9_]*)(\.update\((?P<n>0|[1-9][0-9]{0,3})?\))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class StageName:
    """Definition `update` of Func `func`: 0 is the pure definition, n is the n-th update from 1.

    Its text is ``C`` or, counting updates from 0 as users do, ``C.update(0)``.
    """

    func: str
    update: int = 0

    def __str__(self) -> str:
        return f"{self.func}.update({self.update - 1})" if self.update else self.func

    @property
    def as_written(self) -> str:
        """As a user would write it: ``C.update()`` for the first update."""
        return f"{self.func}.update()" if self.update == 1 else str(self)


def is_name(text: object) -> bool:
    """Whether `text` can name a Func, a Var or a loop that a user makes."""
    return isinstance(text, str) and len(text) <= MAX_NAME_LENGTH and _NAME.fullmatch(text) is not None


def parse_stage_name(text: str) -> StageName | None:
    """The stage that ``"C"``, ``"C.update()"`` or ``"C.update(1)"`` names, or None if the text is none of these."""
    found = _UPDATE.fullmatch(text)
    if found is None or not is_name(found["func"]):
        return None
    if found[2] is None:
        return StageName(found["func"])
    return StageName(found["func"], int(found["n"] or 0) + 1)
