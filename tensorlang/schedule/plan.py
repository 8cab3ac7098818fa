"""The state of a schedule while its directives are replayed: immutable, each directive returns a new Plan."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import Algorithm, FuncDef
from tensorlang.ir.stmt import Memory
from tensorlang.schedule.call import Call
from tensorlang.schedule.nest import StagePlan, begin_stage
from tensorlang.schedule.resolved import Alignment, Fold, LoopLevel, Placement, StorageDim
from tensorlang.schedule.rules import Family, refuse, rule
from tensorlang.schedule.stages import StageName


@dataclass(frozen=True, slots=True)
class FuncPlan:
    """Placement and storage of one Func so far, with the directives that said so.

    `folded_by`, `aligned_by` and `estimated_by` hold one directive for each of `folds`, `alignments` and `estimates`.
    """

    name: str
    storage: tuple[StorageDim, ...]
    placement: Placement = Placement.DEFAULT
    level: LoopLevel | None = None
    memory: Memory | None = None
    placed_by: Call | None = None
    stored_by: Call | None = None
    arranged_by: Call | None = None
    wrapped_by: Call | None = None
    store: LoopLevel | None = None
    kept_by: Call | None = None
    hoist: LoopLevel | None = None
    hoisted_by: Call | None = None
    folds: tuple[Fold, ...] = ()
    folded_by: tuple[Call, ...] = ()
    alignments: tuple[Alignment, ...] = ()
    aligned_by: tuple[Call, ...] = ()
    estimates: tuple[tuple[str, int, int], ...] = ()
    estimated_by: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """An algorithm with the directives so far carried out on it."""

    algorithm: Algorithm
    stages: Mapping[StageName, StagePlan]
    funcs: Mapping[str, FuncPlan]

    def stage(self, call: Call, name: StageName | None = None) -> StagePlan:
        """The stage that `call` is about, or the one called `name`.

        Raises
        ------
        ScheduleError
            If there is no such stage.
        """
        wanted = call.stage if name is None else name
        refuse(check_stage_exists(self, call, wanted.general))
        stage = self.stages[wanted.general]
        refuse(check_case_exists(call, wanted, stage))
        return stage.nests[wanted.case]

    def func(self, call: Call) -> FuncPlan:
        """The Func that `call` is about, which must be named by its pure stage; raises as `stage`."""
        stage = self.stage(call)
        refuse(check_says_it_of_the_func(call))
        return self.funcs[stage.name.func]

    def with_stage(self, stage: StagePlan) -> Plan:
        """The plan with one stage replaced, or one case of a stage."""
        general = stage.name.general
        changed = self.stages[general].with_case(stage) if stage.name.case else stage
        return replace(self, stages={**self.stages, general: changed})

    def with_nest(self, call: Call, stage: StagePlan) -> Plan:
        """The plan with one stage replaced, on behalf of a directive about its loops."""
        return self.with_stage(stage if stage.touched_by else replace(stage, touched_by=call))

    def with_func(self, func: FuncPlan) -> Plan:
        """The plan with one Func replaced."""
        return replace(self, funcs={**self.funcs, func.name: func})

    def canonical(self, level: LoopLevel) -> LoopLevel:
        """A loop by the stage whose loop it stays where stages are computed together."""
        stage = self.stages.get(StageName(level.func, level.index))
        while stage is not None and stage.fused is not None:
            names = [loop.name for loop in stage.loops]
            if not {level.loop, stage.fused.loop} <= set(names):
                break
            if names.index(level.loop) > names.index(stage.fused.loop):
                break
            level = LoopLevel(stage.fused.func, stage.fused.index, level.loop)
            stage = self.stages.get(StageName(level.func, level.index))
        return level


@rule(Family.NAMES)
def check_stage_exists(plan: Plan, call: Call, name: StageName) -> ScheduleError | None:
    """A directive is given to a stage of the algorithm."""
    if name in plan.stages:
        return None
    legal = f"stages: {', '.join(stage.as_written for stage in plan.stages)}"
    if plan.algorithm.find_input(name.func):
        return call.error(
            f"{name.func} is an Input, which has no loops and no storage of its own.",
            legal=legal,
            hint=f'give {name.func} a copy to schedule: s.in_({name.func}, consumer, "{name.func}_packed")',
        )
    near = difflib.get_close_matches(name.as_written, [stage.as_written for stage in plan.stages], n=1)
    hint = f"did you mean {near[0]}?" if near else ""
    return call.error(f"there is no stage {name.as_written}.", legal=legal, hint=hint)


@rule(Family.NAMES)
def check_case_exists(call: Call, name: StageName, stage: StagePlan) -> ScheduleError | None:
    """A case is there once specialize has made it."""
    if name.case <= len(stage.cases):
        return None
    known = ", ".join(case.nest.name.as_written for case in stage.cases) or "none"
    return call.error(f"there is no case {name.as_written}.", legal=f"cases of {stage.name.as_written}: {known}")


@rule(Family.NAMES)
def check_says_it_of_the_func(call: Call) -> ScheduleError | None:
    """Placement, storage and bounds belong to a Func."""
    if not call.stage.update and not call.stage.case:
        return None
    part = "a case of it" if call.stage.case else "one of its updates"
    return call.error(
        f"{call.call} is said of the Func {call.stage.func}, not of {part}.",
        legal=f"s[{call.stage.func}].{call.method_text(quote_stages=False)}",
    )


def begin_func(func: FuncDef) -> tuple[FuncPlan, tuple[StagePlan, ...]]:
    """The plan of a Func before any directive: row-major storage, loops in default order."""
    storage = tuple(StorageDim(var, var, divisor=1, modulus=None, align=1) for var in func.vars)
    stages = tuple(begin_stage(func, index, item) for index, item in enumerate(func.definitions))
    return FuncPlan(func.name, storage), stages


def begin(algorithm: Algorithm) -> Plan:
    """The plan of an algorithm before any directive."""
    plans = [begin_func(func) for func in algorithm.funcs]
    return Plan(
        algorithm,
        stages={stage.name: stage for _, stages in plans for stage in stages},
        funcs={func.name: func for func, _ in plans},
    )
