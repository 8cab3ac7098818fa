"""The name of a stage as data: a Func and which of its definitions."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
MAX_NAME_LENGTH = 128
_NUMBER = r"0|[1-9][0-9]{0,3}"
_STAGE = re.compile(
    rf"(?P<func>[A-Za-z_][A-Za-z0-9_]*)(?P<update>\.update\((?P<n>{_NUMBER})?\))?(\.case\((?P<case>{_NUMBER})\))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, order=True)
class StageName:
    """Definition `update` of Func `func`: 0 is the pure definition, n is the n-th update from 1.

    `case` n is the n-th special case of it from 1, 0 the general one. Its text is ``C`` or, counting from 0 as users
    do, ``C.update(0)``, ``C.case(0)``.
    """

    func: str
    update: int = 0
    case: int = 0

    def __str__(self) -> str:
        update = f".update({self.update - 1})" if self.update else ""
        return f"{self.func}{update}{self._case}"

    @property
    def as_written(self) -> str:
        """As a user would write it: ``C.update()`` for the first update."""
        return f"{self.func}.update(){self._case}" if self.update == 1 else str(self)

    @property
    def _case(self) -> str:
        return f".case({self.case - 1})" if self.case else ""

    @property
    def general(self) -> StageName:
        """The stage of which this is a case; itself if it is none."""
        return StageName(self.func, self.update)


def is_name(text: object) -> bool:
    """Whether `text` can name a Func, a Var or a loop that a user makes."""
    return isinstance(text, str) and len(text) <= MAX_NAME_LENGTH and _NAME.fullmatch(text) is not None


def parse_stage_name(text: str) -> StageName | None:
    """The stage that ``"C"``, ``"C.update()"``, ``"C.update(1)"`` or ``"C.case(0)"`` names; else None."""
    found = _STAGE.fullmatch(text)
    if found is None or not is_name(found["func"]):
        return None
    update = 0 if found["update"] is None else int(found["n"] or 0) + 1
    return StageName(found["func"], update, 0 if found["case"] is None else int(found["case"]) + 1)
