"""The loop nest of one stage over a box: loops, values of its Vars in terms of them, guards of tails and predicates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tensorlang.bounds.surroundings import Domain
from tensorlang.ir.algorithm import Definition, FuncDef
from tensorlang.ir.expr import Binary, BinaryOp, Compare, CompareOp, Expr, Select, Variable, index
from tensorlang.ir.stmt import For, IfThenElse, LetStmt, LoopHints, Predicated, Provide, Races, Range, Stmt
from tensorlang.ir.visitor import conjunction, conjuncts, substitute
from tensorlang.schedule.resolved import Fuse, Rename, Split, StageSchedule, Transform
from tensorlang.schedule.tails import TailStrategy
from tensorlang.symbolic.facts import Facts
from tensorlang.symbolic.linear import linearize
from tensorlang.symbolic.simplify import as_int, simplify


@dataclass(frozen=True, slots=True)
class TailProblem:
    """A tail strategy that the extent of its loop does not allow."""

    split: Split
    extent: str


@dataclass(frozen=True, slots=True)
class _Step:
    """A transform with its tail chosen, the extent that it took apart, and the dimensions it descends from."""

    transform: Transform
    extent: Expr
    roots: frozenset[str]
    at_root: bool


@dataclass(slots=True)
class _Tails:
    """What the tails of a stage come to.

    Attributes
    ----------
    values : mapping of str to Expr
        The dimensions, from 0, in terms of the loops.
    guards, loads, stores : list of Expr
        Conditions on the body, on the loads and on the stores in it.
    blends : list of Expr
        Conditions under which a point gets a new value.
    overread, overwritten : frozenset of str
        Dimensions for which more is read, or written, than is asked for.
    """

    values: dict[str, Expr]
    guards: list[Expr] = field(default_factory=list)
    loads: list[Expr] = field(default_factory=list)
    stores: list[Expr] = field(default_factory=list)
    blends: list[Expr] = field(default_factory=list)
    overread: frozenset[str] = frozenset()
    overwritten: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Nest:
    """A stage's loops around its Provide, with the domains of its let-bound Vars.

    `starts` is the first value of each loop that is a whole dimension of the definition. `rounded` holds the splits
    whose `auto` tail became `round_up`, `overrunning` those whose factor does not divide and whose explicit tail reads
    or writes extra points; `problems` the explicit tails that cannot be.
    """

    stmt: Stmt
    starts: Mapping[str, Expr]
    domains: Mapping[str, Domain]
    rounded: tuple[Split, ...]
    overrunning: tuple[Split, ...]
    problems: tuple[TailProblem, ...]


def loop_variable(func: str, stage: int, loop: str) -> str:
    """The variable of a loop in lowered code, unique in a pipeline."""
    return f"{func}.{stage}.{loop}"


def build_nest(
    func: FuncDef, stage: StageSchedule, box: tuple[Range, ...], facts: Facts, *, round_up: bool, copy: int = 0
) -> Nest:
    """The loops of `stage` over `box` (one Range per pure Var); `round_up` says whether `auto` may choose that tail.

    `copy` numbers the nests of one stage in a pipeline, whose Vars have domains of their own.
    """
    return _NestBuilder(func, stage, box, facts, round_up, copy).build()


class _NestBuilder:
    """Extents are found from the definition's dimensions towards the loops, values from the loops back."""

    def __init__(
        self, func: FuncDef, stage: StageSchedule, box: tuple[Range, ...], facts: Facts, round_up: bool, copy: int
    ) -> None:
        self.let = f"at{copy}" if copy else "at"
        self.func, self.stage, self.facts, self.may_round_up = func, stage, facts, round_up
        self.definition: Definition = func.definitions[stage.index]
        self.roots = self._root_ranges(box)
        self.extents: dict[str, Expr] = {name: r.extent for name, r in self.roots.items()}
        self.source = {name: frozenset({name}) for name in self.roots}
        self.untouched = set(self.roots)
        self.descends_inner: set[str] = set()
        self.rounded: list[Split] = []
        self.overrunning: list[Split] = []
        self.problems: list[TailProblem] = []

    def _root_ranges(self, box: tuple[Range, ...]) -> dict[str, Range]:
        """Min and extent of each pure Var and RVar of the definition."""
        roots = {
            var: side
            for var, arg, side in zip(self.func.vars, self.definition.args, box, strict=True)
            if arg == Variable(var)
        }
        return roots | {r.name: Range(index(r.min), index(r.extent)) for r in self.definition.rvars}

    def build(self) -> Nest:
        steps = [self._apply(t) for t in self.stage.transforms]
        tails = self._tails(steps)
        point = {name: f"{loop_variable(self.func.name, self.stage.index, name)}.{self.let}" for name in self.roots}
        names: dict[str, Expr] = {name: Variable(let) for name, let in point.items()}
        body = self._provide(tails, names)
        for name, let in reversed(point.items()):
            value = Binary(BinaryOp.ADD, self.roots[name].min, tails.values[name])
            body = LetStmt(let, simplify(value, self.facts), body)
        for guard in tails.guards:
            body = IfThenElse(guard, body)
        for loop in reversed(self.stage.loops):
            body = For(
                self._variable(loop.name).name, self.extents[loop.name], loop.kind, body, self._hints(loop.hints)
            )
        domains = {
            let: Domain(side.min, side.extent, name not in tails.overread, name not in tails.overwritten)
            for name, let in point.items()
            for side in (self.roots[name],)
        }
        starts = {name: self.roots[root].min for name in self.untouched for root in self.source[name]}
        return Nest(body, starts, domains, tuple(self.rounded), tuple(self.overrunning), tuple(self.problems))

    def _hints(self, hints: LoopHints) -> LoopHints:
        """Hints that name variables in place of loops."""
        ahead = tuple(replace(p, loop=self._variable(p.loop).name) for p in hints.prefetches)
        return replace(hints, prefetches=ahead) if ahead else hints

    def _provide(self, tails: _Tails, names: Mapping[str, Expr]) -> Stmt:
        """What is done at one point: the definition where its predicate holds, its values blended with old ones, and
        tails on its loads, those of its predicate too, and stores."""
        args = tuple(substitute(a, names) for a in self.definition.args)
        values = [substitute(value, names) for value in self.definition.values]
        is_accumulated = self.stage.races is not Races.NONE
        if not is_accumulated:
            for condition in tails.blends:
                pairs = zip(values, self.func.calls(args), strict=True)
                values = [old if new == old else Select(condition, new, old) for new, old in pairs]
        body: Stmt = Provide(self.func.name, args, tuple(values), self.stage.races)
        if is_accumulated and tails.blends:
            # A term is added once or not at all.
            body = IfThenElse(conjunction(tails.blends), body)
        for condition in reversed(conjuncts(self.definition.predicate)):
            body = IfThenElse(substitute(condition, names), body)
        if tails.loads:
            body = Predicated(conjunction(tails.loads), True, False, body)
        if tails.stores:
            body = Predicated(conjunction(tails.stores), False, True, body)
        return body

    def _variable(self, loop: str) -> Variable:
        return Variable(loop_variable(self.func.name, self.stage.index, loop))

    def _apply(self, step: Transform) -> _Step:
        """Compute the extents of the loops that a transform makes."""
        match step:
            case Split(old, outer, inner, factor, _):
                extent, roots = self.extents.pop(old), self.source.pop(old)
                done = _Step(replace(step, tail=self._tail(step, extent, roots)), extent, roots, old in self.untouched)
                rounds = Binary(BinaryOp.FLOOR_DIV, Binary(BinaryOp.ADD, extent, index(factor - 1)), index(factor))
                self.extents |= {outer: simplify(rounds, self.facts), inner: index(factor)}
                self.source |= {outer: roots, inner: roots}
                self._inherit([old], [inner, outer] if old in self.descends_inner else [])
                self.descends_inner.add(inner)
            case Fuse(outer, inner, fused):
                inner_extent, outer_extent = self.extents.pop(inner), self.extents.pop(outer)
                roots = self.source.pop(outer) | self.source.pop(inner)
                done = _Step(step, inner_extent, roots, False)
                self.extents[fused] = self._product(outer_extent, inner_extent)
                self.source[fused] = roots
                self._inherit([outer, inner], [fused] if {outer, inner} & self.descends_inner else [])
            case Rename(old, new):
                extent = self.extents[new] = self.extents.pop(old)
                roots = self.source[new] = self.source.pop(old)
                done = _Step(step, extent, roots, False)
                self.untouched |= {new} if old in self.untouched else set()
                self._inherit([old], [new] if old in self.descends_inner else [])
        return done

    def _product(self, outer: Expr, inner: Expr) -> Expr:
        """The iterations of two loops taken together, none if either has none: a region that is not needed may have two
        extents below 0, whose product is not."""
        if not any(self.facts.proves_at_least(linearize(extent), 0) for extent in (outer, inner)):
            outer = Binary(BinaryOp.MAX, outer, index(0))
        return simplify(Binary(BinaryOp.MUL, outer, inner), self.facts)

    def _inherit(self, gone: list[str], inner: list[str]) -> None:
        """Forget names that a transform replaced; `inner` are the new loops that still descend from an inner loop."""
        self.untouched.difference_update(gone)
        self.descends_inner.difference_update(gone)
        self.descends_inner.update(inner)

    def _tail(self, split: Split, extent: Expr, roots: frozenset[str]) -> TailStrategy:
        """The tail that a split gets over `extent`: explicit, or what `auto` stands for here."""
        if self._divides(split.factor, extent):
            return TailStrategy.ROUND_UP
        is_pure_stage = self.stage.index == 0
        is_rvar = not roots.isdisjoint(r.name for r in self.definition.rvars)
        holds_factor = (self.facts.of(extent).lo or 0) >= split.factor
        repeats = not is_pure_stage and split.old in self.descends_inner
        if split.tail is not TailStrategy.AUTO:
            self._check(split, extent, holds_factor=holds_factor)
            return split.tail
        if is_rvar or repeats:
            return TailStrategy.GUARD_WITH_IF
        if is_pure_stage and holds_factor and not self._is_padded():
            return TailStrategy.SHIFT_INWARDS
        if self.may_round_up:
            self.rounded.append(split)
            return TailStrategy.ROUND_UP
        return TailStrategy.GUARD_WITH_IF

    def _is_padded(self) -> bool:
        """Whether iterations past the end of a loop store zeros or old values: there no last tile may come back."""
        padding = (TailStrategy.PREDICATE_LOADS, TailStrategy.ROUND_UP_AND_BLEND)
        return any(isinstance(step, Split) and step.tail in padding for step in self.stage.transforms)

    def _divides(self, factor: int, extent: Expr) -> bool:
        limits = self.facts.of(extent)
        if factor == 1 or (limits.lo is not None and limits.lo == limits.hi and limits.lo % factor == 0):
            return True
        form = linearize(extent)
        return form.constant % factor == 0 and all(coefficient % factor == 0 for _, coefficient in form.terms)

    def _check(self, split: Split, extent: Expr, *, holds_factor: bool) -> None:
        known = as_int(extent)
        text = str(known) if known is not None else f"at least {max(self.facts.of(extent).lo or 0, 0)}"
        if split.tail.shifts and not holds_factor:
            self.problems.append(TailProblem(split, text))
        if split.tail.overreads or split.tail.overwrites:
            self.overrunning.append(split)

    def _tails(self, steps: list[_Step]) -> _Tails:
        """The values of the dimensions, from the loops back, with the conditions that tails put on them."""
        tails = _Tails({loop.name: self._variable(loop.name) for loop in self.stage.loops})
        exactly_read: frozenset[str] = frozenset()
        exactly_written: frozenset[str] = frozenset()
        for step in reversed(steps):
            match step.transform:
                case Split(_, _, _, factor, tail) as split:
                    self._take_apart(split, step.extent, tails)
                    if self._divides(factor, step.extent):
                        continue
                    if tail.overreads:
                        tails.overread |= step.roots
                    elif step.at_root and not tail.shifts:
                        exactly_read |= step.roots
                    if tail.overwrites:
                        tails.overwritten |= step.roots
                    elif step.at_root and not tail.shifts:
                        exactly_written |= step.roots
                case Fuse(outer, inner, fused):
                    both = tails.values.pop(fused)
                    tails.values[outer] = Binary(BinaryOp.FLOOR_DIV, both, step.extent)
                    tails.values[inner] = Binary(BinaryOp.MOD, both, step.extent)
                case Rename(old, new):
                    tails.values[old] = tails.values.pop(new)
        tails.overread -= exactly_read
        tails.overwritten -= exactly_written
        return tails

    def _take_apart(self, split: Split, extent: Expr, tails: _Tails) -> None:
        """The value of a loop that was split, and the conditions of its tail."""
        factor = index(split.factor)
        start: Expr = Binary(BinaryOp.MUL, tails.values.pop(split.outer), factor)
        inner = tails.values.pop(split.inner)
        if self._divides(split.factor, extent):
            tails.values[split.old] = Binary(BinaryOp.ADD, start, inner)
            return
        last_start = Binary(BinaryOp.SUB, extent, factor)
        shifted = Binary(BinaryOp.MIN, start, last_start) if split.tail.shifts else start
        value = tails.values[split.old] = Binary(BinaryOp.ADD, shifted, inner)
        inside = Compare(CompareOp.LT, value, extent)
        match split.tail:
            case TailStrategy.GUARD_WITH_IF:
                tails.guards.append(inside)
            case TailStrategy.PREDICATE:
                tails.loads.append(inside)
                tails.stores.append(inside)
            case TailStrategy.PREDICATE_LOADS:
                tails.loads.append(inside)
            case TailStrategy.PREDICATE_STORES:
                tails.stores.append(inside)
            case TailStrategy.ROUND_UP_AND_BLEND:
                tails.blends.append(inside)
            case TailStrategy.SHIFT_INWARDS_AND_BLEND:
                # What is not new is as far from the start as the tile was slid; in tiles that were not, that is < 0.
                tails.blends.append(Compare(CompareOp.GE, inner, Binary(BinaryOp.SUB, start, last_start)))
