"""Durations as people write them."""

from __future__ import annotations

import pytest

from autotune.duration import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("3m", 180), ("1h30m", 5400), ("1.5m", 90), ("2h", 7200), ("1h1s", 3601), (" 5m ", 300)],
)
def test_duration_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0m", "-3m", "3x", "m", "3 m", "s30", "1m1h", "nan", "inf"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize("seconds", [1, 59, 60, 61, 180, 3600, 5400, 3601])
def test_duration_is_written_as_it_is_read(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds
