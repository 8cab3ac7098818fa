"""The time that threads wait for a CPU, as the system tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from autotune.measure.delay import waiting_s


def test_threads_are_summed(tmp_path: Path) -> None:
    for number, text in enumerate(("10 2000000000 3", "10 500000000 3", "garbled", "")):
        thread = tmp_path / str(number)
        thread.mkdir()
        (thread / "schedstat").write_text(text)
    (tmp_path / "ended").mkdir()
    assert waiting_s(tmp_path) == pytest.approx(2.5)


def test_system_that_does_not_tell_is_taken_for_idle(tmp_path: Path) -> None:
    assert waiting_s(tmp_path / "none") == 0.0
