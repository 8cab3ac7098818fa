"""A tuner that is killed, at any moment, loses at most the trial in flight, and ends as if it had not been killed."""

from __future__ import annotations

from pathlib import Path

from .kill_points import kill_and_resume


def test_killed_runs_end_like_one_that_was_not(tmp_path: Path) -> None:
    report = kill_and_resume(points=6, seed=0, folder=tmp_path)
    assert report.faults == ()
    assert report.kills == 6
    assert report.lost >= report.chains  # the first was killed over a trial
