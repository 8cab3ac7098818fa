"""Where Funcs are computed: inline, at root, or at one of the loops that enclose all their uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from schedules.generic.facts import FuncFacts, StageFacts
from tensorlang.schedule import StageName

MOST_INLINED_NODES = 4000
"""Most nodes of a stage, with all that is inlined into it."""

Loop = tuple[StageName, str]


@dataclass
class _Stage:
    """A stage that is computed, while what it reads is being placed.

    Attributes
    ----------
    facts : StageFacts
    nodes : int
        Size of its expressions, with what is inlined so far.
    reads : Counter of str
        How often each Func stands in them.
    around : tuple of Loop
        The loops around its nest, and then its own that others may be computed at, outermost first.
    """

    facts: StageFacts
    nodes: int
    reads: Counter[str]
    around: tuple[Loop, ...] = ()


@dataclass
class Places:
    """The stages that are computed, consumers first, and who reads what in them.

    A program is placed from its outputs on: each Func is asked for `sites` after all that read it have their loops.
    """

    _stages: dict[StageName, _Stage] = field(default_factory=dict)

    def users(self, name: str) -> list[StageName]:
        """The computed stages that read a Func, themselves or through what is inlined into them."""
        return [stage for stage, found in self._stages.items() if found.reads[name]]

    def all_nodes(self) -> dict[StageName, int]:
        """Sizes of the expressions of the computed stages, with what is inlined into them [nodes]."""
        return {name: stage.nodes for name, stage in self._stages.items()}

    def can_inline(self, func: FuncFacts) -> bool:
        """Whether the Func may take the place of its uses without making any stage too large."""
        (pure,) = func.stages if func.can_inline else (None,)
        return pure is not None and all(
            self._stages[user].nodes + self._stages[user].reads[func.name] * pure.operations <= MOST_INLINED_NODES
            for user in self.users(func.name)
        )

    def inline(self, func: FuncFacts) -> None:
        """Put the Func in the place of its uses."""
        (pure,) = func.stages
        for user in self.users(func.name):
            stage = self._stages[user]
            times = stage.reads.pop(func.name)
            stage.nodes += times * pure.operations
            for name, count in pure.reads.items():
                stage.reads[name] += times * count

    def sites(self, name: str) -> tuple[Loop, ...]:
        """The loops that enclose every use of a Func, outermost first."""
        chains = [self._stages[user].around for user in self.users(name)]
        common: list[Loop] = []
        for loops in zip(*chains, strict=False):
            if len(set(loops)) > 1:
                break
            common.append(loops[0])
        return tuple(common)

    def compute(self, func: FuncFacts) -> None:
        """Note that the Func has loops and storage of its own."""
        for stage in func.stages:
            self._stages[stage.name] = _Stage(stage, stage.operations, Counter(stage.reads))

    def enclose(self, stage: StageName, outside: Sequence[Loop], loops: Sequence[str]) -> None:
        """Note the loops around a stage, and its own that others may be computed at."""
        self._stages[stage].around = (*outside, *((stage, loop) for loop in loops))
