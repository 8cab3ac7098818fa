"""What the `autotune run` command does."""

from __future__ import annotations

import sys

from autotune.cli.output import people_console, print_json, print_table, result_console
from autotune.cli.steps import Steps
from autotune.networks import find_network
from autotune.report import to_data, to_table
from autotune.session import check_threads, run_network


def run(network: str, threads: int | None, batch: int, layers: tuple[str, ...], as_json: bool) -> None:
    """Time the layers of a network, print the result and exit: 0 if every layer was timed."""
    chosen = find_network(network, batch).select(layers)
    count = check_threads(threads)
    with Steps(people_console(), len(chosen.layers)) as steps:
        result = run_network(chosen, count, lambda layer: steps.begin(layer.name))
    print_table(result_console(as_json), to_table(result))
    if as_json:
        print_json(to_data(result))
    if len(result.timed) < len(result.layers):
        sys.exit(1)
