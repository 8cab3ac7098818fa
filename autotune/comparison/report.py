"""A comparison as a table for people and as data for programs."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from rich import box
from rich.table import Table

from autotune.comparison.curves import Curve
from autotune.comparison.finals import Finals
from autotune.comparison.plot import sparkline

_BLOCKS = 24


def to_data(finals: Sequence[Finals], curves: Sequence[Curve], within: float) -> dict[str, Any]:
    """The curves, and every run behind them, as JSON data.

    Of each candidate the time in the search [ms], null if it failed, and the speed when timed again, in that of the
    default, null if it was not.
    """
    return {
        "within": within,
        "curves": [
            {
                "sampler": curve.name,
                "share_of_fastest_known": {str(count): share for count, share in curve.share.items()},
                "candidates_needed": curve.needed if isfinite(curve.needed) else None,
            }
            for curve in curves
        ],
        "runs": [
            {
                "layer": run.layer,
                "sampler": str(run.variant),
                "seed": run.seed,
                "times_ms": [None if c.time_s is None else 1e3 * c.time_s for c in run.candidates],
                "speeds": [found.speeds.get(c.schedule) for c in run.candidates],
            }
            for found in finals
            for run in found.runs
        ],
        "disturbances": {found.layer: found.disturbance for found in finals if found.disturbance},
    }


def to_table(curves: Sequence[Curve], counts: Sequence[int], trials: int, within: float, title: str) -> Table:
    """A row for each sampler: how good its best is after so many candidates, and how many it needed."""
    table = Table(
        title=title,
        title_justify="left",
        caption=(
            "speed of the best so far in % of the fastest schedule known, geometric mean over layers and seeds;\n"
            "which is the best is by the times of the search, and its speed by timing all that were in turns\n"
            f"needed: candidates until the best was within {100 * (1 - within):.0f} % of it, median"
        ),
        caption_justify="left",
        box=box.SIMPLE,
        show_edge=False,
        padding=0,
        pad_edge=False,
    )
    table.add_column("sampler", no_wrap=True)
    for count in counts:
        table.add_column(f"{count:>5}", justify="right", no_wrap=True)
    table.add_column("needed", justify="right", no_wrap=True)
    table.add_column("curve", no_wrap=True)
    least = min((curve.share[counts[0]] for curve in curves), default=0.0)
    for curve in curves:
        table.add_row(
            curve.name,
            *(f"{100 * curve.share[count]:.1f}" for count in counts),
            f"{curve.needed:.0f}" if isfinite(curve.needed) else f">{trials}",
            sparkline([curve.share[count] for count in _evenly(sorted(curve.share))], least),
        )
    return table


def _evenly(counts: Sequence[int]) -> list[int]:
    """At most so many of the counts as a line has blocks, evenly spread, the first and the last among them."""
    if len(counts) <= _BLOCKS:
        return list(counts)
    return [counts[round(i * (len(counts) - 1) / (_BLOCKS - 1))] for i in range(_BLOCKS)]
