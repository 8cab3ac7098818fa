"""What the generic space needs to know of a program: its stages, their axes, and who reads whom how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from schedules.generic.extents import Extents
from schedules.generic.strides import best_vector_axis
from tensorlang.ir.algorithm import Algorithm, Definition, FuncDef
from tensorlang.ir.expr import Call
from tensorlang.ir.visitor import walk
from tensorlang.schedule.associativity import is_associative_update
from tensorlang.schedule.nest import begin_stage
from tensorlang.schedule.races import may_race
from tensorlang.schedule.stages import StageName


@dataclass(frozen=True)
class Axis:
    """A loop of a stage as the algorithm has it.

    Attributes
    ----------
    name : str
    extent : int
        Where its Func is computed whole.
    is_reduction : bool
        Whether it is one of the RVars.
    is_free : bool
        Whether its iterations never meet, so that they may run at once.
    """

    name: str
    extent: int
    is_reduction: bool
    is_free: bool


@dataclass(frozen=True)
class StageFacts:
    """One definition of a Func.

    Attributes
    ----------
    name : StageName
    axes : tuple of Axis
        Pure ones first, then the RVars in order.
    is_associative : bool
        Whether the terms of its update may come in any order, and together.
    is_conditional : bool
        Whether it leaves out points of its reduction domain.
    operations : int
        Size of its expressions [nodes].
    reads : mapping of str to int
        How often each other Func or Input stands in it.
    vector_axis : str
        Of the axes that vectors may lie along, the one with the fewest accesses that are not dense; "" if none.
    element_bytes : int
        Size of the largest element of the Func [B].
    """

    name: StageName
    axes: tuple[Axis, ...]
    is_associative: bool
    is_conditional: bool
    operations: int
    reads: Mapping[str, int]
    vector_axis: str
    element_bytes: int

    @property
    def pure(self) -> tuple[Axis, ...]:
        """The axes over pure Vars."""
        return tuple(axis for axis in self.axes if not axis.is_reduction)

    @property
    def reductions(self) -> tuple[Axis, ...]:
        """The axes over RVars."""
        return tuple(axis for axis in self.axes if axis.is_reduction)


@dataclass(frozen=True)
class FuncFacts:
    """A Func and its stages.

    Attributes
    ----------
    name : str
    stages : tuple of StageFacts
        The pure definition, then the updates.
    is_output : bool
    """

    name: str
    stages: tuple[StageFacts, ...]
    is_output: bool

    @property
    def can_inline(self) -> bool:
        """Whether its expression may take the place of its uses."""
        return not self.is_output and len(self.stages) == 1


def find_facts(algorithm: Algorithm, extents: Extents) -> tuple[FuncFacts, ...]:
    """The facts of each Func, producers first."""
    return tuple(
        FuncFacts(
            func.name,
            tuple(_stage_facts(func, index, item, extents) for index, item in enumerate(func.definitions)),
            func.name in algorithm.outputs,
        )
        for func in algorithm.funcs
    )


def _stage_facts(func: FuncDef, index: int, definition: Definition, extents: Extents) -> StageFacts:
    plan = begin_stage(func, index, definition)
    is_associative = index > 0 and is_associative_update(definition, func.name)
    axes = tuple(
        Axis(loop.name, extents.of(plan.name, loop.name, loop.extent), loop.is_reduction, not may_race(plan, loop))
        for loop in plan.loops
    )
    nodes = [node for root in definition.exprs for node in walk(root)]
    candidates = [axis.name for axis in axes if axis.extent > 1 and (axis.is_free or is_associative)]
    return StageFacts(
        name=plan.name,
        axes=axes,
        is_associative=is_associative,
        is_conditional=definition.predicate is not None,
        operations=len(nodes),
        reads=Counter(node.name for node in nodes if isinstance(node, Call) and node.name != func.name),
        vector_axis=best_vector_axis(definition, candidates),
        element_bytes=max(kind.size_bytes for kind in func.types),
    )
