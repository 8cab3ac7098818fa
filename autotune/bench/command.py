"""What the `autotune bench` command does."""

from __future__ import annotations

import os
import sys

from autotune.bench.case import Case
from autotune.bench.document import make_document
from autotune.bench.implementations import DEFAULT, PEERS, TUNED, require_installed
from autotune.bench.run import run_comparison
from autotune.bench.table import print_comparison
from autotune.cli.output import people_console, print_json, print_warnings, result_console
from autotune.cli.steps import Steps
from autotune.measure.slot import measuring_slot
from autotune.networks import Network, describe_layers, find_network
from schedules import Database, Hardware
from tensorlang.nn.codec import encode

_BUSY = 0.5  # runnable processes; one of them takes a whole CPU from whoever has its turn


def bench(
    network: str, threads: tuple[int, ...], batch: int, layers: tuple[str, ...], rounds: int, as_json: bool
) -> None:
    """Compare the layers of a network, print the result and exit: 0 if every implementation computed every case."""
    people = people_console()
    chosen = _choose(find_network(network, batch), layers)
    require_installed(PEERS)
    cases = _make_cases(chosen, batch, rounds)
    load = os.getloadavg()[0]  # before measuring adds to it
    if load > _BUSY:
        print_warnings(people, [f"the machine is busy (load {load:.1f}): ratios will be noisy"])
    people.print(f"comparing {describe_layers(chosen.layers)}, of {chosen.name}", markup=False, highlight=False)
    with measuring_slot(Database.user().directory.parent):
        with Steps(people, len(cases) * len(threads)) as steps:
            comparison = run_comparison(cases, (DEFAULT, TUNED, *PEERS), threads, rounds, steps.begin)
    document = make_document(comparison)
    print_comparison(result_console(as_json), comparison, document)
    if as_json:
        print_json({**document, "hardware": encode(Hardware.here(max(threads))), "load_before": load})
    if comparison.failures:
        sys.exit(1)


def _choose(network: Network, layers: tuple[str, ...]) -> Network:
    """The named layers; without names the convolutions, as that is what the peers' figures are known for."""
    if layers or not network.convolutions:
        return network.select(layers)
    return network.select([layer.name for layer in network.convolutions])


def _make_cases(network: Network, batch: int, rounds: int) -> list[Case]:
    command = f"autotune bench {network.name} --batch {batch} --rounds {rounds} --layers"
    return [Case(layer.name, layer.workload, f"{command} {layer.name}") for layer in network.layers]
