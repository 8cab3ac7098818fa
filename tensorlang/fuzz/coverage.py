"""What has been exercised so far, and what the next pair should have."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tensorlang.fuzz.directives.table import DRAWERS
from tensorlang.fuzz.directives.tails import TAILS
from tensorlang.fuzz.pair import Kind
from tensorlang.fuzz.result import Result

_GOALS = 2
_RAREST = 6


@dataclass
class Coverage:
    """Counts over the pairs that agreed, and over all that was drawn.

    `directives`, `tails` and `features` count pairs; directives only those with a split that does not divide, so that
    their tails run.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    directives: Counter[str] = field(default_factory=Counter)
    tails: Counter[str] = field(default_factory=Counter)
    features: Counter[str] = field(default_factory=Counter)
    drawn: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    undivided: int = 0
    multi_stage: int = 0

    def add(self, result: Result) -> None:
        """Count a result."""
        self.kinds[result.kind] += 1
        self.drawn.update(result.drawn)
        self.refused.update(result.refused)
        if result.kind is Kind.REFUSED:
            self.refused[result.reason] += 1
        if result.kind is not Kind.AGREED:
            return
        self.features.update(set(result.features))
        self.multi_stage += result.computed > 1
        if result.undivided_tails:
            self.undivided += 1
            self.directives.update(result.directives)
            self.tails.update(result.undivided_tails)

    @property
    def agreed(self) -> int:
        """Pairs that were accepted and right."""
        return self.kinds[Kind.AGREED]

    @property
    def failures(self) -> int:
        """Cases that show a defect."""
        return sum(count for kind, count in self.kinds.items() if Kind(kind).is_failure)

    @property
    def directive_counts(self) -> dict[str, int]:
        """Pairs of every directive there is."""
        return {name: self.directives[name] for name in DRAWERS}

    @property
    def tail_counts(self) -> dict[str, int]:
        """Pairs of every tail there is."""
        return {str(tail): self.tails[tail] for tail in TAILS}

    def goals(self, seed: int, number: int) -> tuple[str, ...]:
        """Directives and tails for the next case: some of those that were exercised least."""
        counts = self.directive_counts | self.tail_counts
        rarest = sorted(counts, key=lambda name: (counts[name], name))[:_RAREST]
        return tuple(Random(f"goals {seed}:{number}").sample(rarest, _GOALS))

    def to_data(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "pairs": self.agreed,
            "outcomes": dict(self.kinds),
            "multi_stage": self.multi_stage,
            "with_undivided_extents": self.undivided,
            "directives_with_undivided_extents": self.directive_counts,
            "tails_of_undivided_extents": self.tail_counts,
            "features": dict(self.features.most_common()),
            "directives_drawn": sum(self.drawn.values()),
            "refusals": sum(self.refused.values()),
            "refused_by": dict(self.refused.most_common()),
        }
