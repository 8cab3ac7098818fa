"""A comparison as tables for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich import box
from rich.console import Console
from rich.table import Table

from autotune.bench.figures import Document
from autotune.bench.implementations import DEFAULT, TUNED
from autotune.bench.result import Comparison
from autotune.bench.rows import NOTHING, Row, case_sets_of, command_of_one, make_rows, peers_of
from autotune.cli.output import print_table

_CAPTION = (
    "medians over the rounds; ratios are the fastest peer's time over ours: above 1 is faster than the peer;\n"
    "A/A is the same ratio of our default, run by a second process, to itself: what it is off 1 by is noise;\n"
    "a case alone: {}"
)


def print_comparison(console: Console, comparison: Comparison, document: Document) -> None:
    """Print one table per case set and number of threads, then the summary of `document`, then the failures."""
    for case_set in case_sets_of(comparison):
        for threads in sorted(comparison.facts):
            rows = make_rows(comparison, case_set, threads)
            if rows:
                print_table(console, _make_table(rows, case_set, threads))
    for line in summary_lines(document["summary"]):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for failure in comparison.failures:
        where = f"{failure.case.name}, threads {failure.threads}, {failure.implementation.label}"
        console.print(f"failed: {where}: {failure.reason}", style="red", markup=False, soft_wrap=True)


def _make_table(rows: list[Row], case_set: str, threads: int) -> Table:
    title = f"{case_set}, threads: {threads}, {len(rows)} distinct layer{'s' * (len(rows) != 1)}"
    caption = _CAPTION.format(command_of_one(rows, threads)).replace("[", r"\[")
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left", box=box.SIMPLE)
    columns = _columns(rows)
    table.add_column("case", no_wrap=True)
    for heading in columns:
        table.add_column(heading.replace("[", r"\["), justify="right")
    for row in rows:
        table.add_row(row.case.name, *(cell(row) for cell in columns.values()))
    return table


def _columns(rows: list[Row]) -> dict[str, Callable[[Row], str]]:
    columns: dict[str, Callable[[Row], str]] = {
        "default [ms]": lambda row: row.ms(DEFAULT.label),
        "tuned [ms]": lambda row: row.ms(TUNED.label),
    }
    for peer in peers_of(rows):
        columns[f"{peer} [ms]"] = _ms_of(peer)
    columns["GFLOP/s"] = Row.gflops
    columns["% of peak"] = Row.peak_percent
    if any(row.bandwidth_percent() != NOTHING for row in rows):
        columns["% of bandwidth"] = Row.bandwidth_percent
    columns["default ratio"] = lambda row: row.least_ratio("default")
    columns["tuned ratio"] = lambda row: row.least_ratio("tuned")
    columns["spread %"] = Row.spread_percent
    columns["A/A"] = Row.noise_ratio
    return columns


def _ms_of(label: str) -> Callable[[Row], str]:
    return lambda row: row.ms(label)


def summary_lines(summary: Document) -> Iterator[str]:
    """The figures of each case set and number of threads in sentences, a line each, and then those of the run."""
    for case_set, figures in summary["by_case_set"].items():
        for threads, group in figures["by_threads"].items():
            yield from _group_lines(f"{case_set}, threads {threads}", group)
    yield from _machine_lines(summary)
    yield from kernel_lines(summary)


def _group_lines(where: str, group: Document) -> Iterator[str]:
    for kind in ("default", "tuned"):
        text = "; ".join([*_ratio_parts(group[kind]), *_share_parts(group[kind])])
        if text:
            yield f"{where}, {kind}: {text}"
    if group["default_vs_tuned"] is not None:
        yield f"{where}: the default runs at {group['default_vs_tuned']:.3f} of the tuned speed (geometric mean)"
    noise = group["noise"]
    if noise:
        yield (
            f"{where}: A/A median {noise['median']:.3f}, quartiles {noise['low']:.3f} to {noise['high']:.3f}, "
            f"extremes {noise['least']:.3f} to {noise['greatest']:.3f}"
        )


def _ratio_parts(figures: Document) -> Iterator[str]:
    means = [f"{value:.3f} of {name}'s speed" for name, value in figures["geomean_vs"].items()]
    if not means:
        return
    if len(means) > 1:
        means.append(f"{figures['geomean_vs_best']:.3f} of the fastest peer's")
    yield f"geometric mean {', '.join(means)}"
    if figures["geomean_vs_best_credited"] != figures["geomean_vs_best"]:
        yield f"{figures['geomean_vs_best_credited']:.3f} where a layer near the FMA peak counts as 1.10"
    yield f"worst {figures['worst']['ratio']:.2f} ({figures['worst']['case']})"


def _share_parts(figures: Document) -> Iterator[str]:
    for name, what in (
        ("share_of_fma_peak", "of the FMA peak (geometric mean)"),
        ("share_of_fma_peak_of_largest", "of it at least on the ten largest convolutions"),
        ("share_of_read_bandwidth", "of the read bandwidth at least"),
    ):
        if figures[name] is not None:
            yield f"{100 * figures[name]:.0f} % {what}"


def _machine_lines(summary: Document) -> Iterator[str]:
    for threads, peak in summary["fma_peak_gflops_by_threads"].items():
        bandwidth = summary["read_bandwidth_gbs_by_threads"][threads]
        if peak is not None and bandwidth is not None:
            yield f"this machine, threads {threads}: FMA peak {peak:.0f} GFLOP/s, read bandwidth {bandwidth:.1f} GB/s"


def kernel_lines(summary: Document) -> Iterator[str]:
    """What kernels of the run cost beside their own time, a line each."""
    if summary["build_s"]:
        build = summary["build_s"]
        yield f"lowering and compilation: median {build['median']:.2f} s, longest {build['max']:.2f} s"
    if summary["cached_ready_ms"]:
        ready = summary["cached_ready_ms"]
        yield f"ready from the cache: median {ready['median']:.0f} ms, longest {ready['max']:.0f} ms"
    if summary["call_overhead_us"] is not None:
        yield f"a call costs {summary['call_overhead_us']:.1f} us more than the bare function"
