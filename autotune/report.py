"""Results as a table for people and as data for programs."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from autotune.measure.measurer import Peaks
from autotune.results import LayerResult, NetworkResult

_NOTHING = "-"


def to_data(result: NetworkResult) -> dict[str, Any]:
    """The result as JSON data: the columns of `to_table`, unrounded; times in [ms], speeds in [GFLOP/s]."""
    return {
        "network": result.network,
        "threads": result.threads,
        "fma_peak_gflops": result.peaks.fma_gflops if result.peaks else None,
        "read_bandwidth_gbs": result.peaks.read_gbs if result.peaks else None,
        "layers": [_layer_data(layer, result.peaks) for layer in result.layers],
        "totals": {
            "layers_timed": sum(layer.layer.count for layer in result.timed),
            "layers": sum(layer.layer.count for layer in result.layers),
            "default_ms": 1e3 * result.default_s,
            "tuned_ms": 1e3 * result.best_s,
            "speedup": result.default_s / result.best_s if result.timed else None,
            "gflops": result.gflops,
            "percent_of_peak": _percent(result.gflops, result.peaks),
        },
        "elapsed_s": result.elapsed_s,
        "interrupted": result.interrupted,
        "resume": result.resume,
    }


def _layer_data(result: LayerResult, peaks: Peaks | None) -> dict[str, Any]:
    return {
        "layer": result.layer.name,
        "count": result.layer.count,
        "workload": result.layer.workload.to_data(),
        "default_ms": 1e3 * result.default_s if result.default_s else None,
        "tuned_ms": 1e3 * result.best_s if result.best_s else None,
        "speedup": result.speedup,
        "gflops": result.gflops,
        "percent_of_peak": _percent(result.gflops, peaks),
        "source": result.source,
        "trials": result.trials,
        "outcomes": dict(result.outcomes),
        "problem": result.problem,
    }


def to_table(result: NetworkResult) -> Table:
    """The result as a table; the totals count each layer as often as it occurs."""
    table = Table(
        title=f"{result.network}, {_plural(result.threads, 'thread')}", title_justify="left", show_footer=True
    )
    occurrences = sum(layer.layer.count for layer in result.layers)
    timed = sum(layer.layer.count for layer in result.timed)
    total = "total" if timed == occurrences else f"total of {timed} timed"
    has_times = bool(result.timed)
    footers = (
        (total, "left"),
        (str(occurrences), "right"),
        ("", "left"),
        (_milliseconds(result.default_s) if has_times else _NOTHING, "right"),
        (_milliseconds(result.best_s) if has_times else _NOTHING, "right"),
        (f"{result.default_s / result.best_s:.2f}x" if has_times else _NOTHING, "right"),
        (f"{result.gflops:.0f}" if has_times else _NOTHING, "right"),
        (_percent_text(result.gflops, result.peaks), "right"),
        ("", "left"),
    )
    headings = ("layer", "times", "shape", "default ms", "tuned ms", "gain", "GFLOP/s", "% of peak", "schedule from")
    for heading, (footer, justify) in zip(headings, footers, strict=True):
        table.add_column(heading, footer, justify="right" if justify == "right" else "left")
    for layer in result.layers:
        table.add_row(*_cells(layer, result.peaks))
    return table


def _cells(result: LayerResult, peaks: Peaks | None) -> tuple[str, ...]:
    return (
        result.layer.name,
        str(result.layer.count),
        str(result.layer.workload),
        _milliseconds(result.default_s) if result.default_s else _NOTHING,
        _milliseconds(result.best_s) if result.best_s else _NOTHING,
        f"{result.speedup:.2f}x" if result.speedup else _NOTHING,
        f"{result.gflops:.0f}" if result.gflops else _NOTHING,
        _percent_text(result.gflops, peaks),
        result.problem or result.source,
    )


def _milliseconds(seconds: float) -> str:
    return f"{1e3 * seconds:.3f}"


def _percent(gflops: float | None, peaks: Peaks | None) -> float | None:
    return 100 * gflops / peaks.fma_gflops if gflops and peaks else None


def _percent_text(gflops: float | None, peaks: Peaks | None) -> str:
    percent = _percent(gflops, peaks)
    return _NOTHING if percent is None else f"{percent:.0f}"


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
