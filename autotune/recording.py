"""Turns the winner of a contest into a record of the database."""

from __future__ import annotations

from datetime import UTC, datetime

from autotune.contest import DEFAULT, METHOD, RECORD, Contest
from autotune.measure.measurer import CHECK_SEEDS
from autotune.problem import Problem
from schedules import Check, Hardware, Record, Timing, Toolchain
from tensorlang.schedule import Schedule

ORACLE = "tensorlang.reference"


def is_worth_recording(contest: Contest) -> bool:
    """True if the winner is news: neither the default, which needs no record, nor the record known before."""
    return contest.winner.label not in (DEFAULT, RECORD) and contest.winner.trial is not None


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
