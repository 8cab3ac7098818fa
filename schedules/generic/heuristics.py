"""The point of the generic space that is good without tuning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from schedules.generic.decisions import INLINE, LEVELS, NO_AXIS, ROOT, Machine
from schedules.generic.facts import Axis, FuncFacts, StageFacts
from schedules.generic.nests import NestChoice
from schedules.space import Knob, KnobValue, Space

_CHEAP_NODES = 9
"""A Func of so few nodes, one operation on two elements, is computed again rather than stored."""
_SMALL_REDUCTION = 64
_WRITTEN_OUT = 9
_STRIP = 16
_MANY_REGISTERS = 32


def default_place(func: FuncFacts, funcs: Sequence[FuncFacts], places: Sequence[str]) -> str:
    """Where a Func is computed: inline if that repeats little, with its consumer if it is small, else whole."""
    if len(places) == 1:
        return places[0]
    users = [(stage, stage.reads[func.name]) for other in funcs for stage in other.stages if func.name in stage.reads]
    is_read_once = sum(times for _, times in users) == 1 and not any(stage.reductions for stage, _ in users)
    if func.can_inline and (is_read_once or func.stages[0].operations <= _CHEAP_NODES):
        return INLINE
    is_small = all(prod(axis.extent for axis in stage.reductions) <= _SMALL_REDUCTION for stage in func.stages)
    is_read_in_reductions = any(prod(axis.extent for axis in stage.reductions) > _SMALL_REDUCTION for stage, _ in users)
    return LEVELS[0] if is_small and not is_read_in_reductions else ROOT


def default_nest(stage: StageFacts, machine: Machine, *, has_company: bool) -> NestChoice:
    """Loops of a stage: a register tile for a reduction, strips where producers are computed with it, else vectors."""
    lanes = machine.lanes(stage)
    extents = {axis.name: axis.extent for axis in stage.axes}
    tiles: dict[str, int] = {}
    vectors = 1
    small = [axis for axis in stage.reductions if axis.extent <= _WRITTEN_OUT]
    if stage.reductions and stage.is_associative:
        if prod(axis.extent for axis in stage.reductions) <= _WRITTEN_OUT:
            tiles = {axis.name: axis.extent for axis in small}
        else:
            rows = 8 if machine.target.vector_registers >= _MANY_REGISTERS else 4
            vectors = 2 if extents.get(stage.vector_axis, 0) >= 2 * lanes else 1
            tiles = {axis.name: rows for axis in _row_axis(stage)}
    strip = next((axis.name for axis in stage.pure if axis.extent > _STRIP), None)
    blocks = {strip: _STRIP} if has_company and strip is not None and not tiles else {}
    return NestChoice(
        vector=stage.vector_axis or NO_AXIS,
        lanes=lanes,
        vectors=vectors,
        tiles=tiles,
        blocks=blocks,
        tasks=0 if machine.threads == 1 else 1,
    )


def _row_axis(stage: StageFacts) -> list[Axis]:
    """The pure axis whose iterations share what is loaded along the vectors."""
    return [axis for axis in stage.pure if axis.extent > 1 and axis.name != stage.vector_axis][-1:]


def as_point(stage: StageFacts, choice: NestChoice, knobs: Sequence[Knob]) -> dict[str, KnobValue]:
    """The choice in terms of knobs, the nearest there is of each."""
    name = stage.name
    wanted: dict[str, KnobValue] = {
        f"{name} vector": choice.vector,
        f"{name} width": choice.lanes * choice.vectors,
        f"{name} tasks": choice.tasks,
        **{f"{name} tile {axis.name}": choice.tiles.get(axis.name, 1) for axis in stage.axes},
        **{f"{name} block {axis.name}": choice.blocks.get(axis.name, 0) for axis in stage.axes},
    }
    return Space(tuple(knobs)).nearest(wanted)


def has_company(func: FuncFacts, places: Mapping[str, str]) -> bool:
    """Whether Funcs that one reads are computed with it by default."""
    return any(places.get(name) in LEVELS for stage in func.stages for name in stage.reads)
