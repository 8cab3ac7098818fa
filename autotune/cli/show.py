"""What the `autotune show` command does: a schedule with its loops, and why it is as fast as it is."""

from __future__ import annotations

from typing import Any

import click

from autotune.analysis import compile_found, measure_found
from autotune.cli.output import people_console, print_json
from autotune.measure.exclusive import exclusive_measurer
from autotune.session import check_threads
from autotune.workload_names import parse_workload
from schedules import Found, lookup
from tensorlang.inspection import analyse, explain, find_limit, loop_nest


def show(workload: str, threads: int | None, default: bool, why: bool, as_json: bool) -> None:
    """Print the schedule of a workload and its loops; if `why`, also measure it and say what limits it."""
    count = check_threads(threads)
    found = lookup(parse_workload(workload), threads=count, databases=() if default else None)
    people = people_console()
    people.print(found.explanation, highlight=False, markup=False)
    nest = loop_nest(found.layer.output, found.schedule, shape=found.layer.shape)
    data: dict[str, Any] = {
        "workload": found.layer.workload.to_data(),
        "rung": str(found.rung),
        "threads": count,
        "schedule": found.schedule.to_json(),
        "loop_nest": nest,
    }
    if not as_json:
        click.echo(found.schedule.source())
        click.echo(f"\n{nest}")
    if why:
        data["why"] = _why(found, count, as_json)
    if as_json:
        print_json(data)


def _why(found: Found, threads: int, as_json: bool) -> dict[str, Any]:
    people_console().print("measuring ...")
    with exclusive_measurer() as measurer:
        measured = measure_found(found, threads, measurer)
    kernel = compile_found(found)
    if as_json:
        analysis = analyse(kernel, threads=threads, measured=measured)
        return {**analysis.to_data(), "limited_by": find_limit(analysis)}
    click.echo(f"\n{explain(kernel, threads=threads, measured=measured)}")
    return {}
