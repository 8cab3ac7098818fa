"""The commands as users see them: arguments and help. What they do is imported once the arguments are found right."""

from __future__ import annotations

import importlib
from typing import Any

import click

from autotune.cli.options import (
    Counts,
    Duration,
    batch_option,
    bench_layers_option,
    json_option,
    layers_option,
    network_argument,
    threads_option,
)
from autotune.names import NETWORKS

_KNOWN_NETWORKS = f"Networks: {', '.join(NETWORKS)}."


def _start(place: str, arguments: dict[str, Any]) -> None:
    """Call the function at ``module:name``: neither `--help` nor a mistyped name waits for compiler and tuner."""
    module, name = place.split(":")
    getattr(importlib.import_module(module), name)(**arguments)


@click.command(epilog=_KNOWN_NETWORKS, short_help="Tune the layers of a network within a budget.")
@network_argument
@click.option(
    "--budget",
    type=Duration(),
    default="10m",
    show_default=True,
    help="Wall-clock time to spend, in hours, minutes and seconds: 90s, 10m, 1h30m; a number alone is seconds.",
)
@threads_option
@batch_option
@layers_option
@click.option("--seed", type=int, default=0, show_default=True, help="Of the samplers.")
@click.option("--storage", help="File or database URL of the studies; by default a file of the user's own.")
@json_option
def tune(**arguments: Any) -> None:
    """Tune the layers of NETWORK, and keep the schedules that win in the user's database.

    The same command goes on where an earlier one stopped, by the clock, by Ctrl-C or otherwise.
    """
    _start("autotune.cli.tune:tune", arguments)


@click.command(epilog=_KNOWN_NETWORKS, short_help="Time the layers of a network with the best known schedules.")
@network_argument
@threads_option
@batch_option
@layers_option
@json_option
def run(**arguments: Any) -> None:
    """Time each layer of NETWORK with the best known schedule, beside the heuristic default."""
    _start("autotune.cli.run:run", arguments)


@click.command(epilog=_KNOWN_NETWORKS, short_help="Time the layers of a network side by side with other libraries.")
@network_argument
@click.option("--threads", type=Counts(), default="1,2", show_default=True, help="Numbers of threads, as in 1,2.")
@batch_option
@bench_layers_option
@click.option("--rounds", type=click.IntRange(min=1), default=7, show_default=True, help="Interleaved rounds per case.")
@json_option
def bench(**arguments: Any) -> None:
    """Time the layers of NETWORK side by side with other libraries.

    Every implementation computes in a process of its own, and they take turns. A ratio is the peer's time over ours.
    """
    _start("autotune.bench.command:bench", arguments)


@click.group(short_help="Look into the database of tuned schedules.")
def db() -> None:
    """Look into the database of tuned schedules."""


@db.command("list")
@json_option
def _list(**arguments: Any) -> None:
    """List the records that `autotune tune` made, those published with this package if there are any, and which
    of them a lookup on this machine answers with."""
    _start("autotune.cli.db:list_records", arguments)


@db.command("lookup")
@click.argument("workload")
@threads_option
@json_option
def _lookup(**arguments: Any) -> None:
    """Print the best known schedule of WORKLOAD: NETWORK:LAYER, as in resnet50:conv1, or a workload as JSON."""
    _start("autotune.cli.db:lookup_schedule", arguments)


@click.command(short_help="Say what this machine is, what it can do, and what disturbs it.")
@json_option
def doctor(**arguments: Any) -> None:
    """Say what this machine is, what it can do at best, and what disturbs measurements."""
    _start("autotune.cli.doctor:doctor", arguments)


COMMANDS: tuple[click.Command, ...] = (tune, run, bench, db, doctor)
