"""What the `autotune bench compile-time` command does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.table import Table

from autotune.bench.growth import Compiled, make_document, measure_growth
from autotune.bench.unrolled import PROGRAMS
from autotune.cli.output import people_console, print_json, print_table, result_console
from autotune.cli.steps import Steps
from autotune.measure.slot import measuring_slot
from schedules import Hardware
from tensorlang.errors import TuningError
from tensorlang.nn.codec import encode

_CAPTION = "least times over the rounds, nothing taken from the cache; a statement is a store of the lowered code"


def bench_compile_time(programs: tuple[str, ...] | None, unroll: tuple[int, ...], rounds: int, as_json: bool) -> None:
    """Compile the programs at the unroll factors, and print what that took."""
    people = people_console()
    names = programs or tuple(PROGRAMS)
    _check(names, unroll)
    load = os.getloadavg()[0]
    with measuring_slot(), Steps(people, len(names) * len(unroll)) as steps:
        measured = measure_growth(names, unroll, rounds, steps.begin)
    document = make_document(measured, f"autotune bench compile-time --rounds {rounds}")
    console = result_console(as_json)
    print_table(console, _make_table(measured))
    for line in _summary_lines(document["summary"]):
        console.print(line, markup=False, soft_wrap=True)
    if as_json:
        print_json({**document, "hardware": encode(Hardware.here(1)), "load_before": load})


def _check(names: Sequence[str], unrolls: Sequence[int]) -> None:
    for name in names:
        if name not in PROGRAMS:
            raise TuningError(f"there is no program {name!r}.", legal=" | ".join(PROGRAMS))
    for unroll in unrolls:
        if not 2 <= unroll <= 512 or unroll & (unroll - 1):
            raise TuningError(
                f"the programs cannot be unrolled {unroll} times.", rule="unroll is a power of two from 2 to 512"
            )


def _make_table(measured: Sequence[Compiled]) -> Table:
    table = Table(caption=_CAPTION, caption_justify="left", box=box.SIMPLE)
    table.add_column("program", no_wrap=True)
    for heading in ("unroll", "statements", "lowering [ms]", "LLVM [ms]", "per statement [ms]"):
        table.add_column(heading.replace("[", r"\["), justify="right")
    for m in measured:
        table.add_row(
            m.name,
            str(m.unroll),
            str(m.statements),
            f"{1e3 * m.lowering_s:.1f}",
            f"{1e3 * m.llvm_s:.0f}",
            f"{m.ms_per_statement:.2f}",
        )
    return table


def _summary_lines(summary: dict[str, Any]) -> list[str]:
    found = [f"{name} {value:.2f}" for name, value in summary["exponents"].items() if value is not None]
    if not found:
        return []
    return [f"time grows with statements from unroll 128 on by the power: {', '.join(found)} (1 is in proportion)"]
