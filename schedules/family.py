"""The protocol of a layer family: parametric schedules, their search space and a default that needs no tuning."""

from __future__ import annotations

from typing import Protocol

from schedules.space import Knobs, KnobValue, Space
from tensorlang.codegen.target import Target
from tensorlang.nn import Layer, Workload
from tensorlang.schedule import Schedule


class Family(Protocol):
    """How one kind of layer is computed, as a function of workload, target, threads and knobs.

    The caller asks `accepts`, takes knobs from `default` or from a point of `space` for which `is_legal` holds, and
    gives them to `schedule`. All methods are pure: same arguments, same answer.
    """

    @property
    def name(self) -> str:
        """Name of the family in records; never reused for another meaning of the knobs."""
        ...

    def accepts(self, workload: Workload) -> bool:
        """True if the family can schedule `workload`, of any shape it allows."""
        ...

    def space(self, workload: Workload, target: Target, threads: int) -> Space:
        """The knobs worth trying for this shape, machine and number of threads."""
        ...

    def default(self, workload: Workload, target: Target, threads: int) -> dict[str, KnobValue]:
        """A legal point of `space` chosen by reasoning alone: cache sizes, vector width, number of registers."""
        ...

    def is_legal(self, workload: Workload, knobs: Knobs, target: Target) -> bool:
        """A cheap analytic constraint: False for points that cannot lower, or that no machine would like."""
        ...

    def schedule(self, layer: Layer, knobs: Knobs, target: Target, threads: int) -> Schedule:
        """The schedule of `layer`, built by `nn.build`, at a point for which `is_legal` holds."""
        ...
