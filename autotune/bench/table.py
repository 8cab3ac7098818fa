"""A comparison as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table

from autotune.bench.case import Case
from autotune.bench.document import Document
from autotune.bench.implementations import DEFAULT, OURS, TUNED
from autotune.bench.result import Comparison, Ratio, Timed, compare_all, keep_least
from autotune.cli.output import print_table

_CAPTION = "medians over the rounds; ratios are the fastest peer's time over ours: above 1 is faster than the peer"
_NOTHING = "-"


@dataclass(frozen=True)
class _Row:
    """One case: its times by label, and our ratios to the fastest peer by schedule."""

    case: Case
    timed: dict[str, Timed]
    ratios: dict[str, Ratio]
    peak_gflops: float | None

    def cells(self, peers: Sequence[str]) -> list[str]:
        best = self.timed.get(TUNED.label) or self.timed.get(DEFAULT.label)
        ratio = self.ratios.get("tuned") or self.ratios.get("default")
        shown = [self.timed.get(label) for label in (DEFAULT.label, TUNED.label, *peers)]
        return [
            self.case.name,
            *(f"{1e3 * timed.time_s:.3f}" if timed else _NOTHING for timed in shown),
            f"{best.gflops:.0f}" if best else _NOTHING,
            f"{100 * best.gflops / self.peak_gflops:.0f}" if best and self.peak_gflops else _NOTHING,
            *(f"{self.ratios[kind].value:.2f}" if kind in self.ratios else _NOTHING for kind in ("default", "tuned")),
            f"{100 * ratio.spread:.0f}" if ratio else _NOTHING,
        ]


def print_comparison(console: Console, comparison: Comparison, document: Document) -> None:
    """Print one table per number of threads, then the summary of `document`, then the failures."""
    for threads in sorted(comparison.facts):
        print_table(console, _make_table(comparison, threads))
    for line in _summary_lines(document["summary"]):
        console.print(line, markup=False, soft_wrap=True)
    for failure in comparison.failures:
        where = f"{failure.case.name}, threads {failure.threads}, {failure.implementation.label}"
        console.print(f"failed: {where}: {failure.reason}", style="red", markup=False, soft_wrap=True)


def _make_table(comparison: Comparison, threads: int) -> Table:
    timed = [t for t in comparison.timed if t.threads == threads]
    peers = sorted({t.implementation.name for t in timed} - {OURS})
    headings = [
        *("default [ms]", "tuned [ms]", *(f"{name} [ms]" for name in peers)),
        *("GFLOP/s", "% of peak", "default ratio", "tuned ratio", "spread %"),
    ]
    cases = len({t.case for t in timed})
    title = f"threads: {threads}, {cases} distinct layer{'s' * (cases != 1)}"
    table = Table(title=title, title_justify="left", caption=_CAPTION, caption_justify="left", box=box.SIMPLE)
    table.add_column("case", no_wrap=True)
    for heading in headings:
        table.add_column(heading.replace("[", r"\["), justify="right")
    for row in _make_rows(timed, comparison.facts[threads].get("fma_peak_gflops")):
        table.add_row(*row.cells(peers))
    return table


def _make_rows(timed: Sequence[Timed], peak_gflops: float | None) -> list[_Row]:
    ratios = {kind: {r.ours.case: r for r in keep_least(compare_all(timed, kind))} for kind in ("default", "tuned")}
    return [
        _Row(
            case,
            {t.implementation.label: t for t in timed if t.case == case},
            {kind: found[case] for kind, found in ratios.items() if case in found},
            peak_gflops,
        )
        for case in dict.fromkeys(t.case for t in timed)
    ]


def _summary_lines(summary: Document) -> list[str]:
    lines = []
    for kind, figures in summary["by_schedule"].items():
        groups = figures["by_threads"]
        if len(groups) > 1:
            groups = {"all": figures, **groups}
        for threads, group in groups.items():
            means = ", ".join(f"{value:.3f} of {name}'s speed" for name, value in group["geomean_vs"].items())
            if means:
                worst = group["worst"]
                lines.append(
                    f"{kind}, threads {threads}: geometric mean {means}; worst {worst['ratio']:.2f} ({worst['case']})"
                )
    if summary["build_s"]:
        build = summary["build_s"]
        lines.append(f"lowering and compilation: median {build['median']:.2f} s, longest {build['max']:.2f} s")
    if summary["call_overhead_us"] is not None:
        lines.append(f"a call costs {summary['call_overhead_us']:.1f} us more than the bare function")
    return lines
