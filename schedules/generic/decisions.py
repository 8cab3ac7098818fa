"""The knobs of the generic space: what is decided of each Func and each stage, and how a point is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schedules.generic.facts import Axis, FuncFacts, StageFacts
from schedules.generic.nests import NestChoice
from schedules.space import Knob, Knobs, KnobValue
from tensorlang.codegen.target import Target

INLINE, ROOT, UNSAID = "inline", "root", "unsaid"
LEVELS = ("at 0", "at 1", "at 2", "at -1")
"""Loops that enclose all uses: the outermost, those inside it, and the innermost."""
NO_AXIS = "none"

_TILES = (1, 2, 4, 6, 8)
_REDUCTION_TILES = (1, 2, 4)
_LONGEST_WRITTEN_OUT = 16
_BLOCKS = (0, 2, 4, 8, 16, 32)
_REDUCTION_BLOCKS = (0, 32, 128, 256)
_LEAST_BLOCKED = 16
_LEAST_BLOCKED_REDUCTION = 64
_MOST_TILED_AXES = 3


@dataclass(frozen=True)
class Machine:
    """What schedules are for: a target, and the threads that kernels run with."""

    target: Target
    threads: int

    def lanes(self, stage: StageFacts) -> int:
        """Elements of a stage that fill a vector register [lanes]."""
        return max(1, self.target.vector_bits // (8 * stage.element_bytes))


def places_of(func: FuncFacts, is_computable: bool) -> tuple[str, ...]:
    """Where a Func that is no output may be computed."""
    if not is_computable:
        return (INLINE,) if func.can_inline else (UNSAID,)
    return (*((INLINE,) if func.can_inline else ()), ROOT, *LEVELS)


def has_knobs(func: FuncFacts, stage: StageFacts) -> bool:
    """Whether the loops of a stage are decided one by one; those of a definition before updates are not."""
    return bool(stage.axes) and (len(func.stages) == 1 or stage.name.update > 0)


def stage_knobs(stage: StageFacts, machine: Machine) -> Iterator[Knob]:
    """The decisions about the loops of a stage."""
    lanes, name = machine.lanes(stage), stage.name
    if vectors := vector_axes(stage):
        yield Knob(f"{name} vector", (*vectors, NO_AXIS))
        yield Knob(f"{name} width", tuple(width for width in (lanes // 2, lanes, 2 * lanes, 4 * lanes) if width > 1))
    for axis in tiled_axes(stage):
        yield Knob(f"{name} tile {axis.name}", tiles_of(axis))
    for axis in stage.axes:
        if blocks := _blocks_of(stage, axis):
            yield Knob(f"{name} block {axis.name}", blocks)
    if len(orders := orders_of(stage)) > 1:
        yield Knob(f"{name} order", tuple(" ".join(order) for order in orders))
    if stage.reductions and stage.pure:
        yield Knob(f"{name} reductions", ("inside", "outside"))
    if machine.threads > 1 and stage.pure:
        yield Knob(f"{name} tasks", (1, 2, 0))


def vector_axes(stage: StageFacts) -> tuple[str, ...]:
    """The axes that vectors may lie along: the best first, then the innermost pure one and the innermost reduction."""
    able = [axis for axis in stage.axes if axis.extent > 1 and (axis.is_free or stage.is_associative)]
    innermost = [axis.name for kind in (False, True) for axis in able if axis.is_reduction is kind]
    last_of_kind = [
        *[axis.name for axis in able if not axis.is_reduction][-1:],
        *[axis.name for axis in able if axis.is_reduction][-1:],
    ]
    return tuple(dict.fromkeys(name for name in (stage.vector_axis, *last_of_kind) if name in innermost))


def tiled_axes(stage: StageFacts) -> tuple[Axis, ...]:
    """The axes of which several iterations may be written out: the innermost pure ones, and reductions."""
    pure = [axis for axis in stage.pure if axis.extent > 1][-_MOST_TILED_AXES:]
    able = stage.reductions if stage.is_associative else stage.reductions[-1:]
    return (*pure, *(axis for axis in able if axis.extent > 1))


def tiles_of(axis: Axis) -> tuple[int, ...]:
    """How many iterations of an axis may be written out."""
    if not axis.is_reduction:
        return tuple(tile for tile in _TILES if tile <= axis.extent)
    whole = (axis.extent,) if axis.extent <= _LONGEST_WRITTEN_OUT else ()
    return tuple(dict.fromkeys((*(tile for tile in _REDUCTION_TILES if tile <= axis.extent), *whole)))


def _blocks_of(stage: StageFacts, axis: Axis) -> tuple[int, ...]:
    if axis.is_reduction:
        return _REDUCTION_BLOCKS if stage.is_associative and axis.extent >= _LEAST_BLOCKED_REDUCTION else ()
    return tuple(block for block in _BLOCKS if block < axis.extent) if axis.extent >= _LEAST_BLOCKED else ()


def orders_of(stage: StageFacts) -> tuple[tuple[str, ...], ...]:
    """Orders of the pure axes: that of the indices, and each axis moved to the outside or to the inside."""
    names = [axis.name for axis in stage.pure if axis.extent > 1]
    orders = [names]
    for name in names:
        others = [other for other in names if other != name]
        orders += [[name, *others], [*others, name]]
    return tuple(dict.fromkeys(map(tuple, orders)))


def read_choice(point: Knobs, stage: StageFacts, machine: Machine) -> NestChoice:
    """What a point says of a stage; see `stage_knobs`."""
    name, lanes = stage.name, machine.lanes(stage)

    def said(what: str, otherwise: KnobValue) -> KnobValue:
        return point.get(f"{name} {what}", otherwise)

    width = _number(said("width", lanes))
    return NestChoice(
        vector=str(said("vector", NO_AXIS)),
        lanes=min(lanes, width),
        vectors=max(1, width // lanes),
        tiles=_numbers(point, f"{name} tile "),
        blocks=_numbers(point, f"{name} block "),
        order=tuple(str(said("order", "")).split()),
        is_reduction_outside=said("reductions", "inside") == "outside",
        tasks=_number(said("tasks", 0)),
    )


def _numbers(point: Knobs, prefix: str) -> Mapping[str, int]:
    return {key.removeprefix(prefix): _number(value) for key, value in point.items() if key.startswith(prefix)}


def _number(value: KnobValue) -> int:
    assert isinstance(value, int), "the choices of these knobs are numbers"
    return value
