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
    NetworkName,
    SamplerNames,
    batch_option,
    bench_layers_option,
    json_option,
    layers_option,
    network_argument,
    rounds_option,
    threads_option,
)
from autotune.cluster.address import FORMS, ClusterAddress
from autotune.names import CASE_SETS, NETWORKS, SAMPLERS

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


@click.group(short_help="Look into the database of tuned schedules, fill it, verify and publish it.")
def db() -> None:
    """Look into the database of tuned schedules, fill it, verify and publish it."""


@db.command("list")
@json_option
def _list(**arguments: Any) -> None:
    """List the records that `autotune tune` made, those published with this package if there are any, and which
    of them a lookup on this machine answers with."""
    _start("autotune.cli.db:list_records", arguments)


@db.command("lookup")
@click.argument("workload")
@click.option("--explain", is_flag=True, help="Say of each rung why it did not answer, or what it answered.")
@threads_option
@json_option
def _lookup(**arguments: Any) -> None:
    """Print the best known schedule of WORKLOAD: NETWORK:LAYER, as in resnet50:conv1, or a workload as JSON.

    Of a NETWORK, as in resnet50, print the rung that answers for each layer.
    """
    _start("autotune.cli.db:lookup_schedule", arguments)


@db.command("fill", epilog=_KNOWN_NETWORKS)
@click.argument("networks", type=NetworkName(), metavar="[NETWORK]...", nargs=-1)
@click.option("--threads", type=Counts(), default="1,2", show_default=True, help="Numbers of threads, as in 1,2.")
@click.option(
    "--candidates",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="Checked candidates behind each record; fewer only where there are no more.",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory that gets the records; by default the user's database.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the samplers.")
@click.option("--storage", help="File or database URL of the studies; by default a file of the user's own.")
@json_option
def _fill(**arguments: Any) -> None:
    """Tune every layer of NETWORKS, of all networks by default, until each has a verified record.

    A layer gets its record whether or not anything beat its default. Layers that have one are passed over: the same
    command goes on where an earlier one was stopped, however that was. Run it in the background of an idle machine.
    """
    _start("autotune.cli.fill:fill", arguments)


_records_path = click.Path(path_type=Path)
_selection = (
    click.argument("out", type=click.Path(path_type=Path, dir_okay=False)),
    click.argument("workloads", metavar="[NETWORK|WORKLOAD]...", nargs=-1),
    click.option("--threads", type=Counts(), default=(), help="Only for these numbers of threads, as in 1,2."),
)


def _selecting(command: Any) -> Any:
    for part in reversed(_selection):
        command = part(command)
    return command


@db.command("merge")
@click.argument("sources", type=_records_path, nargs=-1, required=True)
@click.option("--out", "-o", type=_records_path, required=True, help="A file, NAME.jsonl, or a directory.")
def _merge(**arguments: Any) -> None:
    """Write the best record of each workload and machine of SOURCES, files and directories, unchanged, to --out.

    The best has the greatest speed over the baseline of its own run; times of different runs are never compared.
    """
    _start("autotune.cli.db_files:merge_databases", arguments)


@db.command("export")
@_selecting
def _export(**arguments: Any) -> None:
    """Write the records that your tuning made, or those of some workloads, into the file OUT, NAME.jsonl."""
    _start("autotune.cli.db_files:export_records", arguments)


@db.command("submit")
@_selecting
def _submit(**arguments: Any) -> None:
    """Write your best records into the file OUT, NAME.jsonl, ready for a pull request.

    Each is compared with the oracle once more. The file begins with counts, the machines and a hash of the content, by
    which `autotune db verify OUT` notices any change.
    """
    _start("autotune.cli.db_files:submit_records", arguments)


@db.command("verify")
@click.argument("paths", type=_records_path, metavar="[FILE|DIRECTORY]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All records, not only new ones and today's tenth.")
@click.option(
    "--retime",
    "retimed",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Time N records of this machine too.",
)
@click.option("--remember", is_flag=True, help="List what passed in DIRECTORY/verified.txt: it is new no longer.")
@json_option
def _verify(**arguments: Any) -> None:
    """Compare the kernels of records with the oracle; those of CPUs with other instructions are lowered only.

    By default your records and the published ones. Of a FILE all are verified, of a DIRECTORY those that are new and
    one tenth of the others, another one each day, unless all are asked for.
    """
    _start("autotune.cli.db_verify:verify_records", arguments)


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


@click.group(short_help="Compare ways of searching.")
def study() -> None:
    """Compare ways of searching for fast schedules, on this machine.

    What is measured is kept: another sampler, another seed or more candidates cost only the schedules that are new.
    """


@study.command("compare", short_help="Samplers side by side, at the same number of candidates.")
@click.argument("layers", metavar="LAYER...", nargs=-1, required=True)
@click.option("--trials", type=click.IntRange(min=1), default=64, show_default=True, help="Candidates of a search.")
@click.option(
    "--samplers", type=SamplerNames(), default=",".join(SAMPLERS), show_default=True, help="Which, as in tpe,random."
)
@click.option(
    "--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Searches of each, seeded 0 up."
)
@click.option("--transfer", is_flag=True, help="Each sampler also starting from what it found for the LAYERs before.")
@click.option(
    "--within",
    type=click.FloatRange(min=0, max=50),
    default=3.0,
    show_default=True,
    help="Count the candidates needed to come so near the fastest schedule known, in percent.",
)
@threads_option
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw the curves into this SVG file.")
@json_option
def _compare(**arguments: Any) -> None:
    """Search for each LAYER with several samplers, and print how good the best is after 1, 2, 4... candidates.

    A LAYER is NETWORK:LAYER, as in resnet50:conv4_3x3, or a workload as JSON. Searches start from the heuristic default
    alone, and earlier records are not used.
    """
    _start("autotune.cli.study:compare", arguments)


@study.command("exhaust", short_help="Measure a small space whole, and what the pre-filter rejects of it.")
@click.argument("layer")
@click.option("--knobs", type=Names(), default=(), help="Vary these knobs alone, as in a,b.")
@click.option("--most", type=click.IntRange(min=1), default=500, show_default=True, help="Points not to be exceeded.")
@threads_option
@json_option
def _exhaust(**arguments: Any) -> None:
    """Measure every legal point for LAYER, and say whether the pre-filter would have rejected the fastest.

    LAYER is NETWORK:LAYER or a workload as JSON. The exit code is 1 if
    all points within 1 % of the fastest are rejected.
    """
    _start("autotune.cli.study:exhaust", arguments)


COMMANDS: tuple[click.Command, ...] = (tune, run, show, bench, db, study, doctor, fuzz)
