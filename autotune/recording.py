"""Turns the winner of a contest into a record of the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from autotune.contest import DEFAULT, METHOD, RECORD, Contest
from autotune.measure.measurer import CHECK_SEEDS
from autotune.problem import STUDY, LayerProblem
from schedules import SUPERSEDES, Check, Hardware, Record, Timing, Toolchain
from tensorlang.schedule import Schedule

ORACLE = "tensorlang.reference"


def is_worth_recording(problem: LayerProblem, contest: Contest) -> bool:
    """True if the winner is beyond doubt, and news.

    That the default was not beaten is news too, if there was no record: without one, lookups would take the knobs of
    the nearest shape that has a record, which may be worse here; and if there was one that now lost, to take its place.
    """
    winner, incumbent = contest.winner, problem.incumbent
    if contest.doubt or winner.trial is None or winner.label == RECORD:
        return False
    return winner.label != DEFAULT or incumbent is None or incumbent.schedule.to_json() != winner.schedule


def make_record(
    problem: LayerProblem,
    contest: Contest,
    hardware: Hardware,
    toolchain: Toolchain,
    machine: Mapping[str, str] = MappingProxyType({}),
) -> Record:
    """Return the record of a contest's winner, for which `is_worth_recording` holds.

    `machine` is what `describe_machine` said before anything was measured; it becomes part of the provenance.
    """
    winner, beaten = contest.winner, problem.incumbent.record if problem.incumbent else None
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
        search=contest.search,
        provenance={
            "tool": "autotune tune",
            STUDY: problem.key,
            **machine,
            "waited": f"{100 * contest.waiting_share:.1f} %",
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            **(_superseding(beaten) if beaten and RECORD in contest.samples_s else {}),
        },
    )


def _superseding(beaten: Record) -> dict[str, str]:
    return {SUPERSEDES: " ".join((beaten.digest, *beaten.superseded))}


def _to_ns(samples_s: tuple[float, ...]) -> tuple[int, ...]:
    return tuple(max(1, round(sample * 1e9)) for sample in samples_s)
