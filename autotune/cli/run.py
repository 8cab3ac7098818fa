"""What the `autotune run` command does."""

from __future__ import annotations

import os
import sys

from autotune.checkup import load_warnings
from autotune.cli.output import people_console, print_json, print_table, print_warnings, result_console
from autotune.cli.steps import Steps
from autotune.networks import find_network
from autotune.report import to_data, to_reproduction_table, to_table
from autotune.session import check_threads, run_network
from tensorlang.codegen import host_target


def run(network: str, threads: int | None, batch: int, layers: tuple[str, ...], as_json: bool) -> None:
    """Time the layers of a network, print the result and exit: 0 if every layer was timed."""
    chosen = find_network(network, batch).select(layers)
    count = check_threads(threads)
    people = people_console()
    print_warnings(people, load_warnings(os.getloadavg()[0], host_target().cores))
    with Steps(people, len(chosen.layers)) as steps:
        result = run_network(chosen, count, lambda layer: steps.begin(layer.name))
    console = result_console(as_json)
    print_table(console, to_table(result))
    if (records := to_reproduction_table(result)) is not None:
        print_table(console, records)
    if as_json:
        print_json(to_data(result))
    if len(result.timed) < len(result.layers):
        sys.exit(1)
