"""Build the loop nests of all stages, place each Func, and infer the box of its storage.

In: an Algorithm without inline Funcs, its resolved schedule, output shapes. Out: a `Placed` pipeline: one tree of For,
LetStmt, IfThenElse, Realize and Provide for `main`, and one for `prepare`.
Order: consumers before producers, so that the region a producer must hold is read off the tree built so far.
Refuses: illegal placements, tails and regions, by the checks of `legality`, through `report`.
Source: Halide's ScheduleFunctions.cpp and BoundsInference.cpp do the same in two passes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from tensorlang.bounds.alignment import aligned
from tensorlang.bounds.definitions import DefinitionBounds, loop_ranges, reads_under
from tensorlang.bounds.nest import Nest, build_nest, loop_variable
from tensorlang.bounds.params import as_variables, for_all_params, param_facts
from tensorlang.bounds.regions import Region, infer_needs, infer_reads, infer_writes, to_box, to_ranges, union
from tensorlang.bounds.surroundings import Domain
from tensorlang.errors import TensorlangError
from tensorlang.ir.algorithm import Algorithm, FuncDef
from tensorlang.ir.expr import Expr, index
from tensorlang.ir.module import Requirement
from tensorlang.ir.stmt import Block, IfThenElse, LetStmt, Memory, Range, Realize, Stmt
from tensorlang.ir.visitor import block, conjuncts
from tensorlang.legality.placement import check_initialisation_is_complete, find_uses, legal_sites, site_problem
from tensorlang.legality.regions import Overrun, check_bounded, check_inside, check_output_is_aligned, check_promised
from tensorlang.legality.storage import infer_levels
from tensorlang.legality.tails import tail_problems
from tensorlang.lowering.fuse_stages import Part, fuse_stages, guarded
from tensorlang.lowering.paths import as_steady, change_body, find_path
from tensorlang.lowering.sliding_window import Need, name_bounds, slide
from tensorlang.lowering.storage_folding import infer_folds
from tensorlang.lowering.warm_ups import Names, change_rest, insert_producer
from tensorlang.schedule.fused_groups import Key, groups_in_order
from tensorlang.schedule.resolved import Placement, ResolvedSchedule, StageSchedule
from tensorlang.symbolic.facts import Facts, Limits

Report = Callable[[TensorlangError], None]
_NOWHERE = Block(())


@dataclass(frozen=True, slots=True)
class Kept:
    """Storage that does not come and go with the computation.

    `folds` maps a Var to the number of its coordinates that have a place, `hoist` is the loop in whose body memory is
    allocated ("" outside all loops, None where the storage is), and `notes` say over which loops the Func slides.
    """

    folds: Mapping[str, int] = field(default_factory=dict)
    hoist: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """All of it, for people."""
        folded = tuple(f"{var} is folded to {factor}" for var, factor in self.folds.items())
        if self.hoist is None:
            return (*self.notes, *folded)
        func, _, loop = (self.hoist or "..").split(".", 2)
        return (*self.notes, *folded, f"allocated at {func}, {loop}" if self.hoist else "allocated at root")


@dataclass(frozen=True, slots=True)
class Placed:
    """Loop nests with every Func placed.

    `boxes` holds the storage of outputs and of state (Funcs computed in `prepare`); all other Funcs have a Realize.
    `kept` says what is special about the storage of some; `bounds` are names of bounds of loops, to keep as names;
    `requirements` are what calls must meet.
    """

    main: Stmt
    prepare: Stmt
    domains: Mapping[str, Domain]
    boxes: Mapping[str, tuple[Range, ...]]
    state: tuple[str, ...]
    kept: Mapping[str, Kept]
    bounds: Collection[str]
    requirements: tuple[Requirement, ...]


def build_loop_nests(
    algorithm: Algorithm, resolved: ResolvedSchedule, shapes: Mapping[str, tuple[int, ...]], report: Report
) -> Placed:
    """Place every Func; `auto` tails round up unless that would leave an array, then they guard."""
    builder = _Builder(algorithm, resolved, shapes, report, round_up=True)
    placed = builder.build()
    problems = builder.region_problems()
    if problems and builder.rounded:
        builder = _Builder(algorithm, resolved, shapes, report, round_up=False)
        placed = builder.build()
        problems = builder.region_problems()
    for problem in problems:
        report(problem)
    return placed


class _Builder:
    def __init__(
        self,
        algorithm: Algorithm,
        resolved: ResolvedSchedule,
        shapes: Mapping[str, tuple[int, ...]],
        report: Report,
        *,
        round_up: bool,
    ) -> None:
        self.algorithm, self.resolved, self.shapes = algorithm, resolved, shapes
        self.report, self.round_up, self.rounded = report, round_up, False
        self.facts, self.params = param_facts(algorithm), [i.name for i in algorithm.inputs if i.scalar is not None]
        self.requirements: dict[Requirement, None] = {}
        self.copies: Counter[tuple[str, int]] = Counter()
        self.main: Stmt = _NOWHERE
        self.prepare: Stmt = _NOWHERE
        self.names = Names()
        self.kept: dict[str, Kept] = {}
        self.boxes: dict[str, tuple[Range, ...]] = {}
        self.state: list[str] = []
        self.overruns: list[Overrun] = []

    def build(self) -> Placed:
        for group in reversed(self._groups()):
            used = [func for func in group if func.name in self.algorithm.outputs or self._is_used(func)]
            if len(used) > 1:
                self._place_group(used)
            elif used and used[0].name in self.algorithm.outputs:
                self._place_output(used[0])
            elif used:
                self._place(used[0])
        return Placed(
            self.main,
            self.prepare,
            self.names.domains,
            self.boxes,
            tuple(self.state),
            self.kept,
            frozenset(self.names.bounds),
            tuple(self.requirements),
        )

    def _groups(self) -> list[list[FuncDef]]:
        """The Funcs, producers first, those that are computed together in one group."""
        stages = [stage for func in self.algorithm.funcs for stage in self.resolved.funcs[func.name].stages]
        order = groups_in_order(self.algorithm, [(s.func, s.fused.func) for s in stages if s.fused is not None])
        assert not order.left, "groups of Funcs that are computed together have an order"
        return [[self.algorithm.func(name) for name in group] for group in order.groups]

    def _is_used(self, func: FuncDef) -> bool:
        return any(True for tree in (self.main, self.prepare) for _ in find_uses(tree, func.name))

    def _place_output(self, func: FuncDef) -> None:
        box = tuple(Range(index(0), index(extent)) for extent in self.shapes[func.name])
        self.boxes[func.name] = box
        produce = self._produce(func, self._bounded(func, box, self.facts), self.facts, round_up=False)
        self.main = block([produce, self.main])

    def _place(self, func: FuncDef) -> None:
        schedule = self.resolved.funcs[func.name]
        match schedule.placement:
            case Placement.INIT:
                self._place_state(func)
            case Placement.AT:
                assert schedule.level is not None, "compute_at names a level"
                level = schedule.level
                self._place_at(func, loop_variable(level.func, level.index, level.loop))
            case Placement.DEFAULT if func.updates and legal_sites(self.main, func.name):
                self._place_at(func, legal_sites(self.main, func.name)[-1].var)
            case _ if self._is_missed_in_prepare(func):
                self._place_state(func)
            case _:
                self.main = self._realize(func, self.main, self.facts)

    def _place_state(self, func: FuncDef) -> None:
        both = block([self.prepare, self.main])
        found = self._region(func, both, self.facts)
        if found is None:
            return
        # It is made once, for calls with any values of the scalar arguments.
        region = Region(*(for_all_params(box, self.algorithm) for box in (found.required, found.touched)))
        error = check_bounded(func.name, func.vars, region)
        if error is not None:
            self.report(error)
            return
        produce = self._produce(func, self._required(func, region, self.facts), self.facts)
        self.boxes[func.name] = self._storage(func, region, produce, self.facts)
        self.state.insert(0, func.name)
        self.prepare = block([produce, self.prepare])

    def _place_at(self, func: FuncDef, site: str) -> None:
        in_prepare = any(loop.var == site for path in find_uses(self.prepare, func.name) for loop in path)
        tree = self.prepare if in_prepare else self.main
        if in_prepare:
            # What the main tree reads too is used outside every loop of the initialisation.
            both = block([self.prepare, self.main])
            error = site_problem(self.resolved, func.name, site, both, outermost="compute_at_init()")
        else:
            error = site_problem(self.resolved, func.name, site, tree)
        if error is not None:
            self.report(error)
        if (in_prepare and error is not None) or (not in_prepare and self._is_missed_in_prepare(func)):
            self._place_state(func)
            return
        tree = self._store(func, tree, site) if error is None else self._realize(func, tree, self.facts)
        if in_prepare:
            self.prepare = tree
        else:
            self.main = tree

    def _place_group(self, funcs: list[FuncDef]) -> None:
        """Place Funcs that are computed together."""
        level = self.resolved.funcs[funcs[0].name].level
        missed = [func for func in funcs if self._is_missed_in_prepare(func)]
        if missed:
            for func in funcs:
                self._place_state(func)
            return
        if level is None:
            self.main = self._realize_group(funcs, self.main, self.facts)
            return
        site = loop_variable(level.func, level.index, level.loop)
        errors = [site_problem(self.resolved, func.name, site, self.main) for func in funcs]
        for error in errors:
            if error is not None:
                self.report(error)
        if any(errors):
            self.main = self._realize_group(funcs, self.main, self.facts)
        else:
            self.main = change_body(
                self.main, site, self.facts, lambda body, facts: self._realize_group(funcs, body, facts)
            )

    def _realize_group(self, funcs: list[FuncDef], body: Stmt, facts: Facts) -> Stmt:
        """`body` with the storage of `funcs` around it, and their stages before it, fused as they say."""
        parts: dict[Key, Part] = {}
        regions: dict[str, Region] = {}
        for func in funcs:
            if func.name in self.algorithm.outputs:
                box = self.boxes[func.name] = tuple(Range(index(0), index(n)) for n in self.shapes[func.name])
                parts |= self._parts(func, self._bounded(func, box, facts), facts, round_up=False)
                continue
            region = self._region(func, body, facts)
            if region is not None:
                regions[func.name] = region
                needs = infer_needs(body, func.name, self.names.domains, facts)
                parts |= self._parts(func, self._required(func, region, facts), facts, needs=needs)
        produce = fuse_stages(parts, facts)
        result = block([produce, body])
        for func in (func for func in reversed(funcs) if func.name in regions):
            memory = self.resolved.funcs[func.name].memory or Memory.HEAP
            box = self._storage(func, regions[func.name], produce, facts)
            result = Realize(func.name, func.types, box, memory, result)
        return result

    def _parts(
        self, func: FuncDef, box: tuple[Range, ...], facts: Facts, *, round_up: bool = True, needs: Expr | None = None
    ) -> dict[Key, Part]:
        """The stages of `func` over `box`, ready to be fused, each under the condition `needs`."""
        parts: dict[Key, Part] = {}
        for stage in self.resolved.funcs[func.name].stages:
            nest = self._nest(func, stage, box, facts, round_up=round_up)
            variables = {loop.name: loop_variable(func.name, stage.index, loop.name) for loop in stage.loops}
            stmt = nest.stmt if needs is None else guarded(nest.stmt, needs, len(stage.loops))
            parts[func.name, stage.index] = Part(stmt, variables, nest.starts, stage.fused)
        return parts

    def _store(self, func: FuncDef, tree: Stmt, site: str) -> Stmt:
        """`tree` with `func` computed at the loop `site`, and stored there or at the level it is given around that."""
        levels = infer_levels(self.resolved, func.name, tree, site)
        for problem in levels.problems:
            self.report(problem)
        if levels.hoist is not None:
            self.kept[func.name] = Kept(hoist=levels.hoist)
        if levels.store == site:
            return change_body(tree, site, self.facts, lambda body, facts: self._realize_at(func, body, facts))
        if levels.store is None:
            return self._keep(func, tree, self.facts, site)
        return change_body(tree, levels.store, self.facts, lambda body, facts: self._keep(func, body, facts, site))

    def _realize_at(self, func: FuncDef, body: Stmt, facts: Facts) -> Stmt:
        """`func` realized in the body of a loop, where its uses start, if other Funcs start earlier."""
        return change_rest(body, func.name, facts, lambda rest, inside: self._realize(func, rest, inside))

    def _keep(self, func: FuncDef, body: Stmt, facts: Facts, site: str) -> Stmt:
        """`body` with the storage of `func` around it, and its stages at the loop `site` in it."""
        path = find_path(body, site, facts, self.names.steady)
        region = self._region(func, path.body, path.facts)
        steady = infer_reads(as_steady(path.body, self.names.steady), func.name, self.names.domains, path.facts)
        if region is None or steady is None:
            return body
        schedule = self.resolved.funcs[func.name]
        need = to_box(self._required(func, region, path.facts))
        needs = infer_needs(path.body, func.name, self.names.domains, path.facts)
        window = slide(func, schedule, path, Need(need, steady.required, needs))
        round_up = not window.is_downward
        named = name_bounds(func, to_ranges(window.box, window.facts), window.facts)
        produce = self._produce(func, named.box, named.facts, round_up=round_up)
        for name, value in named.values.items():
            produce = LetStmt(name, value, produce)
        self.names.bounds.update(named.values)
        for condition in [*window.conditions, *([] if needs is None else [needs])]:
            produce = IfThenElse(condition, produce)
        body = insert_producer(body, site, produce, window.warm_ups, self.names)
        kept = self._region(func, body, facts)
        if kept is None:
            return body
        box = self._storage(func, kept, body, facts)
        path = find_path(body, site, facts, self.names.steady)
        folds = infer_folds(func, self.resolved, path, box, self.names.domains, window.kept_over)
        for problem in folds.problems:
            self.report(problem)
        known = self.kept.get(func.name, Kept())
        self.kept[func.name] = replace(known, folds=folds.factors, notes=(*window.notes, *folds.notes))
        return Realize(func.name, func.types, box, schedule.memory or Memory.HEAP, body)

    def _is_missed_in_prepare(self, func: FuncDef) -> bool:
        """Report what the initialisation reads and does not compute."""
        error = check_initialisation_is_complete(func.name, self.prepare, self.state)
        if error is not None:
            self.report(error)
        return error is not None

    def _realize(self, func: FuncDef, body: Stmt, facts: Facts) -> Stmt:
        """`body` with the storage of `func` around it and the stages of `func` before it."""
        region = self._region(func, body, facts)
        if region is None:
            return body
        produce = self._produce(func, self._required(func, region, facts), facts)
        needs = infer_needs(body, func.name, self.names.domains, facts)
        produce = produce if needs is None else IfThenElse(needs, produce)
        memory = self.resolved.funcs[func.name].memory or Memory.HEAP
        box = self._storage(func, region, produce, facts)
        return Realize(func.name, func.types, box, memory, block([produce, body]))

    def _region(self, func: FuncDef, body: Stmt, facts: Facts) -> Region | None:
        region = infer_reads(body, func.name, self.names.domains, facts)
        error = None if region is None else check_bounded(func.name, func.vars, region)
        if error is not None:
            self.report(error)
            return None
        return region

    def _required(self, func: FuncDef, region: Region, facts: Facts) -> tuple[Range, ...]:
        """What consumers require, and what updates write and read besides."""
        box = region.required
        for update in func.updates:
            bounds = DefinitionBounds(loop_ranges(func, update, to_ranges(box, facts)), facts)
            accesses = [(update.args, conjuncts(update.predicate))]
            accesses += [(read.args, conditions) for read, conditions in reads_under(update) if read.name == func.name]
            grown = box
            for args, conditions in accesses:
                grown = union(grown, bounds.box(args, conditions) or box, facts)
            error = check_bounded(func.name, func.vars, Region(grown, grown))
            if error is not None:
                self.report(error)
            else:
                box = grown
        return self._bounded(func, to_ranges(box, facts), facts)

    def _bounded(self, func: FuncDef, box: tuple[Range, ...], facts: Facts) -> tuple[Range, ...]:
        """`box` as it is computed: what `bound` promises, which must hold it, or what `align_bounds` makes of it."""
        sides = dict(zip(func.vars, box, strict=True))
        for var, low, extent in self.resolved.funcs[func.name].stages[0].bounds:
            error = check_promised(self.resolved, func.name, var, Limits(low, low + extent - 1), sides[var], facts)
            if error is not None:
                self.report(error)
            sides[var] = Range(index(low), index(extent))
        for to in self.resolved.funcs[func.name].alignments:
            side = aligned(sides[to.var], to, facts)
            error = check_output_is_aligned(self.resolved, func, to, sides[to.var], side, facts)
            if error is not None:
                self.report(error)
            else:
                sides[to.var] = side
        return tuple(sides.values())

    def _storage(self, func: FuncDef, region: Region, produce: Stmt, facts: Facts) -> tuple[Range, ...]:
        """The box that holds everything touched: by consumers, and by the stages of `func` itself."""
        box = region.touched
        for own in (infer_writes, infer_reads):
            extra = own(produce, func.name, self.names.domains, facts)
            if extra is not None:
                box = union(box, extra.touched, facts)
        error = check_bounded(func.name, func.vars, Region(box, box))
        if error is not None:
            self.report(error)
            box = region.required
        return to_ranges(box, facts)

    def _produce(self, func: FuncDef, box: tuple[Range, ...], facts: Facts, *, round_up: bool = True) -> Stmt:
        """The stages of `func` over `box`, in order."""
        stages = []
        for stage in self.resolved.funcs[func.name].stages:
            tests = [as_variables(case.condition, self.params) for case in stage.cases]
            if stage.failure:
                self.requirements[Requirement(tuple(tests), stage.failure)] = None
                stmt: Stmt | None = None
            else:
                stmt = self._nest(func, stage, box, facts, round_up=round_up).stmt
            for case, test in reversed(list(zip(stage.cases, tests, strict=True))):
                known = facts.assuming(test)
                stmt = IfThenElse(test, self._nest(func, case.nest, box, known, round_up=round_up).stmt, stmt)
            stages += [] if stmt is None else [stmt]
        return block(stages)

    def _nest(
        self, func: FuncDef, stage: StageSchedule, box: tuple[Range, ...], facts: Facts, *, round_up: bool
    ) -> Nest:
        """The loops of one stage of `func` over `box`, or of one case of it."""
        copy = self.copies[func.name, stage.index]
        self.copies[func.name, stage.index] += 1
        nest = build_nest(func, stage, box, facts, round_up=round_up and self.round_up, copy=copy)
        for error in tail_problems(self.resolved, stage, nest):
            self.report(error)
        self.names.domains.update(nest.domains)
        self.rounded = self.rounded or bool(nest.rounded)
        for split in nest.overrunning:
            origin = self.resolved.origin(func.name, stage.index, split.inner, stage.case)
            self.overruns.append(Overrun(split.tail, origin))
        return nest

    def region_problems(self) -> list[TensorlangError]:
        """Errors of Inputs and outputs that are read or written outside their shapes."""
        problems: list[TensorlangError] = []
        whole = block([self.prepare, self.main])
        for source in self.algorithm.inputs:
            dims = tuple(f"axis {d}" for d in range(len(source.shape)))
            region = infer_reads(whole, source.name, self.names.domains, self.facts)
            problems += self._outside(source.name, dims, source.shape, region, "read")
        for name in self.algorithm.outputs:
            dims, shape = self.algorithm.func(name).vars, self.shapes[name]
            for infer, verb in ((infer_reads, "read"), (infer_writes, "written")):
                problems += self._outside(name, dims, shape, infer(whole, name, self.names.domains, self.facts), verb)
        return problems

    def _outside(
        self, name: str, dims: tuple[str, ...], shape: tuple[int, ...], region: Region | None, verb: str
    ) -> list[TensorlangError]:
        if region is None:
            return []
        unbounded = check_bounded(name, dims, region)
        if unbounded is not None:
            return [unbounded]
        error = check_inside(name, dims, shape, region, self.overruns, self.facts, verb=verb)
        return [] if error is None else [error]
