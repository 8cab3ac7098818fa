"""The real measuring child, but its compiler puts faults into kernels: ``python rogue_worker.py MEMORY CHANNEL``.

A candidate's schedule is a fault's name and, after a colon, a schedule: what goes wrong goes wrong in machine code.
"""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from math import nan
from typing import Any

from autotune.measure import jobs
from autotune.measure.protocol import Channel
from autotune.measure.subjects import Subject
from autotune.measure.worker import become_worker, serve
from tensorlang.dtypes import float32, int64
from tensorlang.ir.expr import Binary, BinaryOp, Cast, Const, Expr, Variable
from tensorlang.ir.module import Module
from tensorlang.ir.stmt import Block, For, LoopKind, Stmt, Store
from tensorlang.runtime import compile as compiler
from tensorlang.runtime.kernel import Kernel
from tensorlang.schedule import Schedule

_ELEMENTS = 128


def _store(index: Expr | int, value: Expr | float) -> Store:
    place = Const(index, int64) if isinstance(index, int) else index
    return Store("out", place, Const(value, float32) if isinstance(value, float) else value)


def _endless() -> Stmt:
    """Stores for some centuries."""
    variable = Variable("endless", int64)
    place = Binary(BinaryOp.MOD, variable, Const(_ELEMENTS, int64))
    return For("endless", Const(1 << 62, int64), LoopKind.SERIAL, _store(place, Cast(float32, variable)))


_FAULTS: dict[str, Stmt] = {
    "none": Block(()),
    "endless": _endless(),
    "far outside": _store(1 << 40, 0.0),
    "one beyond the end": _store(_ELEMENTS, 0.0),
    "one before the start": _store(-1, 0.0),
    "wrong": _store(17, 12345.0),
    "nan": _store(_ELEMENTS - 1, nan),
}


def _compile(subject: Subject, text: str) -> Kernel:
    """Compile, with the fault after what the schedule makes of the subject, and keep nothing on disk."""
    fault, _, schedule = text.partition(":")
    halves = 2 if fault == "half" else 1
    shapes = {name: (shape[0] // halves, *shape[1:]) for name, shape in subject.shapes.items()}
    lower = vars(compiler)["lower"]

    def lower_with_fault(*args: Any, **kwargs: Any) -> Module:
        module: Module = lower(*args, **kwargs)
        stmts = () if fault == "nothing" else (module.main.body, _FAULTS.get(fault, Block(())))
        return replace(module, main=replace(module.main, body=Block(stmts)))

    vars(compiler)["lower"] = lower_with_fault
    try:
        chosen = Schedule.from_json(schedule, output=subject.algorithm)
        return compiler.compile(subject.algorithm, chosen, shape=shapes, cache=False)
    finally:
        vars(compiler)["lower"] = lower


if __name__ == "__main__":
    setattr(Subject, "compile", _compile)  # noqa: B010  # mypy knows that a method is no variable
    become_worker(int(sys.argv[1]))
    serve(Channel(socket.socket(fileno=int(sys.argv[2]))), jobs.JOBS, pool=64)
