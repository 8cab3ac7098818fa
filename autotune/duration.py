"""Durations as people write them."""

from __future__ import annotations

import re

_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0}
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")


def parse_duration(text: str) -> float | None:
    """Return the seconds in ``"90"``, ``"90s"``, ``"3m"``, ``"1h30m"`` [s]; None if it is no duration above zero."""
    found = _DURATION.fullmatch(text.strip())
    parts = zip(found.groups(), _UNITS_S.values(), strict=True) if found else ()
    return sum(float(number) * unit for number, unit in parts if number) or None


def format_duration(seconds: float) -> str:
    """The shortest text that `parse_duration` reads back, to the second: ``"3m"``, ``"1h30m"``, ``"45s"``."""
    whole = max(1, round(seconds))
    hours, minutes = divmod(whole // 60, 60)
    parts = ((hours, "h"), (minutes, "m"), (whole % 60, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number)
