"""The commands as users see them: arguments and help. What they do is imported once the arguments are found right."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click

from autotune.cli.options import (
    Counts,
    Duration,
    Names,
    batch_option,
    bench_layers_option,
    json_option,
    layers_option,
    network_argument,
    rounds_option,
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


class _Benchmarks(click.Group):
    """The benchmarks by name, in the order they were added; each network is one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands:
            known = ", ".join(self.commands)
            raise click.BadParameter(f"there is no benchmark {args[0]!r}. Known: {known}.", ctx, param_hint="'NAME'")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Benchmarks, subcommand_metavar="NAME [ARGS]...", short_help="Measure, side by side with other libraries."
)
def bench() -> None:
    """Measure on this machine what tensorlang claims.

    The name of a network compares its layers with other libraries.
    """


def _add_network(network: str) -> None:
    @bench.command(network, short_help=f"The layers of {network}, side by side with other libraries.")
    @click.option("--threads", type=Counts(), default="1,2", show_default=True, help="Numbers of threads, as in 1,2.")
    @batch_option
    @bench_layers_option
    @rounds_option(7, "Interleaved rounds per case.")
    @json_option
    def compare(**arguments: Any) -> None:
        """Time the layers of a network side by side with other libraries.

        Every implementation computes in a process of its own, and they take turns. A ratio is the peer's time over
        ours.
        """
        _start("autotune.bench.command:bench", {"network": network, **arguments})


for _network in NETWORKS:
    _add_network(_network)


@bench.command("compile-time", short_help="How the time to compile grows with the code.")
@click.option("--programs", type=Names(), default=None, help="Only these programs, as in a,b.")
@click.option(
    "--unroll",
    type=Counts(),
    default="8,16,32,64,128,256,512",
    show_default=True,
    help="How far loops are unrolled, as in 8,64.",
)
@rounds_option(3, "Compilations of each program, of which the fastest counts.")
@json_option
def _compile_time(**arguments: Any) -> None:
    """Lower and compile programs that are unrolled ever further, and print the time per statement of their code."""
    _start("autotune.bench.compile_time_command:bench_compile_time", arguments)


@bench.command("blur", short_help="A 3x3 blur under the schedules Halide is known for, side by side with Halide.")
@click.option("--threads", type=Counts(), default="1,2", show_default=True, help="Numbers of threads, as in 1,2.")
@click.option("--schedules", type=Names(), default=None, help="Only these schedules, as in a,b.")
@click.option(
    "--size",
    type=click.IntRange(min=300),
    default=4096,
    show_default=True,
    help="Rows and columns of the image.",
)
@rounds_option(7, "Interleaved rounds per schedule.")
@json_option
def _blur(**arguments: Any) -> None:
    """Blur an image under schedules that trade parallelism, locality and redundant work, side by side with Halide.

    Halide runs the same schedules, where it is installed: pip install 'tensorlang[bench]'.
    """
    _start("autotune.bench.blur.command:bench_blur", arguments)


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


@click.command(short_help="Show a schedule and its loops, and what limits its speed.")
@click.argument("workload")
@click.option("--default", is_flag=True, help="The heuristic default, in place of the best known schedule.")
@click.option("--why", is_flag=True, help="Measure it too, and say from its machine code what limits its speed.")
@threads_option
@json_option
def show(**arguments: Any) -> None:
    """Show the best known schedule of WORKLOAD and its loops.

    WORKLOAD is NETWORK:LAYER, as in resnet50:conv1, or a workload as JSON.
    """
    _start("autotune.cli.show:show", arguments)


@click.command(short_help="Say what this machine is, what it can do, and what disturbs it.")
@json_option
def doctor(**arguments: Any) -> None:
    """Say what this machine is, what it can do at best, and what disturbs measurements."""
    _start("autotune.cli.doctor:doctor", arguments)


@click.command(short_help="Compare random programs under random schedules with the oracle.")
@click.option("--minutes", type=click.FloatRange(min=0), default=1.0, show_default=True, help="How long.")
@click.option("--seed", type=click.IntRange(min=0), help="Equal seeds give equal pairs with one job; else the time.")
@click.option("--pairs", type=click.IntRange(min=1), help="Stop when so many pairs have agreed.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Worker processes.")
@click.option(
    "--report",
    "report_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file of counts, to which this run's are added.",
)
@click.option("--case", metavar="SEED:NUMBER[:GOALS]", help="Run one case of an earlier run, and show it.")
@json_option
def fuzz(**arguments: Any) -> None:
    """Compare random programs under random legal schedules with the oracle, and print a test for what fails.

    It needs Hypothesis, which comes with the extra "fuzz".
    """
    _start("autotune.cli.fuzz:fuzz", arguments)


COMMANDS: tuple[click.Command, ...] = (tune, run, show, bench, db, doctor, fuzz)
