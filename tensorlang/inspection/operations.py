"""Counts what a lowered function computes: arithmetic operations, and how its work is dealt to parallel tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil

from tensorlang.codegen.captures import is_launched
from tensorlang.errors import TensorlangError
from tensorlang.inspection.averages import mean
from tensorlang.inspection.work import straight_line_operations
from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.expr import Expr
from tensorlang.ir.stmt import Accumulate, Block, For, IfThenElse, LetStmt, Stmt, Store
from tensorlang.ir.visitor import substatements, substitute
from tensorlang.lowering.pipeline import lower
from tensorlang.schedule.resolve import resolve
from tensorlang.schedule.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Launch:
    """A parallel loop: its tasks, and the share of all work that is in it."""

    tasks: int
    times: float
    share: float


@dataclass(slots=True)
class Work:
    """What a function does.

    Attributes
    ----------
    operations : float
        As `tensorlang.count_operations` counts them, but with means in place of trying every iteration.
    stored : float
        Elements stored.
    launches : list of Launch
    """

    operations: float = 0.0
    stored: float = 0.0
    launches: list[Launch] = field(default_factory=list)

    def efficiency(self, threads: int) -> float:
        """Share of their time that `threads` threads work, if all tasks take alike and are dealt out evenly."""
        if threads == 1:
            return 1.0
        time = 1.0 - sum(launch.share for launch in self.launches)
        time += sum(launch.share * ceil(launch.tasks / threads) / launch.tasks for launch in self.launches)
        return 1.0 / (threads * time)


def count_work(stmt: Stmt) -> Work:
    """Count what `stmt` does; conditions and extents that depend on outer loops count by their means over them."""
    work = Work()
    counter = _Counter(work)
    counter.visit(stmt, 1.0, {}, {}, True)
    total = work.operations + work.stored
    work.launches = [replace(launch, share=launch.share / total if total else 0.0) for launch in work.launches]
    return work


def count_needed(algorithm: Algorithm, shapes: Mapping[str, tuple[int, ...]]) -> float | None:
    """Operations that computing every Func once, at the points needed, takes; None if it has no such schedule."""
    schedule = Schedule(algorithm)
    try:
        for func in algorithm.funcs:
            if func.name not in algorithm.outputs:
                schedule[func.name].compute_root()
        return count_work(lower(resolve(algorithm, schedule), shapes).main.body).operations
    except TensorlangError:
        return None


class _Counter:
    def __init__(self, work: Work) -> None:
        self._work = work
        # By identity: unrolling shares statements. They are held by the tree that is counted.
        self._known: dict[int, tuple[int, int]] = {}

    def visit(self, stmt: Stmt, times: float, extents: dict[str, int], lets: dict[str, Expr], is_outside: bool) -> None:
        """Count `stmt`, which runs so many times; `is_outside` parallel loops."""
        match stmt:
            case For(var, extent, _, body):
                trips = mean(substitute(extent, lets), extents)
                trips = 1.0 if trips is None else trips
                before = self._work.operations + self._work.stored
                is_launch = is_outside and is_launched(stmt)
                inner = {**extents, var: max(1, ceil(trips))}
                self.visit(body, times * trips, inner, lets, is_outside and not is_launch)
                if is_launch:
                    done = self._work.operations + self._work.stored - before
                    self._work.launches.append(Launch(max(1, ceil(trips)), times, done))
            case LetStmt(name, value, body):
                self.visit(body, times, extents, {**lets, name: substitute(value, lets)}, is_outside)
            case IfThenElse(condition, then, otherwise):
                share = mean(substitute(condition, lets), extents)
                share = 1.0 if share is None else share
                self.visit(then, times * share, extents, lets, is_outside)
                if otherwise is not None:
                    self.visit(otherwise, times * (1.0 - share), extents, lets, is_outside)
            case Block() | Store() | Accumulate():
                self._straight_line(stmt, times)
                for below in substatements(stmt):
                    if not isinstance(below, Store | Accumulate):
                        self.visit(below, times, extents, lets, is_outside)
            case _:
                for below in substatements(stmt):
                    self.visit(below, times, extents, lets, is_outside)

    def _straight_line(self, stmt: Stmt, times: float) -> None:
        """Count a store, or those directly in a block."""
        if id(stmt) not in self._known:
            stmts = substatements(stmt) or (stmt,)
            stored = sum(s.value.type.lanes for s in stmts if isinstance(s, Store | Accumulate))
            self._known[id(stmt)] = straight_line_operations(stmts), stored
        operations, stored = self._known[id(stmt)]
        self._work.operations += times * operations
        self._work.stored += times * stored
