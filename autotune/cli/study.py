"""What the commands `autotune study compare` and `autotune study exhaust` do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from autotune.cli.output import people_console, print_json, print_table, result_console
from autotune.cli.steps import Steps
from autotune.comparison import exhaustive, report
from autotune.comparison.curves import counts_up_to, make_curves
from autotune.comparison.plot import to_svg
from autotune.comparison.runs import Variant
from autotune.comparison.session import compare_samplers, exhaust_layer
from autotune.duration import format_duration
from autotune.networks import NetworkLayer
from autotune.session import check_threads
from autotune.workload_names import parse_workload
from schedules.space import Knobs
from tensorlang.codegen import host_target
from tensorlang.errors import TuningError


def compare(
    layers: tuple[str, ...],
    trials: int,
    samplers: tuple[str, ...],
    seeds: int,
    transfer: bool,
    within: float,
    threads: int | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Search layers with several samplers, and print how good the best is after so many candidates."""
    count = check_threads(threads)
    chosen = [_to_layer(text) for text in layers]
    variants = [
        Variant(name, transfers) for name in samplers for transfers in ((False, True) if transfer else (False,))
    ]
    with Steps(people_console(), seeds * len(variants) + len(chosen)) as steps:
        found = compare_samplers(chosen, count, variants, range(seeds), trials, steps.begin)
    share = 1 - within / 100
    curves = make_curves(found.finals, range(1, trials + 1), share)
    if not curves:
        raise TuningError("No layer could be timed.", hint="`autotune doctor` shows the state of this machine")
    for layer in found.finals:
        if layer.disturbance:
            people_console().print(f"{layer.layer}, timed again: {layer.disturbance}", markup=False, highlight=False)
    setting = f"{_count(len(chosen), 'layer')}, {_count(seeds, 'seed')}, {_count(count, 'thread')}"
    rate = 60 * found.measured / found.searched_s
    title = f"{setting}: {found.measured} measured in {format_duration(found.searched_s)}, {rate:.0f} a minute"
    print_table(result_console(as_json), report.to_table(curves, counts_up_to(trials), trials, share, title))
    if plot is not None:
        plot.write_text(to_svg(curves, title), encoding="utf-8")
    if as_json:
        facts = {"threads": count, "trials": trials, "measured": found.measured, "elapsed_s": found.searched_s}
        print_json({**facts, **report.to_data(found.finals, curves, share)})


def exhaust(layer: str, knobs: tuple[str, ...], most: int, threads: int | None, as_json: bool) -> None:
    """Measure a whole space, say what the pre-filter rejects of it, and exit: 0 if that hides no optimum."""
    count = check_threads(threads)
    steps: list[Steps] = []

    def begin(total: int) -> Callable[[Knobs], None]:
        steps.append(Steps(people_console(), total).__enter__())
        return lambda point: steps[0].begin(" ".join(map(str, point.values())))

    try:
        problem, found = exhaust_layer(_to_layer(layer), count, knobs, most, begin)
    finally:
        for shown in steps:
            shown.__exit__(None, None, None)
    if not found.optima:
        raise TuningError("No point could be timed.", hint="`autotune doctor` shows the state of this machine")
    _print_exhausted(found, as_json)
    if as_json:
        print_json(exhaustive.to_data(found, problem, host_target()))
    if found.hides_optimum:
        sys.exit(1)


def _print_exhausted(found: exhaustive.Exhausted, as_json: bool) -> None:
    rejected = sum(found.rejected.values())
    knobs, time_s, objection = found.optima[0]
    out = result_console(as_json)
    lines = [
        f"{len(found.points)} legal points, {rejected} rejected ({100 * rejected / len(found.points):.0f} %)",
        *(f"  {number} {why}" for why, number in found.rejected.items()),
        f"fastest: {1e3 * time_s:.3f} ms, {'rejected: ' + objection if objection else 'not rejected'}: {dict(knobs)}",
        f"of {len(found.optima)} within 1 % of it, {sum(bool(o) for _, _, o in found.optima)} rejected",
    ]
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _to_layer(text: str) -> NetworkLayer:
    workload = parse_workload(text)
    name = text.replace(":", "-") if not text.lstrip().startswith("{") else "workload"
    return NetworkLayer(name, workload, 1)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
