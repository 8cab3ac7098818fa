"""The commands as users see them: arguments and help. What they do is imported once the arguments are found right."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import click

from autotune.cli.options import (
    CaseSetName,
    Cluster,
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
from autotune.cluster.address import FORMS, ClusterAddress
from autotune.names import CASE_SETS, NETWORKS

_KNOWN_NETWORKS = f"Networks: {', '.join(NETWORKS)}."


def _start(place: str, arguments: dict[str, Any]) -> None:
    """Call the function at ``module:name``: neither `--help` nor a mistyped name waits for compiler and tuner."""
    module, name = place.split(":")
    getattr(importlib.import_module(module), name)(**arguments)


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ValueError:  # barred from being imported
        return False


def _check_extra(extra: str, modules: tuple[str, ...]) -> None:
    """Refuse an option whose packages are not installed, by the name of the extra that brings them."""
    missing = [module for module in modules if not _is_installed(module)]
    if missing:
        raise click.ClickException(f"{', '.join(missing)} not installed: pip install 'tensorlang[{extra}]'")


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
@click.option(
    "--cluster",
    type=Cluster(),
    metavar="ADDRESS",
    help=f"Measure on the machines of a Dask cluster: {FORMS}. Needs tensorlang[distributed].",
)
@json_option
def tune(cluster: ClusterAddress | None, **arguments: Any) -> None:
    """Tune the layers of NETWORK, and keep the schedules that win in the user's database.

    The same command goes on where an earlier one stopped, by the clock, by Ctrl-C or otherwise.
    """
    if cluster is None:
        _start("autotune.cli.tune:tune", arguments)
    else:
        _check_extra("distributed", ("dask", "distributed", "dask_jobqueue"))
        _start("autotune.cli.cluster:tune", {"cluster": cluster, **arguments})


@click.command(epilog=_KNOWN_NETWORKS, short_help="Time the layers of a network with the best known schedules.")
@network_argument
@threads_option
@batch_option
@layers_option
@json_option
def run(**arguments: Any) -> None:
    """Time each layer of NETWORK with the best known schedule, beside the heuristic default."""
    _start("autotune.cli.run:run", arguments)


class _Comparison(click.Command):
    """A comparison of case sets; the first word may name another benchmark instead, which has its own options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.others: dict[str, click.Command] = {}

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        other = self.others.get(args[0]) if args else None
        if other is None:
            return super().make_context(info_name, args, parent, **extra)
        return other.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        return super().invoke(ctx) if ctx.command is self else ctx.command.invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Cases"):
            formatter.write_dl([*CASE_SETS.items(), ("NETWORK", f"layers of {', '.join(NETWORKS)}")])
        with formatter.section("Other benchmarks, with options of their own"):
            formatter.write_dl([(name, other.get_short_help_str()) for name, other in self.others.items()])


@click.command(cls=_Comparison, short_help="Measure, side by side with other libraries.")
@click.argument("cases", type=CaseSetName(), nargs=-1)
@click.option("--threads", type=Counts(), default="1,2", show_default=True, help="Numbers of threads, as in 1,2.")
@click.option(
    "--peers",
    type=Names(),
    default=None,
    help="Compare with these libraries alone, as in onnxruntime,mkl. By default with all that are installed.",
)
@batch_option
@bench_layers_option
@rounds_option(7, "Interleaved rounds per case.")
@click.option(
    "--results",
    "results_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the results into this Markdown file too; what it says of other case sets is kept.",
)
@json_option
def bench(**arguments: Any) -> None:
    """Time the layers of CASES side by side with other libraries, on this machine.

    Every implementation computes in a process of its own, and they take turns. A ratio is the peer's time over ours.
    CASES are names of case sets and networks; without any, all case sets that are no networks.
    """
    _start("autotune.bench.command:bench", arguments)


@click.command("compile-time", short_help="How the time to compile grows with the code.")
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


@click.command("blur", short_help="A 3x3 blur under the schedules Halide is known for, side by side with Halide.")
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


bench.others = {str(other.name): other for other in (_compile_time, _blur)}


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
