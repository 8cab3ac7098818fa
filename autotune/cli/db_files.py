"""What the `autotune db` commands on files of records do: merge, export, submit."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from autotune.cli.output import people_console, print_warnings
from autotune.filling.tasks import CANDIDATES
from autotune.measure.local import LocalMeasurer
from autotune.networks import find_network, network_names
from autotune.verification import Verdict, verify
from autotune.workload_names import parse_workload
from schedules import Database, Record
from schedules.interchange import SUFFIX, merge, read_records, write_records
from tensorlang.errors import DatabaseError
from tensorlang.nn import Workload


def merge_databases(sources: tuple[Path, ...], out: Path) -> None:
    """Write the best records of several files and directories."""
    contents = [read_records(path) for path in sources]
    problems = [problem for part in contents for problem in part.problems]
    print_warnings(people_console(), problems)
    is_source = out.resolve() in {path.resolve() for path in sources}
    if problems and is_source:
        raise DatabaseError(
            f"{out} holds, or another source does, lines that are no records; merging into it would drop them.",
            hint="write to another place, or mend the lines above",
        )
    if not is_source and out.exists() and (out.is_file() or Database(out).load().records):
        raise DatabaseError(
            f"{out} is there already.", hint=f"name it among the sources too, to merge into it: {out} -o {out}"
        )
    best = merge([part.records for part in contents])
    _say(write_records(best, out), len(best), sum(len(part.records) for part in contents))


def export_records(out: Path, workloads: tuple[str, ...], threads: tuple[int, ...]) -> None:
    """Write the user's records, or some, into one file."""
    records = _select(Database.user().load().records, workloads, threads)
    _check_some(records)
    _say(write_records(records, _one_file(out)), len(records), len(records))


def submit_records(out: Path, workloads: tuple[str, ...], threads: tuple[int, ...]) -> None:
    """Write the user's best records, verified once more, into one sealed file; exit with 1 if any failed."""
    people = people_console()
    _one_file(out)
    best = merge([_select(Database.user().load().records, workloads, threads)])
    fit = [r for r in best if r.search is not None and r.search.has_at_least(CANDIDATES)]
    if len(fit) < len(best):
        print_warnings(people, [f"{len(best) - len(fit)} records have fewer than {CANDIDATES} checked candidates"])
    _check_some(fit)
    with LocalMeasurer() as measurer:
        found = [verify(record, measurer) for record in fit]
    right = [item.record for item in found if item.verdict is Verdict.RIGHT]
    print_warnings(people, [f"{v.record.workload}: {v.detail}" for v in found if v.verdict is not Verdict.RIGHT])
    _check_some(right)
    _say(write_records(right, out, sealed=True), len(right), len(best))
    people.print(f"check it with: autotune db verify {out} --all", highlight=False, markup=False, soft_wrap=True)
    if len(right) < len(fit):
        sys.exit(1)


def _select(records: Sequence[Record], workloads: tuple[str, ...], threads: tuple[int, ...]) -> list[Record]:
    wanted = {workload for name in workloads for workload in _workloads(name)}
    return [
        r for r in records if (not workloads or r.workload in wanted) and (not threads or r.hardware.threads in threads)
    ]


def _workloads(name: str) -> list[Workload]:
    if name in network_names():
        return [layer.workload for layer in find_network(name).layers]
    return [parse_workload(name)]


def _one_file(out: Path) -> Path:
    if out.suffix != SUFFIX:
        raise DatabaseError(f"{out} is no name of a file of records.", legal=f"a name that ends in {SUFFIX}")
    if out.exists():
        raise DatabaseError(f"{out} is there already.", hint="choose another name, or delete it")
    return out


def _check_some(records: Sequence[Record]) -> None:
    if not records:
        raise DatabaseError(
            "there is no such record in your database.",
            hint="`autotune db list` shows it; `autotune tune` records what beats a default beyond the noise",
        )


def _say(files: Sequence[Path], kept: int, of: int) -> None:
    click.echo(f"{kept} records of {of} written to {', '.join(map(str, files))}")
