"""What the `autotune doctor` command does."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from autotune.checkup import Checkup, examine
from autotune.cli.output import people_console, print_json, print_table, print_warnings, result_console
from autotune.measure.local import LocalMeasurer
from tensorlang.codegen import threading_layer_name


def doctor(as_json: bool) -> None:
    """Examine this machine and print what was found; warnings go to stderr."""
    people = people_console()
    people.print("measuring peaks ...")
    with LocalMeasurer() as measurer:
        found = examine(measurer, threading_layer_name())
    print_table(result_console(as_json), _to_table(found))
    print_warnings(people, found.warnings)
    if as_json:
        print_json(_to_data(found))


def _to_table(found: Checkup) -> Table:
    target = found.target
    table = Table.grid(padding=(0, 2))
    rows = {
        "CPU": found.cpu,
        "hardware class": found.hardware.class_name,
        "instruction set": f"{target.name}, {target.vector_registers} vector registers of {target.vector_bits} bits",
        "features": " ".join(found.hardware.isa),
        "caches": f"L1d {_size(target.l1d_bytes)}, L2 {_size(target.l2_bytes)}, L3 {_size(target.l3_bytes)}",
        "cores": f"{target.cores} to be used",
        "threading layer": found.threading_layer,
        "load": f"{found.load:.2f}",
    }
    for threads, peaks in found.peaks.items():
        text = f"{peaks.fma_gflops:.0f} GFLOP/s, {peaks.read_gbs:.1f} GB/s" if peaks else "not measured"
        rows[f"peak, {threads} thread{'s' if threads > 1 else ''}"] = text
    for name, text in rows.items():
        table.add_row(name, text)
    return table


def _to_data(found: Checkup) -> dict[str, Any]:
    return {
        "cpu": found.cpu,
        "hardware": vars(found.hardware) | {"isa": list(found.hardware.isa)},
        "target": vars(found.target) | {"features": sorted(found.target.features)},
        "threading_layer": found.threading_layer,
        "load": found.load,
        "peaks": [{"threads": threads, **(vars(peaks) if peaks else {})} for threads, peaks in found.peaks.items()],
        "warnings": list(found.warnings),
    }


def _size(size_bytes: int) -> str:
    kilobytes = size_bytes // 1024
    return f"{kilobytes // 1024} MiB" if kilobytes >= 1024 and kilobytes % 1024 == 0 else f"{kilobytes} KiB"
