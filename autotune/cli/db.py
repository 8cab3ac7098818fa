"""What the `autotune db` commands do: say what the database of tuned schedules holds and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from rich import box
from rich.table import Table

from autotune.cli.output import people_console, print_json, print_table, print_warnings, result_console
from autotune.workload_names import parse_workload
from schedules import Database, Found, Record, lookup

_CAPTION = "answers: what a lookup of that workload with as many threads takes on this machine"


def list_records(as_json: bool) -> None:
    """Print the records of the user's database and of the published one, those of a workload together."""
    rows, problems = [], []
    for name, database in (("user", Database.user()), ("published", Database.shipped())):
        contents = database.load()
        problems += [str(problem) for problem in contents.problems]
        rows += [(name, record) for record in contents.records]
    rows.sort(key=lambda row: (str(row[1].workload), row[1].hardware.class_name, row[1].hardware.threads))
    answers = [_answers(record) for _, record in rows]
    people, results = people_console(), result_console(as_json)
    if rows:
        print_table(results, _to_table(rows, answers))
    else:
        results.print("no records yet; `autotune tune` makes them", markup=False, highlight=False)
    print_warnings(people, problems)
    if as_json:
        records = [
            {"database": name, **_record_data(record), "answers": is_answer}
            for (name, record), is_answer in zip(rows, answers, strict=True)
        ]
        print_json({"records": records, "problems": problems})


def _answers(record: Record) -> bool:
    """True if a lookup on this machine answers with this record for its own workload and number of threads."""
    return lookup(record.workload, threads=record.hardware.threads).record == record


def _to_table(rows: Sequence[tuple[str, Record]], answers: Sequence[bool]) -> Table:
    table = Table(
        *("database", "workload", "hardware", "threads", "best ms", "gain", "date", "answers"),
        caption=_CAPTION if not all(answers) else None,
        caption_justify="left",
        box=box.SIMPLE,
        show_edge=False,
    )
    for (name, record), is_answer in zip(rows, answers, strict=True):
        table.add_row(name, *_record_cells(record), "yes" if is_answer else "no")
    return table


def lookup_schedule(workload: str, threads: int | None, as_json: bool) -> None:
    """Print the best known schedule of a workload, and to stderr where it came from."""
    found = lookup(parse_workload(workload), threads=threads)
    people = people_console()
    print_warnings(people, Database.user().load().problems)
    people.print(found.explanation, highlight=False, markup=False)
    if as_json:
        print_json(_found_data(found))
    else:
        click.echo(found.schedule.source())


def _found_data(found: Found) -> dict[str, Any]:
    return {
        "workload": found.layer.workload.to_data(),
        "rung": str(found.rung),
        "explanation": found.explanation,
        "family": found.family,
        "knobs": dict(found.knobs),
        "schedule": found.schedule.to_json(),
        "record": _record_data(found.record) if found.record else None,
    }


def _record_data(record: Record) -> dict[str, Any]:
    return {
        "workload": record.workload.to_data(),
        "hardware": record.hardware.class_name,
        "threads": record.hardware.threads,
        "best_ms": 1e-6 * min(record.timing.samples_ns),
        "speedup": record.timing.speedup,
        "knobs": dict(record.knobs),
        "provenance": dict(record.provenance),
    }


def _record_cells(record: Record) -> tuple[str, ...]:
    return (
        str(record.workload),
        record.hardware.class_name,
        str(record.hardware.threads),
        f"{1e-6 * min(record.timing.samples_ns):.3f}",
        f"{record.timing.speedup:.2f}x" if record.timing.speedup > 1 else "default kept",
        record.provenance.get("date", "")[:10],
    )
