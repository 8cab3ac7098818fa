"""How the time to compile grows with the code: programs at several unroll factors, lowered and compiled anew."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum, log
from time import perf_counter
from typing import Any

from autotune.bench.unrolled import PROGRAMS, Program, elementwise
from tensorlang.ir.stmt import Accumulate, Store
from tensorlang.ir.visitor import walk_stmts
from tensorlang.lang.build import build_algorithm
from tensorlang.lowering import lower
from tensorlang.runtime import compile_module
from tensorlang.schedule.resolve import resolve

_FIT_FROM = 128
"""Smaller code takes what every compilation takes: how time grows is read off from this unroll factor on."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What one program took.

    Attributes
    ----------
    name : str
        Of the program.
    unroll : int
    statements : int
        Stores in the lowered code.
    lowering_s, llvm_s : float
        Least time over the rounds of lowering, and of emitting and compiling LLVM code [s].
    """

    name: str
    unroll: int
    statements: int
    lowering_s: float
    llvm_s: float

    @property
    def total_s(self) -> float:
        """Lowering and compiling together [s]."""
        return self.lowering_s + self.llvm_s

    @property
    def ms_per_statement(self) -> float:
        """Time to compile one statement of the lowered code [ms]."""
        return 1e3 * self.total_s / self.statements


def measure_growth(
    names: Sequence[str], unrolls: Sequence[int], rounds: int, notify: Callable[[str], None]
) -> list[Compiled]:
    """Compile every program at every unroll factor; `notify` is told each one before it is begun."""
    # The first kernel of a process pays for the start of Numba and LLVM.
    _compile_once(elementwise(2))
    measured = []
    for name in names:
        for unroll in unrolls:
            notify(f"{name}, unroll {unroll}")
            taken = [_compile_once(PROGRAMS[name](unroll)) for _ in range(rounds)]
            lowering_s, llvm_s = (min(times) for times in list(zip(*taken, strict=True))[1:])
            measured.append(Compiled(name, unroll, int(taken[0][0]), lowering_s, llvm_s))
    return measured


def _compile_once(program: Program) -> tuple[int, float, float]:
    """Statements, and the times of lowering and of LLVM [s]."""
    algorithm = build_algorithm(program.output)
    gc.collect()
    start_s = perf_counter()
    module = lower(resolve(algorithm, program.schedule), {program.output.name: program.shape})
    lowered_s = perf_counter()
    compile_module(module, algorithm=algorithm, cache=False)
    statements = sum(isinstance(stmt, Store | Accumulate) for stmt in walk_stmts(module.main.body))
    return statements, lowered_s - start_s, perf_counter() - lowered_s


def fit_exponent(measured: Sequence[Compiled]) -> float | None:
    """The exponent p of ``time = c * statements ** p`` for one program, by least squares; None for too few sizes."""
    points = [(log(m.statements), log(m.total_s)) for m in measured if m.unroll >= _FIT_FROM]
    if len({x for x, _ in points}) < 2:
        return None
    x_mean, y_mean = (fsum(values) / len(points) for values in zip(*points, strict=True))
    spread = fsum((x - x_mean) ** 2 for x, _ in points)
    return fsum((x - x_mean) * (y - y_mean) for x, y in points) / spread


def make_document(measured: Sequence[Compiled], command: str) -> dict[str, Any]:
    """The JSON form: ``cases``, one for each program and unroll factor, and a ``summary``.

    ``exponents`` says by program how time grows with statements from unroll 128 on (1 is in proportion), ``worst``
    the largest of them.
    """
    names = list(dict.fromkeys(m.name for m in measured))
    exponents = {name: fit_exponent([m for m in measured if m.name == name]) for name in names}
    known = {name: value for name, value in exponents.items() if value is not None}
    worst = max(known, key=known.__getitem__, default=None)
    return {
        "cases": [_case(m, command) for m in measured],
        "summary": {
            "exponents": exponents,
            "worst": None if worst is None else {"case": worst, "exponent": known[worst]},
            "ms_per_statement": {m.name: m.ms_per_statement for m in measured},
        },
    }


def _case(m: Compiled, command: str) -> dict[str, Any]:
    return {
        "case": m.name,
        "unroll": m.unroll,
        "statements": m.statements,
        "lowering_ms": 1e3 * m.lowering_s,
        "llvm_ms": 1e3 * m.llvm_s,
        "ms_per_statement": m.ms_per_statement,
        "reproduce": f"{command} --programs {m.name} --unroll {m.unroll} --json",
    }
