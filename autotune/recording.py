"""Turns the winner of a contest into a record of the database."""

from __future__ import annotations

from datetime import UTC, datetime

from autotune.contest import DEFAULT, METHOD, RECORD, Contest
from autotune.measure.measurer import CHECK_SEEDS
from autotune.problem import Problem
from schedules import Check, Hardware, Record, Timing, Toolchain
from tensorlang.schedule import Schedule

ORACLE = "tensorlang.reference"


def is_worth_recording(problem: Problem, contest: Contest) -> bool:
    """True if the winner is news.

    That the default was not beaten is news too, if there was no record: without one, lookups would take the knobs of
    the nearest shape that has a record, which may be worse here.
    """
    label = contest.winner.label
    is_known = label == RECORD or (label == DEFAULT and problem.incumbent is not None)
    return not is_known and contest.winner.trial is not None


def make_record(problem: Problem, contest: Contest, hardware: Hardware, toolchain: Toolchain) -> Record:
    """Return the record of a contest's winner, for which `is_worth_recording` holds."""
    winner = contest.winner
    assert winner.trial is not None
    measured = winner.trial.measurement
    return Record(
        workload=problem.layer.workload,
        algorithm_hash=problem.algorithm_hash,
        hardware=hardware,
        toolchain=toolchain,
        family=problem.family,
        knobs=dict(winner.knobs),
        schedule=Schedule.from_json(winner.schedule),
        timing=Timing(
            samples_ns=_to_ns(contest.samples_s[winner.label]),
            baseline_samples_ns=_to_ns(contest.samples_s[DEFAULT]),
            method=METHOD,
        ),
        check=Check(ORACLE, CHECK_SEEDS, measured.max_abs_error, measured.max_rel_error),
        provenance={"tool": "autotune tune", "date": datetime.now(UTC).isoformat(timespec="seconds")},
    )


def _to_ns(samples_s: tuple[float, ...]) -> tuple[int, ...]:
    return tuple(max(1, round(sample * 1e9)) for sample in samples_s)
