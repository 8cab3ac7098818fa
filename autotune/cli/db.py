"""What the `autotune db` commands do: say what the database of tuned schedules holds and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from rich import box
from rich.table import Table

from autotune.cli.output import people_console, print_json, print_table, print_warnings, result_console
from autotune.networks import find_network, network_names
from autotune.workload_names import parse_workload
from schedules import Database, Explanation, Record, lookup
from schedules import explain as explain_lookup

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


def lookup_schedule(workload: str, explain: bool, threads: int | None, as_json: bool) -> None:
    """Print the best known schedule of a workload, and to stderr where it came from; of a network, only the latter."""
    people = people_console()
    print_warnings(people, Database.user().load().problems)
    if workload in network_names():
        _lookup_network(workload, explain, threads, as_json)
        return
    answer = explain_lookup(parse_workload(workload), threads=threads)
    for line in answer.to_lines() if explain else [answer.found.explanation]:
        people.print(line, highlight=False, markup=False, soft_wrap=True)
    if as_json:
        print_json(_found_data(answer))
    else:
        click.echo(answer.found.schedule.source())


def _lookup_network(name: str, explain: bool, threads: int | None, as_json: bool) -> None:
    answers = {x.name: explain_lookup(x.workload, threads=threads) for x in find_network(name).layers}
    for layer, answer in answers.items():
        click.echo(f"{layer}: {answer.found.explanation}", err=as_json)
        for line in answer.to_lines()[:-1] if explain else ():
            click.echo(f"    {line}", err=as_json)
    if as_json:
        print_json({"network": name, "layers": {layer: _found_data(answer) for layer, answer in answers.items()}})


def _found_data(answer: Explanation) -> dict[str, Any]:
    found = answer.found
    return {
        "workload": found.layer.workload.to_data(),
        "rung": str(found.rung),
        "explanation": found.explanation,
        "rungs": {str(rung): text for rung, text in answer.steps},
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
