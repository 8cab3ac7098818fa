"""Spaces of schedules for any Func: a schedule with holes as one, whose points are what the holes are filled with."""

from __future__ import annotations

from collections.abc import Mapping

from schedules import ScheduleSpace
from schedules.space import Knob, Knobs, KnobValue, Space
from tensorlang.errors import TuningError
from tensorlang.schedule import Knob as Hole
from tensorlang.schedule import Schedule
from tensorlang.schedule.knobs import Choice


def holes_space(schedule: Schedule) -> ScheduleSpace:
    """Return the space of a schedule with holes; it begins with the first choice of each knob.

    Raises
    ------
    TuningError
        If the schedule has no holes.
    """
    holes = schedule.knobs
    if not holes:
        raise TuningError(
            "the schedule has no holes, so there is nothing to choose.",
            rule="a schedule is tuned in its holes",
            hint='tl.knob("ti", [4, 8, 16]) in place of a number, or no schedule for the generic space',
        )
    labels = {hole.name: _labels(hole) for hole in holes}
    return ScheduleSpace(
        space=Space(tuple(Knob(name, tuple(choices)) for name, choices in labels.items())),
        default={name: next(iter(choices)) for name, choices in labels.items()},
        make=lambda point: schedule.fill(_filling(labels, point)),
        meaning=schedule.to_json(),
    )


def point_of(schedule: Schedule, choices: Mapping[str, object]) -> dict[str, KnobValue]:
    """The point of `holes_space` that fills each hole as `choices` says; ScheduleError where it says no choice."""
    point: dict[str, KnobValue] = {}
    for hole in schedule.knobs:
        wanted = hole.find(choices[hole.name]) if hole.name in choices else hole.choices[0]
        point[hole.name] = next(label for label, choice in _labels(hole).items() if choice is wanted)
    return point


def _filling(labels: Mapping[str, Mapping[KnobValue, Choice]], point: Knobs) -> dict[str, Choice]:
    return {name: labels[name][value] for name, value in point.items()}


def _labels(hole: Hole) -> dict[KnobValue, Choice]:
    """Each choice by what stands for it in a point, which is a number or a text."""
    if all(type(choice) is int for choice in hole.choices) or all(type(choice) is str for choice in hole.choices):
        return {choice: choice for choice in hole.choices if isinstance(choice, int | str)}
    texts = [", ".join(choice) if isinstance(choice, tuple) else str(choice) for choice in hole.choices]
    if len(set(texts)) < len(texts):
        texts = [f"{number}: {text}" for number, text in enumerate(texts)]
    return dict(zip(texts, hole.choices, strict=True))
