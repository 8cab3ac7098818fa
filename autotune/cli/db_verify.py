"""What the `autotune db verify` command does."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from autotune.cli.output import people_console, print_json, print_warnings
from autotune.cli.steps import Steps
from autotune.measure.local import LocalMeasurer
from autotune.measure.slot import measuring_slot
from autotune.verification import (
    VERIFIED,
    Retimed,
    Verdict,
    Verified,
    due,
    read_verified,
    retime,
    sample_to_retime,
    verify,
    write_verified,
)
from schedules import Contents, Database, Record
from schedules.interchange import read_records

_NEAR = 1.15


def verify_records(paths: tuple[Path, ...], everything: bool, retimed: int, remember: bool, as_json: bool) -> None:
    """Verify records, print what failed and counts, and exit: 0 if nothing did and every line is a record."""
    people = people_console()
    places = paths or tuple(base.directory for base in (Database.user(), Database.shipped()) if base.directory.exists())
    contents = {place: read_records(place) for place in places}
    problems = [problem for part in contents.values() for problem in part.problems]
    print_warnings(people, problems)
    chosen = [record for place, part in contents.items() for record in _choose(place, part, everything)]
    sample = sample_to_retime([r for part in contents.values() for r in part.records], retimed)
    with LocalMeasurer() as measurer, Steps(people, len(chosen) + len(sample)) as steps:
        verified = []
        for record in chosen:
            steps.begin(str(record.workload))
            verified.append(verify(record, measurer))
        times = []
        if sample:
            with measuring_slot():
                for record in sample:
                    steps.begin(f"timing {record.workload}")
                    times.append(retime(record, measurer))
    total = sum(len(part.records) for part in contents.values())
    if remember:
        _remember(contents, verified)
    _print(total, verified, times, as_json)
    if as_json:
        print_json(_to_data(total, verified, times, [str(problem) for problem in problems]))
    if problems or not all(v.verdict.passes for v in verified):
        sys.exit(1)


def _choose(place: Path, part: Contents, everything: bool) -> Sequence[Record]:
    """All records of a file; of a directory those that are due, unless all are asked for."""
    if everything or not place.is_dir():
        return part.records
    return due(part.records, read_verified(place), date.today())


def _remember(contents: dict[Path, Contents], verified: Sequence[Verified]) -> None:
    """List what passed, now or before, in each directory."""
    passed = {v.record.digest for v in verified if v.verdict.passes}
    failed = {v.record.digest for v in verified} - passed
    for place, part in contents.items():
        if place.is_dir():
            known = (passed | read_verified(place)) - failed
            path = write_verified(place, [r for r in part.records if r.digest in known])
            people_console().print(f"{VERIFIED} written: {path}", highlight=False, markup=False, soft_wrap=True)


def _print(total: int, verified: Sequence[Verified], times: Sequence[Retimed], as_json: bool) -> None:
    for item in verified:
        if not item.verdict.passes:
            click.echo(f"{item.verdict}: {_name(item.record)}: {item.detail}", err=as_json)
    for timed in times:
        now = f"{timed.gain:.2f}x" if timed.gain else f"not timed ({timed.detail})"
        click.echo(f"timed: {_name(timed.record)}: {timed.record.timing.speedup:.2f}x recorded, {now} now", err=as_json)
    counts = Counter(item.verdict for item in verified)
    text = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])
    click.echo(f"{len(verified)} of {total} records verified{': ' * bool(text)}{text}", err=as_json)
    if times:
        good = sum(_holds(timed) for timed in times)
        click.echo(f"{good} of {len(times)} timed again hold their gain within {100 * (_NEAR - 1):.0f} %", err=as_json)


def _name(record: Record) -> str:
    threads = record.hardware.threads
    return f"{record.workload}, {threads} thread{'s' * (threads != 1)}, {record.hardware.class_name}, {record.digest}"


def _holds(timed: Retimed) -> bool:
    return timed.gain is not None and timed.gain * _NEAR >= max(1.0, timed.record.timing.speedup)


def _to_data(
    total: int, verified: Sequence[Verified], times: Sequence[Retimed], problems: Sequence[str]
) -> dict[str, Any]:
    return {
        "records": total,
        "verified": [{"record": v.record.digest, "verdict": str(v.verdict), "detail": v.detail} for v in verified],
        "retimed": [
            {"record": t.record.digest, "recorded": t.record.timing.speedup, "gain": t.gain, "detail": t.detail}
            for t in times
        ],
        "problems": list(problems),
    }
