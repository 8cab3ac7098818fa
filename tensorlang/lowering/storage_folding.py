"""Let the coordinates of a Func that are not in use at the same time share their place in memory.

In: a tree in which a Func is computed at a loop inside its storage. Out: for dimensions that a loop between the two
moves, the number of coordinates to keep: coordinate `v` is stored at ``v % factor``.
Order: after the Func slides, which decides what is in use; before its storage is laid out.
Refuses: folds that were asked for and would lose values, or put the lanes of a vector apart.
Source: Halide's StorageFolding.cpp.

An iteration of a loop uses ``[lo, hi]`` of a dimension, reading or writing. If both ends never move down (or never up)
and ``hi - lo < factor``, folding is right: what is written while a value waits to be read lies, like the value itself,
in one such range, in which no two coordinates have the same place. A loop inside another one whose iterations leave
values to the next ones (a Func slides over it) cannot be folded over, as those values wait for longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tensorlang.bounds.regions import infer_reads, infer_writes, union
from tensorlang.bounds.surroundings import Box, Domain
from tensorlang.errors import TensorlangError
from tensorlang.ir.algorithm import FuncDef
from tensorlang.ir.expr import Call, Expr
from tensorlang.ir.stmt import For, LetStmt, LoopKind, Provide, Range, Stmt
from tensorlang.ir.visitor import free_variables, stmt_exprs, substatements, substitute, walk
from tensorlang.legality.storage import check_fold_fits, check_fold_has_no_lanes, check_fold_moves
from tensorlang.lowering.paths import Path, Step
from tensorlang.schedule.resolved import Fold, ResolvedSchedule
from tensorlang.symbolic.intervals import Interval
from tensorlang.symbolic.monotonic import Direction, infer_direction
from tensorlang.symbolic.simplify import difference, simplify


@dataclass
class Folds:
    """The factor of each folded Var, why others that move are not folded, and which asked for are refused."""

    factors: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[TensorlangError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Use:
    """What the iterations of a loop use of a dimension: how many coordinates, and whether they move up or down."""

    count: int | None
    ways: tuple[bool, bool]


def infer_folds(
    func: FuncDef,
    resolved: ResolvedSchedule,
    path: Path,
    box: tuple[Range, ...],
    domains: Mapping[str, Domain],
    kept_over: set[str],
) -> Folds:
    """How the storage of `func` over `box` is folded along `path`, which leads from there to the computation.

    `kept_over` are the loops whose iterations use what earlier ones computed.
    """
    return _Folder(func, resolved, path, box, domains, kept_over).fold()


class _Folder:
    def __init__(
        self,
        func: FuncDef,
        resolved: ResolvedSchedule,
        path: Path,
        box: tuple[Range, ...],
        domains: Mapping[str, Domain],
        kept_over: set[str],
    ) -> None:
        self.func, self.resolved, self.path, self.domains = func, resolved, path, domains
        self.asked = {fold.var: fold for fold in resolved.funcs[func.name].folds}
        self.sizes = [path.facts.of(side.extent).hi for side in box]
        self.kept_over = kept_over
        self.found = Folds()
        self.refused: dict[str, TensorlangError] = {}

    def fold(self) -> Folds:
        for step in self.path.steps:
            if (step.facts.limits[step.loop.var].hi or 1) >= 1:
                self._over(step)
            if step.loop.var in self.kept_over:
                break
        for var, fold in self.asked.items():
            if var not in self.found.factors and var not in self.refused:
                size = self.sizes[self.func.vars.index(var)]
                self._refuse(var, check_fold_fits(self.resolved, self.func.name, fold, size))
        self.found.problems += [error for var, error in self.refused.items() if var not in self.found.factors]
        return self.found

    def _over(self, step: Step) -> None:
        """Fold the dimensions that a loop moves."""
        for d, side in enumerate(self._used(step)):
            var = self.func.vars[d]
            ends = [end for end in (side.lo, side.hi) if end is not None]
            if var in self.found.factors or all(step.loop.var not in free_variables(end) for end in ends):
                continue
            use = _use(ends, step)
            if var in self.asked:
                self._as_asked(self.asked[var], step, d, use)
            else:
                self._by_itself(step, d, use)

    def _used(self, step: Step) -> Box:
        """What an iteration of a loop reads and writes."""
        body, name = step.loop.body, self.func.name
        regions = [infer(body, name, self.domains, step.facts) for infer in (infer_reads, infer_writes)]
        reads, writes = regions
        assert reads is not None and writes is not None, "the Func is computed and used in the body"
        both = union(reads.touched, writes.touched, step.facts)
        return tuple(Interval(*(self._expanded(end, step) for end in (side.lo, side.hi))) for side in both)

    def _expanded(self, end: Expr | None, step: Step) -> Expr | None:
        return None if end is None else simplify(substitute(end, self.path.lets), step.facts)

    def _as_asked(self, fold: Fold, step: Step, d: int, use: _Use) -> None:
        name = self.func.name
        error = (
            check_fold_has_no_lanes(self.resolved, name, fold, _has_lanes(step.loop.body, name, d))
            or check_fold_moves(self.resolved, name, fold, step.loop.var, use.ways)
            or check_fold_fits(self.resolved, name, fold, use.count)
        )
        if error is None:
            size = self.sizes[d]
            self.found.factors[fold.var] = fold.factor if size is None else min(fold.factor, size)
        else:
            self._refuse(fold.var, error)

    def _refuse(self, var: str, error: TensorlangError | None) -> None:
        if error is not None:
            self.refused.setdefault(var, error)

    def _by_itself(self, step: Step, d: int, use: _Use) -> None:
        var, size = self.func.vars[d], self.sizes[d]
        reason = ""
        if not any(use.ways):
            reason = f"what is in use does not move one way over {step.name}"
        elif use.count is None:
            reason = "no bound is known of what is in use"
        elif _has_lanes(step.loop.body, self.func.name, d):
            reason = "lanes lie along it"
        elif size is None or use.count < size:
            self.found.factors[var] = use.count
        if reason:
            self.found.notes.append(f"{var} is not folded: {reason}")


def _use(ends: list[Expr], step: Step) -> _Use:
    """The use of a dimension between two ends, if both are bounded."""
    if len(ends) < 2:
        return _Use(None, (False, False))
    moves = [infer_direction(end, step.loop.var) for end in ends]
    ways = tuple(all(move in (Direction.CONSTANT, way) for move in moves) for way in (Direction.UP, Direction.DOWN))
    last = step.facts.of_linear(difference(ends[1], ends[0], step.facts)).hi
    return _Use(None if last is None else last + 1, (ways[0], ways[1]))


def _has_lanes(body: Stmt, name: str, d: int) -> bool:
    """Whether an access to dimension `d` of `name` depends on a vectorized loop."""
    return any(_reaches_lanes(args[d], lanes) for args, lanes in _accesses(body, name, frozenset()))


def _reaches_lanes(arg: Expr, lanes: frozenset[str]) -> bool:
    return not lanes.isdisjoint(free_variables(arg))


def _accesses(stmt: Stmt, name: str, lanes: frozenset[str]) -> Iterator[tuple[tuple[Expr, ...], frozenset[str]]]:
    """The indices of every access to `name`, and the names there that differ from lane to lane."""
    match stmt:
        case For(var, _, LoopKind.VECTORIZED, _):
            lanes = lanes | {var}
        case LetStmt(let, value, _) if _reaches_lanes(value, lanes):
            lanes = lanes | {let}
        case Provide(provided, args, _) if provided == name:
            yield args, lanes
    for expr in stmt_exprs(stmt):
        for node in walk(expr):
            if isinstance(node, Call) and node.name == name:
                yield node.args, lanes
    for below in substatements(stmt):
        yield from _accesses(below, name, lanes)
