"""The `autotune run` command."""

from __future__ import annotations

import sys

import click

from autotune.cli.options import batch_option, json_option, layer_option, threads_option
from autotune.cli.output import people_console, print_json
from autotune.networks import NetworkLayer, find_network
from autotune.report import to_data, to_table
from autotune.session import check_threads, run_network


@click.command()
@click.argument("network")
@threads_option
@batch_option
@layer_option
@json_option
def run(network: str, threads: int | None, batch: int, layers: tuple[str, ...], as_json: bool) -> None:
    """Time each layer of NETWORK with the best known schedule, beside the heuristic default."""
    people = people_console()
    chosen = find_network(network, batch).select(layers)
    done = 0

    def notify(layer: NetworkLayer) -> None:
        nonlocal done
        done += 1
        people.print(f"{done}/{len(chosen.layers)} {layer.name}", highlight=False)

    result = run_network(chosen, check_threads(threads), notify)
    people.print(to_table(result))
    if as_json:
        print_json(to_data(result))
    if len(result.timed) < len(result.layers):
        sys.exit(1)
