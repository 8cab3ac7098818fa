"""The `autotune db` commands: what the database of tuned schedules holds and answers."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from autotune.cli.options import json_option, threads_option
from autotune.cli.output import people_console, print_json, print_warnings
from autotune.networks import find_network, network_names
from schedules import Database, Found, Record, lookup
from tensorlang.errors import DatabaseError
from tensorlang.nn import Workload, workload_from_json


@click.group()
def db() -> None:
    """Look into the database of tuned schedules."""


@db.command("list")
@json_option
def list_records(as_json: bool) -> None:
    """List the records of the user's database and of the published one."""
    people = people_console()
    table = Table("database", "workload", "hardware", "threads", "best ms", "gain", "date")
    rows, problems = [], []
    for name, database in (("user", Database.user()), ("published", Database.shipped())):
        contents = database.load()
        problems += [str(problem) for problem in contents.problems]
        for record in contents.records:
            rows.append({"database": name, **_record_data(record)})
            table.add_row(name, *_record_cells(record))
    people.print(table if rows else "no records yet; `autotune tune` makes them", markup=False)
    print_warnings(people, problems)
    if as_json:
        print_json({"records": rows, "problems": problems})


@db.command("lookup")
@click.argument("workload")
@threads_option
@json_option
def lookup_schedule(workload: str, threads: int | None, as_json: bool) -> None:
    """Print the best known schedule of WORKLOAD: NETWORK:LAYER, or a workload as JSON."""
    found = lookup(_parse_workload(workload), threads=threads)
    people = people_console()
    print_warnings(people, Database.user().load().problems)
    people.print(found.explanation, highlight=False, markup=False)
    if as_json:
        print_json(_found_data(found))
    else:
        click.echo(found.schedule.source())


def _parse_workload(text: str) -> Workload:
    if text.lstrip().startswith("{"):
        return workload_from_json(text)
    network, colon, layer = text.partition(":")
    if not colon:
        raise DatabaseError(
            f"{text!r} names no workload.",
            legal="NETWORK:LAYER | JSON",
            hint=f"for example {network_names()[0]}:{find_network(network_names()[0]).layers[0].name}",
        )
    return find_network(network).select((layer,)).layers[0].workload


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
        f"{record.timing.speedup:.2f}x",
        record.provenance.get("date", "")[:10],
    )
