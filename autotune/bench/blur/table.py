"""The trade-off of the schedules as a table for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.table import Table

from autotune.bench.blur.document import Document, least_operations, redundant_work
from autotune.bench.blur.run import HALIDE, BlurComparison, TimedBlur
from autotune.bench.implementations import OURS

_CAPTION = (
    "medians over the rounds; speedup is over our default schedule in the same rounds,\n"
    "ratio is Halide's time over ours under the same schedule: above 1 is faster"
)
_HEADINGS = (
    "threads",
    "tensorlang [ms]",
    "speedup",
    "redundant work",
    "parallelism",
    "scratch [B]",
    "halide [ms]",
    "ratio",
    "spread %",
)
_NOTHING = "-"


def make_table(found: BlurComparison) -> Table:
    """One line for each schedule and number of threads."""
    table = Table(caption=_CAPTION, caption_justify="left", box=box.SIMPLE)
    table.add_column("schedule", no_wrap=True)
    for heading in _HEADINGS:
        table.add_column(heading.replace("[", r"\["), justify="right")
    ours = [timed for timed in found.timed if timed.implementation.name == OURS]
    least = least_operations(ours)
    for timed in ours:
        table.add_row(timed.case.schedule, str(timed.threads), *_cells(found, timed, least))
    return table


def _cells(found: BlurComparison, timed: TimedBlur, least: int | None) -> list[str]:
    peer = found.find(timed.case.schedule, timed.threads, HALIDE.name)
    ratio = found.ratio(timed)
    redundant = redundant_work(timed, least)
    return [
        f"{1e3 * timed.time_s:.2f}",
        _NOTHING if timed.speedup is None else f"{timed.speedup:.1f}",
        _NOTHING if redundant is None else f"{redundant:.2f}",
        f"{timed.work.parallelism:.0f}" if timed.work else _NOTHING,
        str(timed.work.scratch_bytes) if timed.work else _NOTHING,
        f"{1e3 * peer.time_s:.2f}" if peer else _NOTHING,
        f"{ratio[1]:.2f}" if ratio else _NOTHING,
        f"{100 * (ratio[2] - ratio[0]) / ratio[1]:.0f}" if ratio else _NOTHING,
    ]


def summary_lines(summary: Document) -> Iterator[str]:
    """The best schedule for each number of threads, a sentence each."""
    for threads, found in summary.items():
        text = f"best with {threads} thread{'s' * (threads != '1')}: {found['best']}, {found['ms']:.2f} ms"
        if found["speedup"] is not None:
            text += f", {found['speedup']:.1f} times the speed of the default"
        if found["vs_halide"] is not None:
            text += f", {found['vs_halide']:.2f} times that of Halide under the same schedule"
        yield text
    if not summary:
        yield "nothing was timed"
