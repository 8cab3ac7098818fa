"""Results as a table for people and as data for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from autotune.measure.measurer import Peaks
from autotune.measure.outcome import Outcome
from autotune.networks import describe_layers
from autotune.reproduction import Reproduction
from autotune.results import DEFAULT_KEPT, LayerResult, NetworkResult, Projection

_NOTHING = "-"
_NEAR_PEAK_PERCENT = 90
_SLOWER = 0.99
_HEADINGS = ("layer", "x", "shape", "default\nms", "tuned\nms", "gain", "GFLOP\n/s", "% of\npeak", "schedule\nfrom")
_TEXTS = (_HEADINGS[0], _HEADINGS[2], _HEADINGS[8])
_SOURCE_WIDTH = 10  # two words a line: what is left goes to the shapes


def to_data(result: NetworkResult) -> dict[str, Any]:
    """The result as JSON data: the columns of `to_table`, unrounded; times in [ms], speeds in [GFLOP/s]."""
    return {
        "network": result.network,
        "threads": result.threads,
        "distinct_layers": len(result.layers),
        "distinct_convolutions": sum(layer.layer.is_convolution for layer in result.layers),
        "fma_peak_gflops": result.peaks.fma_gflops if result.peaks else None,
        "read_bandwidth_gbs": result.peaks.read_gbs if result.peaks else None,
        "layers": [_layer_data(layer, result.peaks) for layer in result.layers],
        "totals": {
            "occurrences_timed": sum(layer.layer.count for layer in result.timed),
            "occurrences": sum(layer.layer.count for layer in result.layers),
            "default_ms": 1e3 * result.default_s,
            "tuned_ms": 1e3 * result.best_s,
            "speedup": result.default_s / result.best_s if result.timed else None,
            "gflops": result.gflops,
            "percent_of_peak": _percent(result.gflops, result.peaks),
        },
        "projections": [_projection_data(projection) for projection in result.projections],
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
        "doubt": result.doubt,
        "reproduction": _reproduction_data(result.reproduction),
    }


def _reproduction_data(found: Reproduction | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"recorded": vars(found.recorded), "now": vars(found.now), "holds": found.holds, "verdict": found.verdict}


def to_reproduction_table(result: NetworkResult) -> Table | None:
    """The gains that records claim beside those measured now, with their ranges over the rounds; None if no layer has.

    A record holds if the ranges of both runs meet.
    """
    found = [(layer.layer.name, layer.reproduction) for layer in result.layers if layer.reproduction]
    if not found:
        return None
    holding = sum(one.holds for _, one in found)
    table = Table(
        *("layer", "recorded gain", "gain now", "verdict"),
        title=f"{holding} of {_plural(len(found), 'record')} reproduced; in brackets the range over the rounds",
        title_justify="left",
        box=box.SIMPLE,
        show_edge=False,
        padding=0,
        pad_edge=False,
    )
    for name, one in found:
        table.add_row(name, str(one.recorded), str(one.now), one.verdict)
    return table


def _projection_data(projection: Projection) -> dict[str, Any]:
    return {
        "elapsed_s": projection.elapsed_s,
        "trials": projection.trials,
        "layers": projection.layers,
        "default_ms": 1e3 * projection.default_s,
        "tuned_ms": 1e3 * projection.best_s,
    }


def to_table(result: NetworkResult) -> Table:
    """The result as a table for 80 columns and more; the totals count each layer as often as it occurs.

    Where it is narrow, shapes and sources take two lines. Why layers have no times is said below.
    """
    layers = describe_layers([layer.layer for layer in result.layers])
    table = Table(
        title=f"{result.network}, {_plural(result.threads, 'thread')}: {layers}",
        title_justify="left",
        caption="\n".join(_remarks(result)),
        caption_justify="left",
        show_footer=True,
        box=box.SIMPLE,
        show_edge=False,
        padding=0,
        pad_edge=False,
    )
    for heading, total in zip(_HEADINGS, _totals(result), strict=True):
        is_text = heading in _TEXTS
        table.add_column(
            heading,
            total,
            justify="left" if is_text else "right",
            no_wrap=not is_text,
            overflow="fold",
            max_width=_SOURCE_WIDTH if heading == _TEXTS[-1] else None,
        )
    for layer in result.layers:
        table.add_row(*_cells(layer, result.peaks))
    return table


def _totals(result: NetworkResult) -> tuple[str, ...]:
    count = str(sum(layer.layer.count for layer in result.timed))
    if not result.timed:
        return ("total", count, "", *(_NOTHING,) * 5, "")
    return (
        "total",
        count,
        "",
        _milliseconds(result.default_s),
        _milliseconds(result.best_s),
        f"{result.default_s / result.best_s:.2f}x",
        f"{result.gflops:.0f}",
        _percent_text(result.gflops, result.peaks),
        "",
    )


def _remarks(result: NetworkResult) -> Iterator[str]:
    """Lines on layers that have no times or no gain, those with the same reason together, and on the peaks."""
    reasons: dict[str, list[str]] = {}
    for layer in result.layers:
        for reason in filter(None, (layer.problem, _why_no_gain(layer))):
            reasons.setdefault(reason, []).append(layer.layer.name)
    near = [(layer.layer.name, percent) for layer in result.layers if (percent := _near_peak(layer, result.peaks))]
    if near:
        reasons["default kept, near the measured peak"] = [f"{name} at {percent:.0f} %" for name, percent in near]
    for reason, names in reasons.items():
        yield escape(f"{reason}: {', '.join(names)}")
    occurrences, timed = (sum(x.layer.count for x in layers) for layers in (result.layers, result.timed))
    outcomes = sum((Counter(layer.outcomes) for layer in result.layers), Counter[str]())
    if set(outcomes) - {Outcome.OK}:
        counts = [f"{count} {outcome.replace('_', ' ')}" for outcome, count in outcomes.most_common()]
        yield f"schedules measured: {', '.join(counts)}"
    if occurrences > len(result.layers):
        yield "x: how often the layer occurs; totals count every occurrence"
    if timed < occurrences:
        yield f"the total is of {timed} of {occurrences} occurrences of layers"
    if result.peaks:
        yield f"measured peak: {result.peaks.fma_gflops:.0f} GFLOP/s of fused multiply-adds"


def _why_no_gain(result: LayerResult) -> str:
    if result.doubt:
        return f"not confirmed: {result.doubt}"
    if result.speedup and result.speedup < _SLOWER:
        return "slower than the default in this run; tuning again may replace the record"
    return ""


def _near_peak(result: LayerResult, peaks: Peaks | None) -> float | None:
    """Percent of the peak at which a default that was not beaten runs, if that leaves little to gain."""
    percent = _percent(result.gflops, peaks)
    return percent if result.source == DEFAULT_KEPT and percent and percent >= _NEAR_PEAK_PERCENT else None


def _gain(result: LayerResult) -> str:
    """The gain, where another schedule than the default was timed against it."""
    if not result.speedup or result.speedup == 1:
        return _NOTHING
    return f"{result.speedup:.2f}x"


def _cells(result: LayerResult, peaks: Peaks | None) -> tuple[str, ...]:
    return (
        result.layer.name,
        str(result.layer.count),
        str(result.layer.workload),
        _milliseconds(result.default_s) if result.default_s else _NOTHING,
        _milliseconds(result.best_s) if result.best_s else _NOTHING,
        _gain(result),
        f"{result.gflops:.0f}" if result.gflops else _NOTHING,
        _percent_text(result.gflops, peaks),
        result.source or _NOTHING,
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
