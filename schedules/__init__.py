"""How layers are computed: parametric schedules per layer family, and the database of tuned ones."""

from __future__ import annotations

from schedules.database import Contents, Database, Problem
from schedules.families import FAMILIES, find_family
from schedules.family import Family
from schedules.generic import generic_space
from schedules.hardware import Hardware
from schedules.lookup import Found, Rung, best, lookup, neighbours
from schedules.records import SUPERSEDES, Check, Record, Timing, Toolchain
from schedules.schedule_space import ScheduleSpace
from schedules.space import Knob, Knobs, KnobValue, Space

__all__ = [
    "FAMILIES",
    "SUPERSEDES",
    "Check",
    "Contents",
    "Database",
    "Family",
    "Found",
    "Hardware",
    "Knob",
    "KnobValue",
    "Knobs",
    "Problem",
    "Record",
    "Rung",
    "ScheduleSpace",
    "Space",
    "Timing",
    "Toolchain",
    "best",
    "find_family",
    "generic_space",
    "lookup",
    "neighbours",
]
