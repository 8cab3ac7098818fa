"""The loops of one stage: tiles at two levels, their order, vectors, unrolled copies and tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schedules.generic.facts import Axis, StageFacts
from tensorlang.schedule import Schedule, StageHandle, TailStrategy

MOST_COPIES = 64
"""Most copies of an expression that unrolling makes; a vector beyond the first counts as one."""
MOST_NODES = 8000
"""Most nodes of the expressions of a stage, copies included: more would take seconds to compile."""


@dataclass(frozen=True)
class NestChoice:
    """What a point says of a stage; what cannot be had is done without.

    Attributes
    ----------
    vector : str
        The axis that vectors lie along; "" for none.
    lanes, vectors : int
        Elements of a vector, and vectors side by side.
    tiles : mapping of str to int
        Iterations of an axis that are written out one after the other.
    blocks : mapping of str to int
        Tiles of an axis that are taken together, for caches; 0 for all of them.
    order : tuple of str
        The pure axes, outermost first.
    is_reduction_outside : bool
        Whether the reduction axes are around the tiles of the pure ones, instead of in each.
    tasks : int
        Outermost loops whose iterations are spread over threads.
    """

    vector: str = ""
    lanes: int = 1
    vectors: int = 1
    tiles: Mapping[str, int] = field(default_factory=dict)
    blocks: Mapping[str, int] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    is_reduction_outside: bool = False
    tasks: int = 0


@dataclass(frozen=True)
class _Cut:
    """How an axis is taken apart: ``block`` around ``tile`` around what is copied or in lanes; 1 where it is not."""

    axis: Axis
    block: int
    lanes: int
    copies: int

    @property
    def tile(self) -> int:
        return self.lanes * self.copies

    @property
    def is_whole(self) -> bool:
        """Whether the copies leave no loop."""
        return self.lanes == 1 and 1 < self.axis.extent <= self.copies


@dataclass
class _Loops:
    """The loops made of the axes, in the order of their levels.

    `axes` says of which axis each serial one is, `parts` what each axis was taken apart into.
    """

    blocks: list[str] = field(default_factory=list)
    pure: list[str] = field(default_factory=list)
    reductions: list[str] = field(default_factory=list)
    copied_reductions: list[str] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)
    lanes: list[str] = field(default_factory=list)
    axes: dict[str, Axis] = field(default_factory=dict)
    parts: dict[str, list[str]] = field(default_factory=dict)


def build_nest(
    schedule: Schedule, stage: StageFacts, choice: NestChoice, *, is_at_root: bool, is_exact: bool, nodes: int
) -> tuple[str, ...]:
    """Give a stage its loops; returns those that others may be computed at, outermost first.

    There are none in a stage with a predicate: what is needed under one, in a part of the loops, bounds inference may
    work on for minutes.

    Parameters
    ----------
    schedule : Schedule
        Takes the directives.
    stage : StageFacts
    choice : NestChoice
    is_at_root : bool
        Only then are there threads to spread work over.
    is_exact : bool
        Whether tails compute no more than is needed: where tiles are parts of tiles, what rounding up reads of others
        grows from one to the next.
    nodes : int
        Size of the expressions of the stage, with what is inlined into them.
    """
    handle, loops, names = schedule[stage.name], _Loops(), _Names(stage)
    cuts = _cuts(stage, choice, nodes)
    if any(cut.lanes > 1 and not cut.axis.is_free for cut in cuts):
        handle.atomic()
    for cut in cuts:
        _cut(handle, cut, loops, names, TailStrategy.GUARD_WITH_IF if is_exact else TailStrategy.AUTO)
    levels = [loops.reductions, loops.pure] if choice.is_reduction_outside else [loops.pure, loops.reductions]
    serial = [*loops.blocks, *levels[0], *levels[1]]
    nest = [*serial, *loops.copied_reductions, *loops.copied, *loops.lanes]
    if nest != [part for axis in stage.axes for part in loops.parts[axis.name]]:
        handle.reorder(*nest)
    left = _spread(handle, serial, loops, choice.tasks if is_at_root else 0, names)
    return () if stage.is_conditional else left


class _Names:
    """Names for the loops of a stage that none of its axes has."""

    def __init__(self, stage: StageFacts) -> None:
        self._taken = {axis.name for axis in stage.axes}

    def make(self, of: str, suffix: str) -> str:
        name = f"{of.replace('.', '_')}_{suffix}"
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


def _cuts(stage: StageFacts, choice: NestChoice, nodes: int) -> list[_Cut]:
    """How each axis is taken apart, the pure ones in the order asked for; copies are dealt to the vectors first."""
    by_name = {axis.name: axis for axis in stage.pure}
    ordered = [by_name[name] for name in choice.order if name in by_name]
    ordered += [axis for axis in stage.pure if axis.name not in choice.order]
    left = max(1, min(MOST_COPIES, MOST_NODES // max(nodes, 1)))
    cuts: dict[str, _Cut] = {}
    axes = [*ordered, *stage.reductions]
    for axis in sorted(axes, key=lambda axis: axis.name != choice.vector):
        lanes, copies = 1, max(1, min(choice.tiles.get(axis.name, 1), axis.extent, left))
        if axis.name == choice.vector and (axis.is_free or stage.is_associative) and axis.extent > 1:
            lanes = min(choice.lanes, 1 << axis.extent.bit_length() - 1)
            copies = max(1, min(choice.vectors, axis.extent // lanes, left))
        elif axis.is_reduction and not _may_cut(stage, axis):
            copies = 1
        left //= copies
        cuts[axis.name] = _Cut(axis, _block(stage, axis, choice, lanes * copies), lanes, copies)
    return [cuts[axis.name] for axis in axes]


def _may_cut(stage: StageFacts, axis: Axis) -> bool:
    """Whether a part of a reduction axis may go inside the reduction axes after it."""
    return stage.is_associative or axis is stage.reductions[-1]


def _block(stage: StageFacts, axis: Axis, choice: NestChoice, tile: int) -> int:
    if axis.is_reduction and not stage.is_associative:
        return 1
    block = choice.blocks.get(axis.name, 0) * tile
    return block if tile < block < axis.extent else 1


def _cut(handle: StageHandle, cut: _Cut, loops: _Loops, names: _Names, tail: TailStrategy) -> None:
    """Split one axis, and say how its parts run."""
    name, axis = cut.axis.name, cut.axis
    copied = loops.copied_reductions if axis.is_reduction else loops.copied
    parts = loops.parts.setdefault(name, [])
    if cut.is_whole:
        handle.unroll(name)
        copied.append(name)
        parts.append(name)
        return
    if cut.block > 1:
        outer = names.make(name, "block")
        handle.split(name, outer, name, cut.block, tail)
        loops.blocks.append(outer)
        parts.append(outer)
        loops.axes[outer] = axis
    (loops.reductions if axis.is_reduction else loops.pure).append(name)
    loops.axes[name] = axis
    parts.append(name)
    inner = name
    if cut.copies > 1:
        inner = names.make(name, "tile")
        handle.split(name, name, inner, cut.tile, tail)
        copied.append(inner)
        parts.append(inner)
    if cut.lanes > 1:
        handle.vectorize(inner, cut.lanes, tail)
        loops.lanes.append(f"{inner}.lane")
        parts.append(f"{inner}.lane")
    if cut.copies > 1:
        handle.unroll(inner)


def _spread(handle: StageHandle, serial: list[str], loops: _Loops, tasks: int, names: _Names) -> tuple[str, ...]:
    """Make the outermost loops one parallel loop, as far as their iterations never meet; returns what is left."""
    able: list[str] = []
    for loop in serial[:tasks]:
        if not loops.axes[loop].is_free or (able and loops.axes[loop].is_reduction):
            break
        able.append(loop)
    if not able or loops.axes[able[0]].is_reduction:
        able = able[:1]
    while len(able) > 1:
        outer, inner = able[:2]
        task = names.make(outer, "task")
        handle.fuse(outer, inner, task)
        able[:2] = [task]
        serial = [task, *serial[2:]]
    if able:
        handle.parallel(able[0])
    return tuple(serial)
