"""The `autotune bench` command."""

from __future__ import annotations

import os
import sys
from itertools import chain

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from autotune.bench.case import Case
from autotune.bench.document import make_document
from autotune.bench.implementations import DEFAULT, PEERS, TUNED, require_installed
from autotune.bench.result import Comparison
from autotune.bench.run import run_comparison
from autotune.bench.table import print_comparison
from autotune.cli.options import batch_option, json_option
from autotune.cli.output import people_console, print_json
from autotune.measure.slot import measuring_slot
from autotune.networks import Network, find_network
from schedules import Database, Hardware
from tensorlang.nn.codec import encode

_ALL = "all"
_BUSY = 0.5  # runnable processes; one of them takes a whole CPU from whoever has its turn


class _Names(click.ParamType[tuple[str, ...]]):
    """Names separated by commas."""

    name = "names"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(name for name in str(value).replace(" ", "").split(",") if name)


class _Counts(click.ParamType[tuple[int, ...]]):
    """Positive integers separated by commas."""

    name = "counts"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        names = _Names().convert(value, param, ctx)
        if not names or not all(name.isdecimal() and int(name) > 0 for name in names):
            self.fail(f"{value!r} is not a list of numbers >= 1, as in 1,2", param, ctx)
        return tuple(dict.fromkeys(map(int, names)))


def _flatten(ctx: click.Context, param: click.Parameter, value: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    return tuple(chain.from_iterable(value))


@click.command()
@click.argument("network")
@click.option("--threads", type=_Counts(), default="1,2", show_default=True, help="Numbers of threads, as in 1,2.")
@batch_option
@click.option(
    "--layers",
    "--layer",
    type=_Names(),
    multiple=True,
    callback=_flatten,
    help="Only these layers, as in a,b; 'all' for all of them. By default the convolutions.",
)
@click.option("--rounds", type=click.IntRange(min=1), default=7, show_default=True, help="Interleaved rounds per case.")
@json_option
def bench(
    network: str, threads: tuple[int, ...], batch: int, layers: tuple[str, ...], rounds: int, as_json: bool
) -> None:
    """Time the layers of NETWORK side by side with other libraries.

    Every implementation computes in a process of its own, and they take turns. A ratio is the peer's time over ours.
    """
    people = people_console()
    require_installed(PEERS)
    cases = _make_cases(find_network(network, batch), batch, layers, rounds)
    load = os.getloadavg()[0]  # before measuring adds to it
    if load > _BUSY:
        people.print(f"warning: the machine is busy (load {load:.1f}): ratios will be noisy", style="yellow")
    with measuring_slot(Database.user().directory.parent):
        comparison = _run_with_progress(people, cases, threads, rounds)
    document = make_document(comparison)
    print_comparison(people, comparison, document)
    if as_json:
        print_json({**document, "hardware": encode(Hardware.here(max(threads))), "load_before": load})
    if comparison.failures:
        sys.exit(1)


def _make_cases(network: Network, batch: int, layers: tuple[str, ...], rounds: int) -> list[Case]:
    if layers == (_ALL,):
        chosen = network.layers
    elif layers:
        chosen = network.select(layers).layers
    else:
        chosen = network.convolutions or network.layers
    command = f"autotune bench {network.name} --batch {batch} --rounds {rounds} --layers"
    return [Case(layer.name, layer.workload, f"{command} {layer.name}") for layer in chosen]


def _run_with_progress(people: Console, cases: list[Case], threads: tuple[int, ...], rounds: int) -> Comparison:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Redrawn only between cases: nothing else may run while an implementation has its turn.
    with Progress(*columns, console=people, auto_refresh=False) as progress:
        task = progress.add_task("starting", total=len(cases) * len(threads))
        begun = 0

        def notify(case: str) -> None:
            nonlocal begun
            progress.update(task, description=case, completed=begun, refresh=True)
            begun += 1

        found = run_comparison(cases, (DEFAULT, TUNED, *PEERS), threads, rounds, notify)
        progress.update(task, description="done", completed=begun, refresh=True)
    return found
