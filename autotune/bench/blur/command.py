"""What the `autotune bench blur` command does."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

from autotune.bench.blur.case import BlurCase
from autotune.bench.blur.document import make_document
from autotune.bench.blur.run import HALIDE, TENSORLANG, run_blur
from autotune.bench.blur.schedules import SCHEDULES
from autotune.bench.blur.table import make_table, summary_lines
from autotune.cli.output import people_console, print_json, print_table, print_warnings, result_console
from autotune.cli.steps import Steps
from autotune.measure.slot import measuring_slot
from schedules import Hardware
from tensorlang.codegen import host_target
from tensorlang.dtypes import uint16
from tensorlang.errors import TuningError
from tensorlang.nn.codec import encode

ABSENT = "halide is not measured: it is not installed; pip install 'tensorlang[bench]'"


def bench_blur(
    threads: tuple[int, ...], schedules: tuple[str, ...] | None, size: int, rounds: int, as_json: bool
) -> None:
    """Compare the schedules, print the trade-off and exit: 0 if every one was computed."""
    people = people_console()
    names = schedules or tuple(SCHEDULES)
    for name in names:
        if name not in SCHEDULES:
            raise TuningError(f"there is no schedule {name!r} of the blur.", legal=" | ".join(SCHEDULES))
    lanes = host_target().lanes(uint16)
    cases = [BlurCase(name, size, size, lanes) for name in names]
    has_peer = find_spec("halide") is not None
    if not has_peer:
        print_warnings(people, [ABSENT])
    implementations = (TENSORLANG, HALIDE) if has_peer else (TENSORLANG,)
    load = os.getloadavg()[0]  # before measuring adds to it
    with measuring_slot(), Steps(people, len(cases) * len(threads)) as steps:
        found = run_blur(cases, implementations, threads, rounds, steps.begin)
    document = make_document(found, f"autotune bench blur --size {size} --rounds {rounds}")
    console = result_console(as_json)
    print_table(console, make_table(found))
    for line in summary_lines(document["summary"]):
        console.print(line, markup=False, soft_wrap=True)
    for failure in found.failures:
        where = f"{failure.case.schedule}, threads {failure.threads}, {failure.implementation.name}"
        console.print(f"failed: {where}: {failure.reason}", style="red", markup=False, soft_wrap=True)
    if as_json:
        print_json({**document, "hardware": encode(Hardware.here(max(threads))), "load_before": load})
    if found.failures:
        sys.exit(1)
