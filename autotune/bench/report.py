"""A comparison as Markdown: a section for each case set, which stands by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from autotune.bench.figures import Document
from autotune.bench.implementations import DEFAULT, TUNED
from autotune.bench.result import Comparison
from autotune.bench.rows import NOTHING, Row, case_sets_of, command_of_one, make_rows, peers_of
from autotune.bench.table import kernel_lines
from autotune.names import CASE_SETS

_SCHEDULES = ("default", "tuned")
_LEGEND = (
    "Ratios are the peer's time over ours, the median over the rounds: above 1 is faster than the peer. "
    "A/A is the ratio of the default to itself in a second process. One case alone: `{}`."
)


def make_sections(comparison: Comparison, document: Document) -> dict[str, str]:
    """Return the section of each case set that was measured, by its name.

    Parameters
    ----------
    comparison : Comparison
    document : dict
        From `make_document`, with ``setting`` from `describe_setting`, and the ``command`` that was given.
    """
    return {name: "\n".join(_section(comparison, document, name)) for name in case_sets_of(comparison)}


def _section(comparison: Comparison, document: Document, case_set: str) -> Iterator[str]:
    summary = document["summary"]
    about = CASE_SETS.get(case_set, f"layers of {case_set}")
    yield f"{about[0].upper()}{about[1:]}."
    yield ""
    yield from _setting_lines(document["setting"], document["command"])
    yield from (f"* All kernels of that command: {line}" for line in kernel_lines(summary))
    yield ""
    yield from _summary_table(summary, summary["by_case_set"][case_set]["by_threads"])
    for threads in sorted(comparison.facts):
        rows = make_rows(comparison, case_set, threads)
        if rows:
            yield from ("", f"### {case_set}, threads: {threads}", "")
            yield from _case_table(rows)
            yield from ("", _LEGEND.format(command_of_one(rows, threads)))
    yield from _failure_lines(document["failures"], case_set)


def _setting_lines(setting: Document, command: str) -> Iterator[str]:
    hardware, versions = setting["hardware"], setting["versions"]
    yield f"* Command: `{command}`"
    yield f"* Date: {setting['date']}, load before it {setting['load_before']:.2f}"
    caches = ", ".join(f"{level.upper()} {hardware[f'{level}_bytes'] >> 10} KiB" for level in ("l1d", "l2", "l3"))
    yield (
        f"* Machine: {setting['cpu']}, family {hardware['family']}, model {hardware['model']}, "
        f"{hardware['cores']} cores, vectors of {hardware['vector_bits']} bits, {caches}; {setting['system']}"
    )
    known = [f"{name} {number}" for name, number in versions.items() if number]
    yield f"* Versions: {', '.join(known)}; kernels launched by {setting['threading_layer']}"


def _summary_table(summary: Document, groups: Document) -> Iterator[str]:
    """A line for each figure that is known, a column for each number of threads and schedule."""
    columns = [(threads, kind) for threads in groups for kind in _SCHEDULES]
    lines: dict[str, list[str]] = {}
    for peer in sorted({peer for threads, kind in columns for peer in groups[threads][kind]["geomean_vs"]}):
        means = [groups[threads][kind]["geomean_vs"].get(peer) for threads, kind in columns]
        lines[f"geometric mean of ratios to {peer}"] = [_number(mean, 3) for mean in means]
    for name, show in _FIGURES.items():
        lines[name] = [show(groups[threads][kind]) for threads, kind in columns]
    for name, show in _OF_BOTH_SCHEDULES.items():
        lines[name] = [show(groups[threads]) if kind == _SCHEDULES[0] else "" for threads, kind in columns]
    for name, key in (("FMA peak [GFLOP/s]", "fma_peak_gflops"), ("read bandwidth [GB/s]", "read_bandwidth_gbs")):
        peaks = summary[f"{key}_by_threads"]
        lines[name] = [_number(peaks[threads], 1) if kind == _SCHEDULES[0] else "" for threads, kind in columns]
    known = [(name, *cells) for name, cells in lines.items() if set(cells) - {NOTHING, ""}]
    yield from _table(["", *(f"threads {threads}, {kind}" for threads, kind in columns)], known)


def _case_table(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each case; the tuned schedule is the default where there is no record."""
    columns: dict[str, Callable[[Row], str]] = {
        "default [ms]": lambda row: row.ms(DEFAULT.label),
        "tuned [ms]": lambda row: row.ms(TUNED.label),
        "GFLOP/s": Row.gflops,
        "% of FMA peak": Row.peak_percent,
        "% of read bandwidth": Row.bandwidth_percent,
        **{f"tuned to {peer}": _ratio_to(peer) for peer in peers_of(rows)},
        "default to fastest": lambda row: row.least_ratio("default"),
        "tuned to fastest": lambda row: row.least_ratio("tuned"),
        "spread [%]": Row.spread_percent,
        "A/A": Row.noise_ratio,
    }
    cells = {heading: [show(row) for row in rows] for heading, show in columns.items()}
    known = {heading: texts for heading, texts in cells.items() if set(texts) != {NOTHING}}
    yield from _table(["case", *known], list(zip([row.case.name for row in rows], *known.values(), strict=True)))


def _ratio_to(peer: str) -> Callable[[Row], str]:
    return lambda row: row.ratio("tuned", peer)


def _failure_lines(failures: Sequence[Document], case_set: str) -> Iterator[str]:
    own = [failure for failure in failures if failure["case_set"] == case_set]
    if own:
        yield from ("", "Without a time:", "")
    for failure in own:
        name = " ".join(filter(None, (failure["implementation"], failure["schedule"])))
        yield f"* {failure['case']}, threads {failure['threads']}, {name}: {' '.join(failure['reason'].split())}"


def _table(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    yield _line(headings)
    yield _line(["---", *("---:" for _ in headings[1:])])
    yield from map(_line, lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float | None, digits: int) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{100 * share:.0f}"


def _worst(worst: Document | None) -> str:
    return NOTHING if worst is None else f"{worst['ratio']:.2f} ({worst['case']}, {worst['peer']})"


def _noise(noise: Document | None) -> str:
    if noise is None:
        return NOTHING
    return f"{noise['low']:.3f} to {noise['high']:.3f} ({noise['least']:.3f} to {noise['greatest']:.3f})"


_FIGURES: Mapping[str, Callable[[Document], str]] = MappingProxyType(
    {
        "geometric mean of ratios to the fastest peer": lambda f: _number(f["geomean_vs_best"], 3),
        "the same, a layer at 85 % of the FMA peak counted as at least 1.10": lambda f: _number(
            f["geomean_vs_best_credited"], 3
        ),
        "worst case": lambda f: _worst(f["worst"]),
        "worst case, counted so": lambda f: _worst(f["worst_credited"]),
        "share of the FMA peak [%], geometric mean": lambda f: _percent(f["share_of_fma_peak"]),
        "share of it [%], least of the ten largest convolutions": lambda f: _percent(f["share_of_fma_peak_of_largest"]),
        "share of the read bandwidth [%], least": lambda f: _percent(f["share_of_read_bandwidth"]),
        "scratch and prepared weights over the layer's tensors, most": lambda f: _number(f["extra_memory"], 2),
    }
)
_OF_BOTH_SCHEDULES: Mapping[str, Callable[[Document], str]] = MappingProxyType(
    {
        "speed of the default relative to the tuned schedule": lambda group: _number(group["default_vs_tuned"], 3),
        "A/A, quartiles over the cases (extremes)": lambda group: _noise(group["noise"]),
    }
)
