"""Extents of the loops of a program whose Funcs are each computed whole, and which Funcs can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tensorlang.bounds.nest import loop_variable
from tensorlang.errors import TensorlangError
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.stmt import For
from tensorlang.ir.visitor import walk_stmts
from tensorlang.lowering.pipeline import place
from tensorlang.schedule import Schedule, StageName, resolve
from tensorlang.symbolic.simplify import as_int, simplify

Shapes = Mapping[str, tuple[int, ...]]

_UNKNOWN = 32


@dataclass(frozen=True)
class Extents:
    """Extents by variable of lowered code, and the Funcs that have storage of constant size."""

    by_variable: Mapping[str, int]
    computable: frozenset[str]

    def of(self, stage: StageName, loop: str, known: int | None) -> int:
        """The extent of a loop of a stage, or a guess."""
        found = known or self.by_variable.get(loop_variable(stage.func, stage.update, loop))
        return _UNKNOWN if found is None else found


def find_extents(algorithm: Algorithm, shapes: Shapes) -> Extents:
    """Place every Func at root that can be, and see what its loops run over."""
    inner = [func.name for func in algorithm.funcs if func.name not in algorithm.outputs]
    found = _extents(algorithm, shapes, inner)
    if found is not None:
        return Extents(found, frozenset(inner))
    computable: list[str] = []
    for name in inner:
        if _extents(algorithm, shapes, [*computable, name]) is not None:
            computable.append(name)
    return Extents(_extents(algorithm, shapes, computable) or {}, frozenset(computable))


def _extents(algorithm: Algorithm, shapes: Shapes, at_root: list[str]) -> dict[str, int] | None:
    """Extents of all loops where `at_root` are computed at root; None if they cannot be."""
    schedule = Schedule(algorithm)
    try:
        for name in at_root:
            schedule[name].compute_root()
        _, placed = place(resolve(algorithm, schedule), shapes)
    except TensorlangError:
        return None
    loops = [loop for loop in walk_stmts(placed.main) if isinstance(loop, For)]
    extents = {loop.var: as_int(simplify(loop.extent)) for loop in loops}
    return {name: extent for name, extent in extents.items() if extent is not None}
