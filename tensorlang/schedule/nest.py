"""The loop nest of one stage while directives are replayed: immutable, each change returns a new nest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tensorlang.errors import ScheduleError
from tensorlang.ir.algorithm import Definition, FuncDef
from tensorlang.ir.expr import Variable
from tensorlang.ir.stmt import LoopKind, PartitionPolicy
from tensorlang.schedule.call import Call
from tensorlang.schedule.conditions import Condition
from tensorlang.schedule.resolved import LoopLevel, Split, Transform
from tensorlang.schedule.rules import Family, refuse, rule
from tensorlang.schedule.stages import StageName


@dataclass(frozen=True, slots=True)
class LoopPlan:
    """A loop as scheduled so far.

    Attributes
    ----------
    roots : frozenset of str
        The Vars or RVars of the definition it descends from.
    is_from_inner : bool
        Whether it descends from the inner loop of a split.
    is_from_shifted : bool
        Whether it descends from the outer loop of a split whose last tile slides back, so that going past its end
        comes back to that tile.
    extent : int or None
        Where it does not depend on the region computed: RVars, and inner loops of splits.
    marked_by : Call or None
        The directive that set its kind.
    partition : PartitionPolicy
        Whether it is split where the conditions in it change; `partitioned_by` said so of the loop `partition_of`.
    """

    name: str
    kind: LoopKind
    is_reduction: bool
    roots: frozenset[str]
    is_from_inner: bool = False
    extent: int | None = None
    marked_by: Call | None = None
    partition: PartitionPolicy = PartitionPolicy.AUTO
    partitioned_by: Call | None = None
    partition_of: str = ""
    is_from_shifted: bool = False

    @property
    def partitioning(self) -> tuple[PartitionPolicy, Call | None, str]:
        """What was said of its partitioning: `partition`, `partitioned_by` and `partition_of`."""
        return self.partition, self.partitioned_by, self.partition_of


@dataclass(frozen=True, slots=True)
class Blend:
    """A split whose tail loads, selects and stores: who asked for it, and the Vars that it takes apart."""

    call: Call
    split: Split
    roots: frozenset[str]


@dataclass(frozen=True, slots=True)
class PrefetchPlan:
    """What loop `at` prefetches of `producer`: what it reads `offset` iterations of loop `ahead` later."""

    call: Call
    producer: str
    at: str
    ahead: str
    offset: int
    is_clamped: bool


@dataclass(frozen=True, slots=True)
class CasePlan:
    """A nest of its own for calls whose Params meet a condition."""

    call: Call
    condition: Condition
    nest: StagePlan


@dataclass(frozen=True, slots=True)
class Failure:
    """What a call is refused with if it meets the condition of no case."""

    call: Call
    message: str


@dataclass(frozen=True, slots=True)
class StagePlan:
    """The loop nest of one definition so far.

    `made_by` maps every loop name ever used to the directive that made it (None: the definition itself), `gone_by`
    those that are no more to the directive that replaced them; `touched_by` is the first directive given to the
    stage, and `is_reduction_reordered` says whether the terms of a reduction come in another order than by default,
    and `reordered_by` which directive is to blame. `bound_by` goes with `bounds`; `atomic_by` and
    `races_allowed_by` are the directives that let iterations meet at one element. `fused` is the innermost loop of
    another stage that the stage shares, and `fused_by` said so; `streamed_by` says that its stores go past the
    caches. `cases` are tried in order before this nest, which `failure` replaces.
    """

    name: StageName
    definition: Definition
    loops: tuple[LoopPlan, ...]
    made_by: Mapping[str, Call | None]
    gone_by: Mapping[str, Call]
    transforms: tuple[Transform, ...] = ()
    bounds: tuple[tuple[str, int, int], ...] = ()
    touched_by: Call | None = None
    is_reduction_reordered: bool = False
    reordered_by: Call | None = None
    bound_by: tuple[Call, ...] = ()
    blends: tuple[Blend, ...] = ()
    atomic_by: Call | None = None
    races_allowed_by: Call | None = None
    fused: LoopLevel | None = None
    fused_by: Call | None = None
    prefetches: tuple[PrefetchPlan, ...] = ()
    cases: tuple[CasePlan, ...] = ()
    failure: Failure | None = None
    streamed_by: Call | None = None

    @property
    def nests(self) -> tuple[StagePlan, ...]:
        """This nest and those of its cases."""
        return (self, *(case.nest for case in self.cases))

    def with_definition(self, definition: Definition) -> StagePlan:
        """The same nests of another definition, over the same Vars."""
        cases = tuple(replace(case, nest=replace(case.nest, definition=definition)) for case in self.cases)
        return replace(self, definition=definition, cases=cases)

    def with_case(self, nest: StagePlan) -> StagePlan:
        """The stage with the nest of one of its cases replaced."""
        cases = tuple(replace(case, nest=nest) if case.nest.name == nest.name else case for case in self.cases)
        return replace(self, cases=cases)

    @property
    def loop_names(self) -> str:
        """The loops, outermost first, for error texts."""
        return ", ".join(loop.name for loop in self.loops) or "none: it is a single value"

    def position(self, call: Call, loop: str) -> int:
        """Index of `loop` in the nest.

        Raises
        ------
        ScheduleError
            If there is no such loop; the text lists the loops, and says what became of it.
        """
        refuse(check_loop_exists(self, call, loop))
        return [candidate.name for candidate in self.loops].index(loop)

    def loop(self, call: Call, name: str) -> LoopPlan:
        """The loop called `name`; raises as `position`."""
        return self.loops[self.position(call, name)]

    def check_new_names(self, call: Call, names: tuple[str, ...], reusable: tuple[str, ...]) -> None:
        """Raise ScheduleError unless `names` are distinct, and new or among `reusable`."""
        refuse(check_loop_names_are_new(self, call, names, reusable))

    def replaced(
        self, call: Call, position: int, count: int, loops: tuple[LoopPlan, ...], *transforms: Transform
    ) -> StagePlan:
        """The nest with `count` loops from `position` on replaced by `loops`."""
        old = self.loops[position : position + count]
        new_names = {loop.name for loop in loops}
        gone = {loop.name: call for loop in old if loop.name not in new_names}
        still_gone = {name: by for name, by in self.gone_by.items() if name not in new_names}
        return replace(
            self,
            loops=self.loops[:position] + loops + self.loops[position + count :],
            made_by={**self.made_by, **dict.fromkeys(new_names, call)},
            gone_by={**still_gone, **gone},
            transforms=self.transforms + transforms,
        )

    def marked(self, call: Call, loop: str, kind: LoopKind) -> StagePlan:
        """The nest with `loop` running as `kind`."""
        loops = tuple(replace(item, kind=kind, marked_by=call) if item.name == loop else item for item in self.loops)
        return replace(self, loops=loops)


@rule(Family.NAMES)
def check_loop_exists(stage: StagePlan, call: Call, loop: str) -> ScheduleError | None:
    """A directive names loops that exist when it is given."""
    if any(candidate.name == loop for candidate in stage.loops):
        return None
    gone = stage.gone_by.get(loop)
    fate = f"; {gone.asked} replaced it" if gone else ""
    return call.error(
        f"{stage.name.as_written} has no loop {loop}{fate}.",
        legal=f"loops of {stage.name.as_written}, outermost first: {stage.loop_names}",
    )


@rule(Family.NAMES)
def check_loop_names_are_new(
    stage: StagePlan, call: Call, names: tuple[str, ...], reusable: tuple[str, ...]
) -> ScheduleError | None:
    """Loop names are unique in a stage, those of replaced loops included."""
    for place, name in enumerate(names):
        if name in names[:place] or (name in stage.made_by and name not in reusable):
            return call.error(
                f"the name {name} is already used in {stage.name.as_written}.",
                legal=f"names other than {', '.join(sorted(stage.made_by))}",
            )
    return None


def begin_stage(func: FuncDef, index: int, definition: Definition) -> StagePlan:
    """Pure Vars in index order outside, then RVars in RDom order inside."""
    pure = [
        LoopPlan(var, LoopKind.SERIAL, False, frozenset({var}))
        for var, arg in zip(func.vars, definition.args, strict=True)
        if isinstance(arg, Variable) and arg.name == var
    ]
    reduction = [
        LoopPlan(rvar.name, LoopKind.SERIAL, True, frozenset({rvar.name}), extent=rvar.extent)
        for rvar in definition.rvars
    ]
    loops = (*pure, *reduction)
    made_by: dict[str, Call | None] = {loop.name: None for loop in loops}
    return StagePlan(StageName(func.name, index), definition, loops, made_by, {})
