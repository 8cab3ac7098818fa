"""What scheduling hands to lowering: each stage's loops, each Func's placement and storage, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from tensorlang.ir.algorithm import Algorithm
from tensorlang.ir.expr import Expr
from tensorlang.ir.stmt import NO_HINTS, LoopHints, LoopKind, Memory, Races
from tensorlang.schedule.tails import TailStrategy


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop of a stage; `is_reduction` if it descends from an RVar. Its hints call loops by their names."""

    name: str
    kind: LoopKind
    is_reduction: bool
    hints: LoopHints = NO_HINTS


@dataclass(frozen=True, slots=True)
class Split:
    """``old == min + outer * factor + inner``; `outer` or `inner` may reuse the name of `old`."""

    old: str
    outer: str
    inner: str
    factor: int
    tail: TailStrategy


@dataclass(frozen=True, slots=True)
class Fuse:
    """``outer == fused // extent(inner)``, ``inner == fused % extent(inner)`` (both counted from their min).

    `fused` may reuse the name of `outer` or `inner`.
    """

    outer: str
    inner: str
    fused: str


@dataclass(frozen=True, slots=True)
class Rename:
    """``old == new``."""

    old: str
    new: str


Transform: TypeAlias = Split | Fuse | Rename


@dataclass(frozen=True, slots=True)
class LoopLevel:
    """The body of loop `loop` of stage `index` of Func `func`."""

    func: str
    index: int
    loop: str


@dataclass(frozen=True, slots=True)
class StageSchedule:
    """The loop nest of one definition.

    Attributes
    ----------
    func : str
    index : int
        0 is the pure definition, n the n-th update from 1.
    loops : tuple of Loop
        Outermost first.
    transforms : tuple of Transform
        From the definition's own Vars and RVars to the loops, in the order they were applied.
    bounds : tuple of (str, int, int)
        Pure Var, min, extent: the promises of `bound`.
    is_reduction_reordered : bool
        Whether the terms of a reduction come in another order than by default, which floating-point rounding shows.
    races : Races
        Of an atomic update: what of its iterations may meet at one element.
    fused : LoopLevel or None
        The innermost loop of another stage that the stage shares, with all loops around it.
    case : int
        0 is the general nest, n the n-th special case from 1.
    cases : tuple of CaseSchedule
        Tried in order, before this nest.
    streamed : bool
        Whether what it stores goes past the caches.
    failure : str
        If not empty, what a call is refused with that meets the condition of no case.
    """

    func: str
    index: int
    loops: tuple[Loop, ...]
    transforms: tuple[Transform, ...]
    bounds: tuple[tuple[str, int, int], ...]
    is_reduction_reordered: bool = False
    races: Races = Races.NONE
    fused: LoopLevel | None = None
    case: int = 0
    cases: tuple[CaseSchedule, ...] = ()
    failure: str = ""
    streamed: bool = False

    @property
    def nests(self) -> tuple[StageSchedule, ...]:
        """This one, and those of its cases."""
        return (self, *(case.nest for case in self.cases))


@dataclass(frozen=True, slots=True)
class CaseSchedule:
    """The loop nest of a definition for calls in which `condition`, over reads of Params, holds."""

    condition: Expr
    nest: StageSchedule


ROOT_LEVEL = LoopLevel("", 0, "")
"""Outside all loops."""


class Placement(StrEnum):
    """Where the values of a Func are computed."""

    INLINE = "inline"
    ROOT = "root"
    AT = "at"
    INIT = "init"
    DEFAULT = "default"
    """Outputs are root; a pure Func is inline; one with updates is computed in the innermost loop around its uses."""


@dataclass(frozen=True, slots=True)
class StorageDim:
    """A storage dimension: its coordinate is ``((var - min(var)) // divisor) % modulus`` (no modulus if None).

    `align` pads its extent to a multiple of `align` elements.
    """

    name: str
    var: str
    divisor: int
    modulus: int | None
    align: int


@dataclass(frozen=True, slots=True)
class Fold:
    """``coordinate % factor`` in place of the coordinate of a pure Var; `is_forward` says which way the Var moves."""

    var: str
    factor: int
    is_forward: bool


@dataclass(frozen=True, slots=True)
class Alignment:
    """The region computed starts at ``remainder (mod modulus)`` in `var`, and its extent is a multiple of `modulus`."""

    var: str
    modulus: int
    remainder: int


@dataclass(frozen=True, slots=True)
class FuncSchedule:
    """Placement, storage (outermost dimension first) and the stages of one Func; `level` is set for `Placement.AT`.

    `store` is the level of its storage and `hoist` that of its allocation, where they are not that of the computation;
    `folds` and `alignments` are those that were asked for; `estimates` are Var, min and extent of what to expect of
    an output.
    """

    func: str
    placement: Placement
    level: LoopLevel | None
    memory: Memory | None
    storage: tuple[StorageDim, ...]
    stages: tuple[StageSchedule, ...]
    store: LoopLevel | None = None
    hoist: LoopLevel | None = None
    folds: tuple[Fold, ...] = ()
    alignments: tuple[Alignment, ...] = ()
    estimates: tuple[tuple[str, int, int], ...] = ()


class Origin(NamedTuple):
    """The call that a fact of the schedule came from, and its ``file:line``; both may be empty."""

    asked: str
    where: str


# What an origin is asked for in place of a loop, none of which begins with a dot: who chose the memory, who changed the
# order of a reduction, who chose the storage level and that of the allocation, who streams the stores; and, before its
# Var, who bound it, who folded it, who aligned it; and, before the name of a producer and the loop, who prefetches it.
MEMORY, ORDER, STORE, HOIST, STREAM = ".memory", ".order", ".store", ".hoist", ".stream"
BOUND, FOLD, ALIGN, PREFETCH = ".bound ", ".fold ", ".align ", ".prefetch "


@dataclass(frozen=True, slots=True)
class ResolvedSchedule:
    """An algorithm with all directives replayed on it.

    `algorithm` holds the wrapper Funcs of `in_`, and its consumers read them. `funcs` is in the order of its Funcs.
    """

    algorithm: Algorithm
    funcs: Mapping[str, FuncSchedule]
    origins: Mapping[tuple[str, int, str], Origin] = field(default_factory=dict, compare=False, repr=False)

    def origin(self, func: str, index: int = 0, loop: str = "", case: int = 0) -> Origin:
        """The directive that last made or marked a loop, for error messages; with no loop, that placed the Func.

        `loop` may also be `MEMORY`, `ORDER`, `STORE`, `HOIST` or `STREAM`; `BOUND`, `FOLD` or `ALIGN` and a Var; or
        `PREFETCH`, a producer and a loop.
        """
        return self.origins.get((func, index, origin_key(loop, case)), Origin("", ""))

    def case_with(self, func: str, index: int, loop: str, kind: LoopKind) -> int:
        """The case of a stage whose loop `loop` runs as `kind`: the general one if that does, else the first."""
        wanted = [loop, kind]
        nests = self.funcs[func].stages[index].nests if func in self.funcs else ()
        return next((nest.case for nest in nests for own in nest.loops if [own.name, own.kind] == wanted), 0)


def origin_key(loop: str, case: int) -> str:
    """How `ResolvedSchedule.origins` names a loop of a case."""
    return f"case({case - 1}).{loop}" if case else loop
