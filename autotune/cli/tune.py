"""The `autotune tune` command."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from rich.console import Console

from autotune.checkup import load_warnings
from autotune.cli.output import people_console, print_json, print_table, print_warnings, result_console
from autotune.cli.progress import ProgressDisplay
from autotune.duration import format_duration
from autotune.networks import find_network
from autotune.report import to_data, to_table
from autotune.results import NetworkResult
from autotune.session import check_threads, tune_network
from schedules import Database
from tensorlang.codegen import host_target

STOPPED = 130
"""Exit code that shells give for a command that Ctrl-C ended."""


def tune(
    network: str,
    budget: float,
    threads: int | None,
    batch: int,
    layers: tuple[str, ...],
    seed: int,
    storage: str | None,
    as_json: bool,
) -> None:
    """Tune a network, show progress, print the result and exit: 0 if any layer was timed."""
    people = people_console()
    chosen = find_network(network, batch).select(layers)
    count = check_threads(threads)
    print_warnings(people, load_warnings(os.getloadavg()[0], host_target().cores))
    print_warnings(people, Database.user().load().problems)
    set_aside = Database.user().set_aside()
    resume = resume_command(network, budget, count, batch, layers, seed, storage)
    with resumable(people, resume) as display:
        result = tune_network(chosen, budget_s=budget, threads=count, seed=seed, storage_url=storage, listener=display)
    new = sorted(Database.user().set_aside() - set_aside)
    print_warnings(people, [f"a file that held no record was set aside, unchanged, as {path}" for path in new])
    print_table(result_console(as_json), to_table(result))
    say_how_to_go_on(people, resume)
    if as_json:
        print_json(to_data(replace(result, resume=resume)))
    exit_for([result])


@contextmanager
def resumable(people: Console, resume: str) -> Iterator[ProgressDisplay]:
    """Show progress; Ctrl-C ends the command, and the one that goes on is printed."""
    try:
        with ProgressDisplay(people) as display:
            yield display
    except KeyboardInterrupt:
        say_how_to_go_on(people, resume)
        sys.exit(STOPPED)


def exit_for(results: Sequence[NetworkResult]) -> None:
    """Exit as a run of tuning should: 0 if it was not interrupted and any layer was timed."""
    if any(result.interrupted for result in results):
        sys.exit(STOPPED)
    if not any(result.timed for result in results):
        sys.exit(1)


def say_how_to_go_on(people: Console, resume: str) -> None:
    """Print the command that goes on."""
    people.print(f"to go on: {resume}", highlight=False, markup=False, soft_wrap=True)


def resume_command(
    network: str,
    budget_s: float,
    threads: int | None,
    batch: int,
    layers: tuple[str, ...],
    seed: int,
    storage: str | None,
    cluster: str | None = None,
) -> str:
    """Return the command that goes on where this one stops."""
    words = ["autotune", "tune", network, "--budget", format_duration(budget_s)]
    words += ["--cluster", cluster] if cluster else []
    words += ["--threads", str(threads)] if threads else []
    if batch != 1:
        words += ["--batch", str(batch)]
    words += ["--layers", ",".join(layers)] if layers else []
    words += ["--seed", str(seed)] if seed else []
    words += ["--storage", storage] if storage else []
    return shlex.join(words)
