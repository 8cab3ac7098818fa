"""What the `autotune db fill` command does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from autotune.checkup import load_warnings
from autotune.cli.output import people_console, print_json, print_warnings
from autotune.filling.report import FillingLog, to_lines
from autotune.filling.session import fill_database
from autotune.networks import find_network, network_names
from autotune.session import check_threads
from tensorlang.codegen import host_target

_STOPPED = 130  # what shells give for a command that Ctrl-C ended


def fill(
    networks: tuple[str, ...],
    threads: tuple[int, ...],
    candidates: int,
    into: Path | None,
    seed: int,
    storage: str | None,
    as_json: bool,
) -> None:
    """Fill the database, log each record to stderr, print counts and exit: 0 if no record is missing."""
    print_warnings(people_console(), load_warnings(os.getloadavg()[0], host_target().cores))
    filled = fill_database(
        [find_network(name) for name in networks or network_names()],
        threads=[check_threads(count) for count in threads],
        candidates=candidates,
        into=into,
        seed=seed,
        storage_url=storage,
        listener=FillingLog(lambda line: click.echo(line, err=True)),
    )
    if as_json:
        print_json(filled.summary)
    for line in to_lines(filled.summary):
        click.echo(line, err=as_json)
    if filled.interrupted:
        sys.exit(_STOPPED)
    if not filled.is_complete:
        sys.exit(1)
